//! Runs the program against servers that send arbitrary responses.

mod fuzz;
mod hostile;
mod mutation;
