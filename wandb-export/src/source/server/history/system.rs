//! Reads the system metrics of a run.

use wandb_core::client::{Client, Reply};
use wandb_core::operation::Argument;
use wandb_core::{Row, RunPath};
use wandb_graphql::Samples;
use wandb_graphql::ops::SampleEvents;

use super::row_issues::RowIssues;
use super::row_spool::RowSpool;
use crate::error::Error;
use crate::issue::Issue;
use crate::source::history::{ALL_EVENTS, Amount, HistoryQuery};

/// A sample count that servers answer in full.
const MODEST_SAMPLES: u64 = 10_000;

/// Reads the system metrics. If the server sends fewer than it counts, retries with other sample counts: a server may
/// reject a large count and answer with few rows (wandb/wandb #12067, #3680).
pub(super) async fn read_system_metrics(
    client: &Client,
    path: &RunPath,
    query: &HistoryQuery,
    row_issues: &RowIssues,
) -> Result<RowSpool, Error> {
    let HistoryQuery { amount, .. } = query;
    let first = SampleEvents::new(path.clone()).samples(query.sample_count()?);
    let mut best = RowSpool::new(client);
    let Reply { answer, unsupported, .. } = client.stream_list(first, &mut best).await?;
    best.check()?;
    let counted = answer.line_count.filter(|_| *amount == Amount::All);
    // A count reveals missing rows. Without one, a server that ignores the sample count may send any number.
    if counted.is_none()
        && let Some(argument) = unsupported.arguments().next()
    {
        row_issues.add(ignored_sample_count(argument, *amount));
    }
    if let Amount::Samples(_) = amount {
        return Ok(best);
    }
    let Some(counted) = counted else {
        if best.rows() >= ALL_EVENTS {
            row_issues.add(Issue::Sampled { run: path.clone(), rows: best.rows() });
        }
        return Ok(best);
    };
    for samples in [counted, counted.saturating_mul(2), MODEST_SAMPLES] {
        if best.rows() >= counted {
            break;
        }
        if samples != ALL_EVENTS
            && let Ok(samples) = Samples::new(samples)
        {
            let other = request_samples(client, path, samples).await?;
            if other.rows() > best.rows() {
                best = other;
            }
        }
    }
    if best.rows() < counted {
        let (run, received) = (path.clone(), best.rows());
        row_issues.add(Issue::RowsMissing { run, stream: "system metrics", counted, received });
    }
    Ok(best)
}

async fn request_samples(client: &Client, path: &RunPath, samples: Samples) -> Result<RowSpool, Error> {
    let mut rows = RowSpool::new(client);
    client.stream_list(SampleEvents::new(path.clone()).samples(samples), &mut rows).await?;
    rows.check()?;
    Ok(rows)
}

/// Creates the issue for a server that ignores the sample count.
fn ignored_sample_count(argument: &Argument, amount: Amount) -> Issue {
    let consequence = match amount {
        Amount::All => "there may be more rows than it sent",
        Amount::Samples(_) => "it chose how many rows it sent",
    };
    Issue::UnsupportedArgument {
        field: argument.field().to_string(),
        argument: argument.name().to_owned(),
        consequence: Some(consequence.to_owned()),
    }
}

/// Removes the keys that the rows contain.
pub(super) fn remove_present_keys(keys: &mut Vec<String>, rows: &[Row]) {
    keys.retain(|key| rows.iter().all(|row| row.get(key).is_none()));
}
