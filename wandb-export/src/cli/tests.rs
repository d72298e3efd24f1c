//! The program against servers that answer anything.

mod fuzz;
mod hostile;
mod mutation;
