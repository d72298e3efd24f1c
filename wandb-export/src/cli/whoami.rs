//! `whoami`: whose key it is.

use clap::Args;
use wandb_core::{Row, Value};

use super::exit::Outcome;
use super::output::Destination;
use super::record;
use super::session::Session;
use crate::error::Error;

/// Show whose API key it is, and the server it is for
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  wandb-export whoami -f jsonl")]
pub(super) struct Options {
    #[command(flatten)]
    destination: Destination,
}

pub(super) async fn run(session: &Session, options: &Options) -> Result<Outcome, Error> {
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
    record::write(session, record, &options.destination)
}
