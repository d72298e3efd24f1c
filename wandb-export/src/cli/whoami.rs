//! `whoami`: shows the user of the API key.

use clap::Args;
use wandb_core::{Row, Value};

use super::exit::{Failure, Outcome};
use super::output::Destination;
use super::record;
use super::session::Session;

/// Show the user of the API key, and the server
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  wandb-export whoami -f jsonl")]
pub(super) struct Options {
    #[command(flatten)]
    destination: Destination,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Failure> {
    let user = session.api.viewer().await?;
    let mut fields = Vec::new();
    let mut text = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            fields.push((name.to_owned(), Value::String(value)));
        }
    };
    text("username", user.username);
    text("name", user.name);
    text("email", user.email);
    text("entity", user.entity);
    text("server", Some(session.api.base_url().to_string()));
    if let Some(teams) = user.teams {
        fields.push(("teams".to_owned(), Value::List(teams.into_iter().map(Value::String).collect())));
    }
    let record: Row = fields.into_iter().collect();
    Ok(record::write(session, record, &options.destination)?)
}
