//! Runs that are chosen and ordered on this side, because the server cannot do it.

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::operation::{AnswerError, Argument, Field, Lacks};
use wandb_graphql::ops::{Detail, ListRuns};
use wandb_graphql::{Filter, Order};

use super::Runs;
use crate::api::Run;
use crate::error::Error;
use crate::issue::Issue;

const FILTERS: Argument = Argument::new("Project", "runs", "filters");
const ORDER: Argument = Argument::new("Project", "runs", "order");

/// The runs that the server `listed`, or if it lacks the arguments for that, those of `wanted` from a list of all.
pub(super) fn unless_refused(
    mut listed: BoxStream<'static, Result<Run, Error>>,
    wanted: Runs,
) -> BoxStream<'static, Result<Run, Error>> {
    let begun = async move {
        match listed.next().await {
            Some(Err(error)) if is_refused(&error) => stream::once(here(wanted)).try_flatten().boxed(),
            first => stream::iter(first).chain(listed).boxed(),
        }
    };
    stream::once(begun).flatten().boxed()
}

/// What a list had to be done without, as notes: it was done here.
pub(super) fn issues(lacks: &Lacks, filter: &Filter, order: &Order) -> Vec<Issue> {
    let needed = [(FILTERS, !filter.is_all()), (ORDER, *order != Order::default())];
    let lacking = needed.iter().filter(|(argument, is_used)| *is_used && lacks.contains_argument(argument));
    lacking.map(|(argument, _)| Issue::replaced_argument(argument)).collect()
}

fn is_refused(error: &Error) -> bool {
    let Error::Request(error) = error else { return false };
    let wandb_core::error::Error::Answer { source: AnswerError::Lacks(lacks), .. } = &**error else {
        return false;
    };
    lacks.contains_argument(&FILTERS) || lacks.contains_argument(&ORDER)
}

/// All runs are listed before the first one comes. A filter or order that the server can do is left to it.
async fn here(wanted: Runs) -> Result<BoxStream<'static, Result<Run, Error>>, Error> {
    let Runs { api, path, filter, order, detail, page_size, limit, .. } = wanted;
    let matcher = filter.matcher()?;
    order.check_fields()?;
    let mut list = ListRuns::new(path).detail(Detail::Full);
    if let Some(size) = page_size {
        list = list.page_size(size);
    }
    // One refusal names both arguments or the first one; what is still refused then is learnt from this list.
    let lacks = api.client.lacks();
    if !lacks.contains_argument(&FILTERS) {
        list = list.filter(filter.clone());
    }
    if !lacks.contains_argument(&ORDER) {
        list = list.order(order.clone());
    }
    let listed: Result<Vec<_>, _> = api.client.items(list.clone()).map_err(Error::from).try_collect().await;
    let mut runs = match listed {
        Err(error) if is_refused(&error) => {
            let all = list.filter(Filter::all()).order(Order::default());
            api.client.items(all).map_err(Error::from).try_collect().await?
        }
        listed => listed?,
    };
    check_fields(&api.client.lacks(), &filter, &order)?;
    let mut seen = std::collections::HashSet::new();
    runs.retain(|run| matcher.matches(run) && seen.insert(run.storage_id.clone()));
    runs.sort_by(|one, other| order.compare(one, other));
    runs.truncate(limit.unwrap_or(usize::MAX));
    let runs = runs.into_iter().map(move |mut run| {
        if detail == Detail::Light {
            run.leave_out_details();
        }
        api.wrap(run)
    });
    Ok(stream::iter(runs).boxed())
}

/// Refuses what needs a field that the server lacks: all runs would seem to be without it.
fn check_fields(lacks: &Lacks, filter: &Filter, order: &Order) -> Result<(), Error> {
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
        if lacks.contains(&field) && (names(filter.json()) || names(&order.to_string())) {
            return Err(Error::Unsupported {
                what: format!("runs cannot be chosen or ordered by {word}"),
                lacking: format!("{FILTERS} or {ORDER}, nor {field}"),
            });
        }
    }
    Ok(())
}
