//! What the program can be told.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[cfg(feature = "mirror")]
use super::mirror;
use super::units::{duration, memory, size};
use super::{
    command, compare, completions, files, history, logs, man, project, projects, run, runs, set, sweep,
    whoami,
};
use crate::local::Place;

/// Get runs, metrics and settings out of Weights & Biases, complete and exact.
///
/// PATH is entity/project/run or entity/project in any form the Python SDK accepts, or the address of the page in the
/// web app. The API key comes from WANDB_API_KEY or the netrc file.
///
/// Runs on disk, which the SDK has written on- or offline, need no server: a PATH that begins with ./, ../ or / or ends in
/// .wandb is a file, a run's folder, a folder of such folders, or one with a run's id behind it.
#[derive(Debug, Parser)]
#[command(name = "wandb-export", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) connection: Connection,
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  wandb-export history my-team/my-project/abc123 --all -o metrics.parquet
  wandb-export project my-team/my-project -o project.csv
  wandb-export mirror my-team/my-project -o archive
  wandb-export history ./wandb/offline-run-20260101_120000-abc123 --all -o metrics.csv
  wandb-export runs my-team/my-project --filter '{\"state\": \"finished\"}' -f jsonl

Exit codes:
    0  done
    1  failed
    2  usage
    3  not found
    4  not authorised
    5  incomplete, or more than the server has: stderr says what is missing
  130  interrupted";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Whoami(whoami::Options),
    Projects(projects::Options),
    Runs(runs::Options),
    Run(run::Options),
    History(history::Options),
    Project(project::Options),
    Compare(compare::Options),
    Sweep(sweep::Options),
    Files(files::Options),
    Logs(logs::Options),
    #[cfg(feature = "mirror")]
    Mirror(mirror::Options),
    #[command(name = "command")]
    StartedBy(command::Options),
    Set(set::Options),
    Completions(completions::Options),
    Man(man::Options),
}

impl Command {
    /// Whether all that it is about is on disk, so that no server is to be reached.
    pub(super) fn is_on_disk(&self) -> bool {
        let paths = self.paths();
        !paths.is_empty() && paths.iter().all(|path| Place::of(path).is_some())
    }

    /// The places on disk that its paths would be if they began with a dot.
    pub(super) fn unmarked_places(&self) -> Vec<String> {
        self.paths().iter().filter_map(|path| Place::unmarked(path)).collect()
    }

    /// The paths of runs and projects that it is about.
    fn paths(&self) -> &[String] {
        match self {
            Self::Runs(runs::Options { path, .. })
            | Self::Run(run::Options { path, .. })
            | Self::History(history::Options { path, .. })
            | Self::Project(project::Options { path, .. })
            | Self::Sweep(sweep::Options { path, .. })
            | Self::Files(files::Options { path, .. })
            | Self::Logs(logs::Options { path, .. })
            | Self::StartedBy(command::Options { path, .. }) => std::slice::from_ref(path),
            Self::Compare(compare::Options { runs, .. }) => runs,
            // These want a server, and say so.
            Self::Set(options) => std::slice::from_ref(options.path()),
            #[cfg(feature = "mirror")]
            Self::Mirror(mirror::Options { path, .. }) => std::slice::from_ref(path),
            _ => &[],
        }
    }
}

/// How to reach the server.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct Connection {
    /// The server [default: WANDB_BASE_URL, the settings files, W&B's own]
    #[arg(long, global = true, value_name = "URL")]
    pub(super) base_url: Option<String>,

    /// A PEM file of certificates to trust besides the usual ones: of authorities, or of the server itself
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,

    /// The most requests in flight at once
    #[arg(long, global = true, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) concurrency: u16,

    /// Memory for answers of the server, such as 50MB or 1GiB; what they become is not counted
    #[arg(long, global = true, value_name = "BYTES", default_value = "100MiB", value_parser = memory)]
    pub(super) memory: u64,

    /// How often a failed request is tried again
    #[arg(long, global = true, value_name = "N", default_value_t = 11)]
    pub(super) retries: u32,

    /// The longest wait that the server may ask for, such as 90s, 15min or 12h; where it asks for more, the command ends
    /// and says when to come again
    #[arg(long, global = true, value_name = "TIME", default_value = "15min", value_parser = duration)]
    pub(super) max_wait: Duration,

    /// End after this time, such as 90s, 15min or 12h, whatever is not done [default: no limit]
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub(super) timeout: Option<Duration>,

    /// The least bytes of an answer or a file in 30 seconds, or it is taken to have stopped; 0 for no limit
    #[arg(long, global = true, value_name = "SIZE", default_value = "1KiB", value_parser = size)]
    pub(super) min_progress: u64,

    /// The largest file to download, such as 500MiB or 20GiB
    #[arg(long, global = true, value_name = "SIZE", default_value = "5TiB", value_parser = size)]
    pub(super) max_file_size: u64,

    /// What carries the requests; both give the same output
    #[arg(long, global = true, value_enum, default_value_t = Transport::DEFAULT)]
    pub(super) transport: Transport,

    /// End with exit code 5 also where the server lacks something that was not asked for by name
    #[arg(long, global = true)]
    pub(super) strict: bool,

    /// Show no progress
    #[arg(long, global = true)]
    pub(super) no_progress: bool,

    /// Say more on stderr, such as how many requests it took
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
}

/// What carries requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Transport {
    /// reqwest on tokio
    Async,
    /// ureq on threads
    Blocking,
}

impl Transport {
    const DEFAULT: Self = if cfg!(feature = "async") { Self::Async } else { Self::Blocking };
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_options_do_not_contradict_one_another() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example_of_itself() {
        fn check(command: &clap::Command, called: &str) {
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("Example") && help.contains(&format!("\n  {called} ")), "{called}: {help}");
            for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
                check(below, &format!("{called} {}", below.get_name()));
            }
        }
        check(&Arguments::command(), "wandb-export");
    }
}
