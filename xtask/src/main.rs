//! Developer tasks: `cargo xtask <TASK>`. One file a task; this one only tells them apart.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "these are programs for people at a terminal")]

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
    /// Run every test: unit, property, documentation, simulation, conformance, command line, differential
    Test(test::Options),
    /// Compare wandb-export with the official Python SDK, value by value
    Differential(differential::Options),
    /// Run the example programs against a local server, and compare their blocking and async forms
    Examples(examples::Options),
    /// Export the recorded runs from a local server; needs nothing but Rust
    Demo,
    /// Measure time and memory beside the official SDK and other programs (Linux)
    Bench(bench::Options),
    /// Run a program and tell how long it took and how much memory (for `bench`)
    #[command(hide = true)]
    BenchChild(bench::ChildOptions),
    /// Fetch a history and throw it away (for `bench`)
    #[command(hide = true)]
    BenchDiscard(bench::DiscardOptions),
    /// Check the rules of the source tree: sizes, documentation, names
    Tidy,
    /// Check the published crates with sets of their features
    Features,
    /// Check what the crates depend on
    Tree,
    /// Everything a change must pass: format, lints, features, dependencies, documentation, tests
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
    // These two are measured, so they ask cargo nothing.
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
        // Done above.
        Task::BenchChild(_) | Task::BenchDiscard(_) => Ok(ExitCode::SUCCESS),
        Task::Tidy => Ok(tidy::run(&workspace)),
        Task::Features => features::run(&workspace),
        Task::Tree => tree::run(&workspace),
        Task::Ci(options) => Ok(ci::run(&workspace, options)),
    }
}
