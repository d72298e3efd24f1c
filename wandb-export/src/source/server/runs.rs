//! Lists the runs of a project on a server.

use futures_util::stream::{self, BoxStream, StreamExt};
use wandb_core::ProjectPath;
use wandb_core::client::Client;
use wandb_core::operation::UnsupportedFields;
use wandb_graphql::ops::ListRuns;

use super::client_filter::{ListedRuns, or_filter_on_client};
use super::lister::RunListReader;
use crate::error::Error;
use crate::issue::Issue;
use crate::run_rows::RunColumns;
use crate::source::RunsQuery;
use crate::source::list_reader::Issues;

/// Lists the runs of a project.
///
/// The pages of a list are not a snapshot. A run that changes its place in the order while the list is read could
/// appear twice or not at all. [`RunListReader`] compares the number of runs with the server's count.
pub(in crate::source::server) fn list(
    client: Client,
    path: ProjectPath,
    query: RunsQuery,
    issues: Issues,
) -> BoxStream<'static, Result<ListedRuns, Error>> {
    let RunsQuery { filter, order, detail, page_size, limit, columns } = query.clone();
    let mut list = ListRuns::new(path.clone()).filter(filter).order(order).detail(detail);
    if let Some(size) = page_size {
        list = list.page_size(size);
    }
    let lister = RunListReader::new(client.clone(), path.clone(), list, limit);
    let found = issues.clone();
    let next = move |mut lister: RunListReader| {
        let found = found.clone();
        async move {
            let Some(runs) = lister.next_runs().await? else {
                found.add(lister.issues());
                found.add(missing_field_issues(&lister.unsupported(), columns));
                return Ok(None);
            };
            Ok(Some((ListedRuns { runs, unsupported: lister.unsupported() }, lister)))
        }
    };
    let pages = stream::try_unfold(lister, next).boxed();
    or_filter_on_client(pages, client, path, query, issues)
}

/// Converts fields that the runs lack to issues. Ignores fields without a column in the table.
pub(super) fn missing_field_issues(unsupported: &UnsupportedFields, columns: RunColumns) -> Vec<Issue> {
    let mut issues = Issue::from_unsupported_fields(unsupported, |field| columns.needs(field));
    issues.retain(|issue| columns == RunColumns::All || !issue.is_note());
    issues
}
