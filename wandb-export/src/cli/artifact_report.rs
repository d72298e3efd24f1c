//! Reports the results of downloading artifacts.

use wandb_core::{Row, Value};

use super::exit::{Failure, Outcome};
use super::files::download_row;
use super::output::{Destination, say};
use super::session::Session;
use crate::api::write_rows;
use crate::error::Error;
use crate::files::{ArtifactDownloads, UnfetchedReference};

/// Writes one row for each file and each reference, and reports missing files. The command fails if the only requested
/// file has failed. `what` names the download.
pub(super) async fn report(
    session: &Session,
    downloads: ArtifactDownloads,
    destination: &Destination,
    what: &str,
) -> Result<Outcome, Failure> {
    let ArtifactDownloads { files, mut failed, references, issues, .. } = downloads;
    let destination = destination.to_stdout();
    let sink = destination.open_sink()?;
    let rows: Vec<Row> = files.iter().map(download_row).chain(references.iter().map(reference_row)).collect();
    let report = write_rows(futures_util::stream::iter([Ok(rows)]), sink).await?;
    session.print_notes(&report, destination.format()?);
    let outcome = Session::report_issues(&issues);
    let has_conflict = failed.iter().any(|file| matches!(file.error, Error::FileExists { .. }));
    let hint = has_conflict.then(|| "use --replace to overwrite existing files".to_owned());
    if files.is_empty() && references.is_empty() && issues.is_empty() && failed.len() == 1 {
        return Err(Failure { error: failed.remove(0).error, hint });
    }
    let count = failed.len();
    let failed = failed.iter().map(|file| format!("{}: {}", file.name, file.error.with_causes()));
    let outcome = outcome.max(Session::report_missing(failed));
    if let Some(hint) = hint {
        say(&format!("hint: {hint}"));
    } else if count > 0 {
        say(&format!("hint: run the command again to retry the {count} missing files of {what}"));
    }
    Ok(outcome)
}

fn reference_row(reference: &UnfetchedReference) -> Row {
    let cells = [
        ("name", Some(Value::String(reference.name.clone()))),
        ("bytes", reference.size.map(Value::from)),
        ("outcome", Some(Value::String("reference".to_owned()))),
        ("reference", Some(Value::String(reference.address.clone()))),
    ];
    cells.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
