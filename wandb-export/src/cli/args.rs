//! Command-line arguments.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[cfg(feature = "mirror")]
use super::mirror;
use super::units::{parse_duration, parse_memory, parse_size};
use super::{
    artifact, artifacts, command, compare, completions, files, history, logs, man, media, project, projects,
    reports, run, runs, set, sweep, table, whoami,
};
use crate::source::LocalPath;

/// Export runs, metrics, files, artifacts and settings from Weights & Biases, complete and exact
///
/// PATH is entity/project/run or entity/project in any form that the Python SDK accepts, or the URL of the page in the
/// web app. The API key comes from WANDB_API_KEY or the netrc file.
///
/// Runs that the SDK has written to disk, online or offline, need no server. A PATH is local if it begins with ./, ../
/// or / or ends in .wandb: a .wandb file, the folder of a run, a folder of such folders, or a folder of runs followed
/// by a run's id.
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
  wandb-export artifact my-team/my-project/resnet:v3 --download -o resnet
  wandb-export history ./wandb/offline-run-20260101_120000-abc123 --all -o metrics.csv
  wandb-export runs my-team/my-project --filter '{\"state\": \"finished\"}' -f jsonl

Exit codes:
    0  done
    1  failed
    2  usage error
    3  not found
    4  not authorised
    5  incomplete: requested data is missing or inexact; stderr lists it
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
    Artifacts(artifacts::Options),
    Artifact(artifact::Options),
    Media(media::Options),
    Table(table::Options),
    Logs(logs::Options),
    Reports(reports::Options),
    #[cfg(feature = "mirror")]
    Mirror(mirror::Options),
    #[command(name = "command")]
    StartedWith(command::Options),
    Set(set::Options),
    Completions(completions::Options),
    Man(man::Options),
}

impl Command {
    /// Whether every path is local, so that the command needs no server.
    pub(super) fn is_on_disk(&self) -> bool {
        if let Self::Table(options) = self
            && options.is_file()
        {
            return true;
        }
        let paths = self.paths();
        !paths.is_empty() && paths.iter().all(|path| LocalPath::parse(path).is_some())
    }

    /// The local paths that the arguments would name if they began with `./`.
    pub(super) fn local_paths_without_dot(&self) -> Vec<String> {
        self.paths().iter().filter_map(|path| LocalPath::suggest_dot_prefix(path)).collect()
    }

    /// The paths of runs and projects among the arguments.
    fn paths(&self) -> &[String] {
        match self {
            Self::Runs(runs::Options { path, .. })
            | Self::Run(run::Options { path, .. })
            | Self::History(history::Options { path, .. })
            | Self::Project(project::Options { path, .. })
            | Self::Sweep(sweep::Options { path, .. })
            | Self::Files(files::Options { path, .. })
            | Self::Media(media::Options { path, .. })
            | Self::Table(table::Options { path, .. })
            | Self::Logs(logs::Options { path, .. })
            | Self::StartedWith(command::Options { path, .. }) => std::slice::from_ref(path),
            Self::Compare(compare::Options { runs, .. }) => runs,
            // These reject local paths with an error.
            Self::Artifacts(artifacts::Options { path, .. })
            | Self::Artifact(artifact::Options { path, .. })
            | Self::Reports(reports::Options { path, .. }) => std::slice::from_ref(path),
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
    /// URL of the server [default: WANDB_BASE_URL, the settings files, or W&B's own server]
    #[arg(long, global = true, value_name = "URL")]
    pub(super) base_url: Option<String>,

    /// Also trust the certificates in this PEM file: of certificate authorities, or of the server itself
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,

    /// Maximum number of requests to the server in flight
    #[arg(long, global = true, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) concurrency: u16,

    /// Maximum number of downloads from storage hosts in flight
    #[arg(long, global = true, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=128))]
    pub(super) downloads: u16,

    /// Maximum memory for server responses, such as 50MB or 1GiB; decoded rows are not counted
    #[arg(long, global = true, value_name = "BYTES", default_value = "100MiB", value_parser = parse_memory)]
    pub(super) memory: u64,

    /// Maximum number of retries of a failed request
    #[arg(long, global = true, value_name = "N", default_value_t = 11)]
    pub(super) retries: u32,

    /// Longest wait that the server may ask for, such as 90s, 15min or 12h; if it asks for more, the command ends and
    /// says when to run it again
    #[arg(long, global = true, value_name = "TIME", default_value = "15min", value_parser = parse_duration)]
    pub(super) max_wait: Duration,

    /// End the command after this time, such as 90s, 15min or 12h, even if it is not done [default: no limit]
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_duration)]
    pub(super) timeout: Option<Duration>,

    /// Treat a response or download as stalled if fewer bytes than this arrive in 30 seconds; 0 for no limit
    #[arg(long, global = true, value_name = "SIZE", default_value = "1KiB", value_parser = parse_size)]
    pub(super) min_progress: u64,

    /// Largest file to download, such as 500MiB or 20GiB
    #[arg(long, global = true, value_name = "SIZE", default_value = "5TiB", value_parser = parse_size)]
    pub(super) max_file_size: u64,

    /// HTTP client to use; both give the same output
    #[arg(long, global = true, value_enum, default_value_t = Transport::DEFAULT)]
    pub(super) transport: Transport,

    /// Exit with code 5 also if the server lacks something that was not requested by name
    #[arg(long, global = true)]
    pub(super) strict: bool,

    /// Hide progress
    #[arg(long, global = true)]
    pub(super) no_progress: bool,

    /// Print more details to stderr, such as the number of requests
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
}

/// HTTP client.
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
    fn options_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        fn check(command: &clap::Command, name: &str) {
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("Example") && help.contains(&format!("\n  {name} ")), "{name}: {help}");
            for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
                check(subcommand, &format!("{name} {}", subcommand.get_name()));
            }
        }
        check(&Arguments::command(), "wandb-export");
    }
}
