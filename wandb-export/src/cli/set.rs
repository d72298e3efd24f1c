//! `set`: changes a run.

mod assignment;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use wandb_core::update::{Change, RunChanges, RunField};
use wandb_core::{Map, RunPath, Value};

use self::assignment::{Assignment, key_path};
use super::exit::{Failure, Outcome};
use super::hints;
use super::output::{Destination, say};
use super::session::Session;
use crate::error::Error;

/// Change a run: its summary, config, name, notes, group or tags
///
/// The command reads the run, changes only the requested fields, and then checks that the changes are saved. It shows
/// each change as a row: field, key, old, new.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  wandb-export set summary my-team/my-project/abc123 accuracy=0.9 best.loss=0.03
  wandb-export set config my-team/my-project/abc123 'optimizer:={\"name\": \"adam\"}' --delete lr
  wandb-export set tags my-team/my-project/abc123 --add checked")]
pub(super) struct Options {
    #[command(subcommand)]
    target: Target,
}

#[derive(Debug, Clone, Subcommand)]
enum Target {
    /// Set and delete keys of the summary
    ///
    /// A dot in KEY separates nested keys: a.b is the key a.b if it exists, otherwise the key b in the object a. Write
    /// `\.` for a dot in a key, and `\=` for an equals sign.
    #[command(after_help = "Examples:
  wandb-export set summary my-team/my-project/abc123 accuracy=0.9 note:='\"0.9\"' --dry-run
  echo '{\"best\": {\"acc\": 0.9}}' | wandb-export set summary my-team/my-project/abc123 --from -")]
    Summary(Keys),

    /// Set and delete keys of the config
    ///
    /// A dot in KEY separates nested keys: a.b is the key a.b if it exists, otherwise the key b in the object a. Write
    /// `\.` for a dot in a key, and `\=` for an equals sign.
    #[command(after_help = "Example:
  wandb-export set config my-team/my-project/abc123 lr=0.1 optimizer.name=adam --delete seed")]
    Config(Keys),

    /// Set the display name
    #[command(after_help = "Example:\n  wandb-export set name my-team/my-project/abc123 'the final one'")]
    Name(Text),

    /// Set the notes
    #[command(
        after_help = "Example:\n  wandb-export set notes my-team/my-project/abc123 \"$(cat notes.md)\""
    )]
    Notes(Text),

    /// Set the group
    #[command(after_help = "Example:\n  wandb-export set group my-team/my-project/abc123 ablation")]
    Group(Text),

    /// Set all tags, or add and remove some
    #[command(
        after_help = "Example:\n  wandb-export set tags my-team/my-project/abc123 --add checked --remove draft"
    )]
    Tags(Tags),
}

#[derive(Debug, Clone, Args)]
struct Keys {
    /// The run: entity/project/run or its URL
    path: String,

    /// Keys to set: VALUE is JSON if it parses as JSON, otherwise text; KEY:=JSON requires JSON
    #[arg(value_name = "KEY=VALUE")]
    assignments: Vec<Assignment>,

    /// Delete this key; may be repeated
    #[arg(long, value_name = "KEY")]
    delete: Vec<String>,

    /// Set each key of the JSON object in this file, or on standard input (-), replacing its whole value
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,

    /// Treat the VALUE of every KEY=VALUE as text
    #[arg(long)]
    text: bool,

    #[command(flatten)]
    common: CommonOptions,
}

#[derive(Debug, Clone, Args)]
struct Text {
    /// The run: entity/project/run or its URL
    path: String,

    /// New text; an empty text clears the field
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    new: String,

    #[command(flatten)]
    common: CommonOptions,
}

#[derive(Debug, Clone, Args)]
struct Tags {
    /// The run: entity/project/run or its URL
    path: String,

    /// All tags of the run; other tags are removed
    #[arg(value_name = "TAG", conflicts_with_all = ["add", "remove"])]
    all: Vec<String>,

    /// Remove all tags
    #[arg(long, conflicts_with_all = ["all", "add", "remove"])]
    none: bool,

    /// Add this tag; may be repeated
    #[arg(long, value_name = "TAG")]
    add: Vec<String>,

    /// Remove this tag; may be repeated
    #[arg(long, value_name = "TAG")]
    remove: Vec<String>,

    #[command(flatten)]
    common: CommonOptions,
}

#[derive(Debug, Clone, Args)]
struct CommonOptions {
    /// Show the changes without making them
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    destination: Destination,
}

impl Options {
    /// The path of the run to change.
    pub(super) fn path(&self) -> &String {
        match &self.target {
            Target::Summary(keys) | Target::Config(keys) => &keys.path,
            Target::Name(text) | Target::Notes(text) | Target::Group(text) => &text.path,
            Target::Tags(tags) => &tags.path,
        }
    }
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let changes = RunChanges::new();
    match &options.target {
        Target::Summary(keys) => set_keys(session, RunField::Summary, keys).await,
        Target::Config(keys) => set_keys(session, RunField::Config, keys).await,
        Target::Name(text) => apply(session, &text.path, changes.set_name(&text.new), &text.common).await,
        Target::Notes(text) => apply(session, &text.path, changes.set_notes(&text.new), &text.common).await,
        Target::Group(text) => apply(session, &text.path, changes.set_group(&text.new), &text.common).await,
        Target::Tags(tags) => {
            let replaces_all = tags.none || !tags.all.is_empty();
            let changes = if replaces_all { changes.set_tags(&tags.all) } else { changes };
            let changes = tags.add.iter().fold(changes, RunChanges::add_tag);
            let changes = tags.remove.iter().fold(changes, RunChanges::remove_tag);
            apply(session, &tags.path, changes, &tags.common).await
        }
    }
}

async fn set_keys(session: &Session, field: RunField, keys: &Keys) -> Result<Outcome, Failure> {
    let entries = keys.from.as_deref().map(read_entries).transpose()?.unwrap_or_default();
    let named = keys.assignments.iter().map(|assignment| &assignment.key).chain(&keys.delete);
    let known = if named.clone().any(|key| key.contains('.')) {
        known_keys(session, &keys.path, field).await?
    } else {
        Map::new()
    };
    let mut changes = match field {
        RunField::Config => RunChanges::new().set_config_entries(entries),
        _ => RunChanges::new().set_summary_entries(entries),
    };
    for assignment in &keys.assignments {
        let key = key_path(&assignment.key, &known);
        let value = assignment.value(keys.text)?;
        changes = match field {
            RunField::Config => changes.set_config(key, value),
            _ => changes.set_summary(key, value),
        };
    }
    for key in &keys.delete {
        let key = key_path(key, &known);
        changes = match field {
            RunField::Config => changes.remove_config(key),
            _ => changes.remove_summary(key),
        };
    }
    apply(session, &keys.path, changes, &keys.common).await
}

/// Reads the top-level keys of the run. They tell a key that has a dot from a path of nested keys.
async fn known_keys(session: &Session, path: &str, field: RunField) -> Result<Map, Failure> {
    let path = session.api.run_path(path).await?;
    let run = match session.api.run(&path.to_string()).await {
        Ok(run) => run.into_model(),
        Err(error) => return Err(hints::add_run_hint(session, &path, error).await),
    };
    Ok(match field {
        RunField::Config => run.config.map(wandb_core::model::Config::into_values),
        _ => run.summary,
    }
    .unwrap_or_default())
}

fn read_entries(file: &Path) -> Result<Map, Error> {
    let reading = || format!("reading {}", file.display());
    let text = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(file)
    };
    let text = text.map_err(|error| Error::io(reading(), error))?;
    match Value::parse(text.as_bytes()) {
        Ok(Value::Map(entries)) => Ok(entries),
        Ok(_) => Err(Error::usage(format!("{}: expected a JSON object", reading()))),
        Err(error) => Err(Error::usage(format!("{}: {error}", reading()))),
    }
}

async fn apply(
    session: &Session,
    path: &str,
    changes: RunChanges,
    common: &CommonOptions,
) -> Result<Outcome, Failure> {
    if changes.is_empty() {
        return Err(Error::usage("no changes were given; see the options with --help").into());
    }
    let sink = common.destination.open_sink()?;
    let path: RunPath = session.api.run_path(path).await?;
    let update = session.api.update(&path.to_string()).await?.with(changes);
    if common.dry_run {
        let changes = match update.preview().await {
            Ok(changes) => changes,
            Err(error) => return Err(hints::add_run_hint(session, &path, error).await),
        };
        write_changes(session, &changes, sink, common)?;
        say("dry run: nothing was changed");
        return Ok(Outcome::Done);
    }
    let updated = match update.save().await {
        Ok(updated) => updated,
        Err(error) => return Err(hints::add_run_hint(session, &path, error).await),
    };
    write_changes(session, &updated.changes, sink, common)?;
    if updated.changes.is_empty() {
        say(&format!("{path} already has these values: nothing was changed"));
    } else if updated.is_running {
        say(&format!("note: {path} is still running and may overwrite this change"));
    }
    if updated.reverted > 0 {
        let times = updated.reverted;
        say(&format!(
            "note: another writer reverted {path} to an older state; changed it again ({times} times)"
        ));
    }
    Ok(Session::report_missing(updated.overruled.iter().map(|change| {
        let key = change.key.as_ref().map(|key| format!(" {key}")).unwrap_or_default();
        format!("another writer has meanwhile set {}{key} of {path} to another value", change.field)
    })))
}

fn write_changes(
    session: &Session,
    changes: &[Change],
    mut sink: Box<dyn wandb_tables::Sink>,
    common: &CommonOptions,
) -> Result<(), Error> {
    let rows: Vec<_> = changes
        .iter()
        .map(|change| {
            let key = change.key.as_ref().map(|key| Value::String(key.to_string()));
            let cells = [
                ("field", Some(Value::String(change.field.to_string()))),
                ("key", key),
                ("old", change.old.clone()),
                ("new", change.new.clone()),
            ];
            cells.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
        })
        .collect();
    sink.write(&rows)?;
    session.print_notes(&sink.finish()?.into(), common.destination.format()?);
    Ok(())
}
