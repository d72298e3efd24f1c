//! Developer tasks: `cargo xtask <TASK>`. Each task has its own file; this one dispatches.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the tasks print to a terminal")]

mod artifacts;
mod bench;
mod ci;
mod counts;
mod demo;
mod differential;
mod examples;
mod features;
mod process;
mod programs;
mod public;
mod python;
mod server;
mod summary;
mod test;
mod tidy;
mod tools;
mod tree;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Developer tasks of wandb-export.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run all tests: unit, property, documentation, simulation, conformance, command line, differential
    Test(test::Options),
    /// Compare wandb-export with the official Python SDK, value by value
    Differential(differential::Options),
    /// Run the example programs against a local server, and compare their blocking and async forms
    Examples(examples::Options),
    /// Export the recorded runs from a local server; needs nothing but Rust
    Demo,
    /// Measure time and memory beside the official SDK and other programs (Linux)
    Bench(bench::Options),
    /// Run a program and report its time and memory (for `bench`)
    #[command(hide = true)]
    BenchChild(bench::ChildOptions),
    /// Fetch a history and discard it (for `bench`)
    #[command(hide = true)]
    BenchDiscard(bench::DiscardOptions),
    /// Check the rules of the source tree: sizes, documentation, names
    Tidy,
    /// Check the published crates with their feature sets
    Features,
    /// Check the dependencies of the crates
    Tree,
    /// Compare the public items of the libraries with their listings
    Public(public::Options),
    /// Run all checks that a change must pass: format, lints, features, dependencies, documentation, tests
    Ci(ci::Options),
}

fn main() -> ExitCode {
    match run(&Arguments::parse().task) {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("error: {problem:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: &Task) -> anyhow::Result<ExitCode> {
    // These two are measured, so they do not start cargo.
    match task {
        Task::BenchChild(options) => return bench::child(options),
        Task::BenchDiscard(options) => return bench::discard(options),
        _ => {}
    }
    let workspace = Workspace::load()?;
    match task {
        Task::Test(options) => Ok(test::run(&workspace, options)),
        Task::Differential(options) => Ok(differential::run(&workspace, options)),
        Task::Examples(options) => Ok(examples::run(&workspace, options)),
        Task::Demo => demo::run(&workspace),
        Task::Bench(options) => bench::run(&workspace, options),
        // Handled above.
        Task::BenchChild(_) | Task::BenchDiscard(_) => Ok(ExitCode::SUCCESS),
        Task::Tidy => Ok(tidy::run(&workspace)),
        Task::Features => features::run(&workspace),
        Task::Tree => tree::run(&workspace),
        Task::Public(options) => public::run(&workspace, options),
        Task::Ci(options) => Ok(ci::run(&workspace, options)),
    }
}
