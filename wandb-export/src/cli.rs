//! The program, with one module per command. A command parses its options, calls the library and draws progress; the
//! library sends the requests.

#![cfg_attr(
    not(any(feature = "async", feature = "blocking")),
    expect(dead_code, unused_imports, reason = "without a transport, commands only report an error")
)]
#![expect(clippy::doc_markdown, reason = "clap shows these comments as plain text")]

mod args;
mod artifact;
mod artifact_report;
mod artifacts;
mod command;
mod compare;
mod completions;
mod connect;
mod exit;
mod files;
mod hints;
mod history;
mod interrupt;
mod logs;
mod man;
mod media;
#[cfg(feature = "mirror")]
mod mirror;
#[cfg(feature = "mirror")]
mod mirror_bar;
mod output;
mod progress;
mod project;
mod projects;
mod record;
mod reports;
mod run;
mod runs;
mod session;
mod set;
mod sweep;
mod table;
mod units;
mod whoami;

use std::process::ExitCode;

use clap::Parser;

use self::args::{Arguments, Command};
use self::exit::{Failure, Outcome};
use self::session::Session;

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let connection = arguments.connection.clone();
    let strict = connection.strict;
    let result = match arguments.command {
        // These need no API key.
        Command::Completions(options) => Ok(completions::run(&options)),
        Command::Man(options) => Ok(man::run(&options)),
        command if command.is_on_disk() => connect::offline(&connection, |session| perform(session, command)),
        command => {
            let local_paths = command.local_paths_without_dot();
            let result = connect::run(&connection, |session| perform(session, command));
            result.map(|outcome| outcome.map_err(|failure| hints::add_local_path_hint(failure, &local_paths)))
        }
    };
    exit::to_exit_code(result, strict)
}

async fn perform(session: Session, command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Whoami(options) => whoami::run(&session, &options).await,
        Command::Projects(options) => projects::run(&session, &options).await,
        Command::Runs(options) => runs::run(&session, &options).await,
        Command::Run(options) => run::run(&session, &options).await,
        Command::History(options) => history::run(&session, &options).await,
        Command::Project(options) => project::run(&session, &options).await,
        Command::Files(options) => files::run(&session, &options).await,
        Command::Artifacts(options) => artifacts::run(&session, &options).await,
        Command::Artifact(options) => artifact::run(&session, &options).await,
        Command::Media(options) => media::run(&session, &options).await,
        Command::Table(options) => table::run(&session, &options).await,
        Command::Logs(options) => logs::run(&session, &options).await,
        Command::Reports(options) => reports::run(&session, &options).await,
        Command::StartedWith(options) => command::run(&session, &options).await,
        Command::Set(options) => set::run(&session, &options).await,
        Command::Compare(options) => compare::run(&session, &options).await,
        Command::Sweep(options) => sweep::run(&session, &options).await,
        #[cfg(feature = "mirror")]
        Command::Mirror(options) => mirror::run(&session, &options).await,
        Command::Completions(options) => completions::run(&options),
        Command::Man(options) => man::run(&options),
    }
}

#[cfg(all(test, feature = "mirror", feature = "csv", feature = "parquet", feature = "mock"))]
mod tests;
