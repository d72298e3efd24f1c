//! Filters and sorts runs on the client when the server cannot.

use futures_util::stream::{self, BoxStream, StreamExt};
use wandb_core::client::Client;
use wandb_core::operation::{Argument, Field, UnsupportedFields};
use wandb_core::{ProjectPath, model};
use wandb_graphql::ops::{Detail, ListRuns};
use wandb_graphql::{Filter, Order};

use super::lister::RunListReader;
use super::runs::missing_field_issues;
use crate::error::Error;
use crate::issue::Issue;
use crate::source::RunsQuery;
use crate::source::list_reader::Issues;

/// Listed runs, and the fields that the server lacks.
#[derive(Default)]
pub(in crate::source::server) struct ListedRuns {
    pub(in crate::source::server) runs: Vec<model::Run>,
    pub(in crate::source::server) unsupported: UnsupportedFields,
}

const FILTERS: Argument = Argument::new("Project", "runs", "filters");
const ORDER: Argument = Argument::new("Project", "runs", "order");

/// Returns the runs that the server `listed`. If it lacks the filter or order argument, lists all runs and applies
/// `query` on the client.
pub(super) fn or_filter_on_client(
    mut listed: BoxStream<'static, Result<ListedRuns, Error>>,
    client: Client,
    path: ProjectPath,
    query: RunsQuery,
    issues: Issues,
) -> BoxStream<'static, Result<ListedRuns, Error>> {
    let (fallback_client, filter, order) = (client.clone(), query.filter.clone(), query.order.clone());
    let found = issues.clone();
    let first = async move {
        match listed.next().await {
            Some(Err(error)) if is_refused(&error) => {
                stream::once(list_and_filter(fallback_client, path, query, found)).boxed()
            }
            batch => stream::iter(batch).chain(listed).boxed(),
        }
    };
    let argument_notes = stream::once(async move {
        issues.add(argument_notes(&client.unsupported(), &filter, &order));
        Ok(ListedRuns::default())
    });
    stream::once(first).flatten().chain(argument_notes).boxed()
}

/// Notes for the arguments that the server lacks and that were applied on the client.
fn argument_notes(unsupported: &UnsupportedFields, filter: &Filter, order: &Order) -> Vec<Issue> {
    let arguments = [(FILTERS, !filter.is_all()), (ORDER, *order != Order::default())];
    let missing =
        arguments.iter().filter(|(argument, is_used)| *is_used && unsupported.contains_argument(argument));
    missing.map(|(argument, _)| Issue::replaced_argument(argument)).collect()
}

fn is_refused(error: &Error) -> bool {
    let Error::Request(error) = error else { return false };
    error.unsupported().is_some_and(|unsupported| {
        unsupported.contains_argument(&FILTERS) || unsupported.contains_argument(&ORDER)
    })
}

/// Lists all runs before returning the first one. Uses the server's filter or order if it has one of them.
async fn list_and_filter(
    client: Client,
    path: ProjectPath,
    query: RunsQuery,
    issues: Issues,
) -> Result<ListedRuns, Error> {
    let RunsQuery { filter, order, detail, page_size, limit, columns } = query;
    let matcher = filter.matcher()?;
    order.check_fields()?;
    let mut list = ListRuns::new(path.clone()).detail(Detail::Standard);
    if let Some(size) = page_size {
        list = list.page_size(size);
    }
    // The server may name only one missing argument at a time. This list then reveals the other.
    let unsupported = client.unsupported();
    if !unsupported.contains_argument(&FILTERS) {
        list = list.filter(filter.clone());
    }
    if !unsupported.contains_argument(&ORDER) {
        list = list.order(order.clone());
    }
    let read = |list| RunListReader::new(client.clone(), path.clone(), list, None);
    let mut reader = read(list.clone());
    let mut runs = match read_all_runs(&mut reader).await {
        Err(error) if is_refused(&error) => {
            reader = read(list.filter(Filter::all()).order(Order::default()));
            read_all_runs(&mut reader).await?
        }
        runs => runs?,
    };
    check_fields(&client.unsupported(), &filter, &order)?;
    issues.add(reader.issues());
    let unsupported = reader.unsupported();
    issues.add(missing_field_issues(&unsupported, columns));
    runs.retain(|run| matcher.matches(run));
    runs.sort_by(|one, other| order.compare(one, other));
    runs.truncate(limit.unwrap_or(usize::MAX));
    if detail == Detail::Light {
        runs.iter_mut().for_each(model::Run::leave_out_details);
    }
    Ok(ListedRuns { runs, unsupported })
}

async fn read_all_runs(lister: &mut RunListReader) -> Result<Vec<model::Run>, Error> {
    let mut all = Vec::new();
    while let Some(runs) = lister.next_runs().await? {
        all.extend(runs);
    }
    Ok(all)
}

/// Rejects a filter or order by a field that the server lacks, since it would be missing from every run.
fn check_fields(unsupported: &UnsupportedFields, filter: &Filter, order: &Order) -> Result<(), Error> {
    let words = [
        ("summaryMetrics", "summary_metrics"),
        ("config", "config"),
        ("tags", "tags"),
        ("sweepName", "sweep"),
        ("group", "group"),
        ("jobType", "jobType"),
        ("state", "state"),
        ("displayName", "display_name"),
    ];
    for (field, word) in words {
        let names =
            |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|own| own == word);
        let field = Field::new("Run", field);
        if unsupported.contains(&field) && (names(filter.json()) || names(&order.to_string())) {
            return Err(Error::Unsupported {
                what: format!("runs cannot be filtered or ordered by {word}"),
                lacking: format!("{FILTERS} or {ORDER}, nor {field}"),
            });
        }
    }
    Ok(())
}
