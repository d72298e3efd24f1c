//! Lists the runs of a local folder.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::client::Client;
use wandb_graphql::ops::Detail;
use wandb_graphql::{Filter, Matcher, Order, OrderKey};

use crate::api::weight::weight_of_run;
use crate::error::Error;
use crate::local::{LocalProject, LocalRun};

/// Bytes of runs kept in memory from the first pass. The others are read a second time.
const KEPT_BYTES: usize = 4 << 20;

/// Returns the runs of a folder that match a filter, in order. Reads all of them before returning the first. Keeps
/// few runs in memory meanwhile, and only the sort keys of the others.
pub(super) fn runs(
    client: Client,
    project: LocalProject,
    filter: Filter,
    order: Order,
    detail: Detail,
) -> BoxStream<'static, Result<Arc<LocalRun>, Error>> {
    let sorted = async move {
        order.check_fields()?;
        let known = if filter.is_all() { project.order_keys(&order) } else { None };
        let folder = Arc::new(Folder { project, filter: filter.matcher()?, detail });
        let mut found = match known {
            Some(keys) => Found::of_sources(keys),
            None => folder.look(&client, &order).await?,
        };
        // The sort is stable: runs that tie keep the order of the folder.
        found.sort_by(|one, other| order.compare_keys(&one.key, &other.key));
        let read = move |found: Found| {
            let (client, folder) = (client.clone(), Arc::clone(&folder));
            async move {
                match found.kept {
                    Some(run) => Ok(Some(run)),
                    None => client.work(move || folder.read_again(found.source, found.number)).await,
                }
            }
        };
        let read = stream::iter(found).map(read).buffered(wandb_core::workers::count());
        // Skip a run that was deleted since the first pass.
        let read = read.try_filter_map(|run| std::future::ready(Ok(run)));
        Ok::<_, Error>(read)
    };
    stream::once(sorted).try_flatten().boxed()
}

/// A run that matches the filter.
struct Found {
    key: OrderKey,
    /// The index of its source in the folder; `number` is its index within the source.
    source: usize,
    number: usize,
    kept: Option<Arc<LocalRun>>,
}

impl Found {
    /// Creates one entry per source, with only the sort key.
    fn of_sources(keys: Vec<OrderKey>) -> Vec<Self> {
        let keys = keys.into_iter().enumerate();
        keys.map(|(source, key)| Self { key, source, number: 0, kept: None }).collect()
    }
}

/// A folder and what to read from it.
struct Folder {
    project: LocalProject,
    filter: Matcher,
    detail: Detail,
}

impl Folder {
    /// Reads all runs once (the first pass).
    async fn look(self: &Arc<Self>, client: &Client, order: &Order) -> Result<Vec<Found>, Error> {
        let read = |source| {
            let (folder, order) = (Arc::clone(self), order.clone());
            let look = move || {
                let runs = folder.read(source)?;
                let keyed = runs.into_iter().map(|(at, run)| (order.key(&run.model), source, at, run));
                Ok::<Vec<_>, Error>(keyed.collect())
            };
            client.work(look)
        };
        let sources = 0..self.project.runs.len();
        let mut looks = stream::iter(sources).map(read).buffered(wandb_core::workers::count());
        let (mut found, mut bytes) = (Vec::new(), 0);
        while let Some(runs) = looks.try_next().await? {
            for (key, source, number, mut run) in runs {
                self.shorten(&mut run);
                bytes += weight_of_run(&run.model);
                let kept = (bytes <= KEPT_BYTES).then(|| Arc::new(run));
                found.push(Found { key, source, number, kept });
            }
        }
        Ok(found)
    }

    /// Reads a run again that matched in the first pass.
    fn read_again(&self, source: usize, number: usize) -> Result<Option<Arc<LocalRun>>, Error> {
        let Some(source) = self.project.runs.get(source) else { return Ok(None) };
        let Some(mut run) = LocalProject::read_one_of_many(source)?.into_iter().nth(number) else {
            return Ok(None);
        };
        self.shorten(&mut run);
        Ok(Some(Arc::new(run)))
    }

    /// Reads the runs of a source that match the filter, each with its index in the source.
    fn read(&self, source: usize) -> Result<Vec<(usize, LocalRun)>, Error> {
        let runs = self.project.runs.get(source).map(LocalProject::read_one_of_many);
        let runs = runs.transpose()?.unwrap_or_default().into_iter().enumerate();
        Ok(runs.filter(|(_, run)| self.filter.matches(&run.model)).collect())
    }

    fn shorten(&self, run: &mut LocalRun) {
        if self.detail == Detail::Light {
            run.model.leave_out_details();
        }
    }
}
