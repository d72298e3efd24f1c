//! The runs of a folder.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_graphql::ops::Detail;
use wandb_graphql::{Filter, Matcher, Order};

use crate::api::{Api, Run};
use crate::error::Error;
use crate::local::{LocalProject, LocalRun};

/// The runs of a folder that a filter lets through, in order. All of them are looked at before the first one comes.
pub(super) fn runs(
    api: Api,
    project: LocalProject,
    filter: Filter,
    order: Order,
    detail: Detail,
) -> BoxStream<'static, Result<Run, Error>> {
    let sorted = async move {
        order.check_fields()?;
        let (client, filter) = (api.client().clone(), filter.matcher()?);
        let chosen = move |source| {
            let (client, filter) = (client.clone(), filter.clone());
            async move { client.work(move || chosen(&source, &filter, detail)).await }
        };
        let read = stream::iter(project.runs).map(chosen).buffered(wandb_core::workers::count());
        let mut runs: Vec<_> = read.try_concat().await?;
        runs.sort_by(|one, other| order.compare(&one.model, &other.model));
        Ok::<_, Error>(stream::iter(runs.into_iter().map(move |run| Ok(Run::local(api.clone(), run)))))
    };
    stream::once(sorted).try_flatten().boxed()
}

fn chosen(
    source: &crate::local::RunSource,
    filter: &Matcher,
    detail: Detail,
) -> Result<Vec<Arc<LocalRun>>, Error> {
    let mut chosen = Vec::new();
    for mut run in LocalProject::read_one_of_many(source)? {
        if filter.matches(&run.model) {
            if detail == Detail::Light {
                run.model.leave_out_details();
            }
            chosen.push(Arc::new(run));
        }
    }
    Ok(chosen)
}
