//! Integration tests of the library, in both forms, and of the program, with a local server.

mod api;
mod cli;
mod mirror;
mod mock;
mod support;
