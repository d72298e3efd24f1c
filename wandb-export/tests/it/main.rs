//! Tests of the whole: the library in both forms and the program, against a local server.

mod api;
mod cli;
mod mirror;
mod mock;
mod support;
