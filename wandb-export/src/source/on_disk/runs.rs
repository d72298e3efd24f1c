//! Lists the runs of a local folder.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::client::Client;
use wandb_graphql::ops::Detail;
use wandb_graphql::{Matcher, Order, OrderKey};

use crate::error::Error;
use crate::source::RunsQuery;
use crate::source::disk::{DiskProject, DiskRun};
use crate::source::memory_size::estimate_run_bytes;

/// Bytes of runs kept in memory from the first pass. The others are read a second time.
const KEPT_BYTES: usize = 4 << 20;

/// Returns the runs of a folder that match a filter, in order. Reads all of them before returning the first. Keeps
/// few runs in memory meanwhile, and only the sort keys of the others.
pub(super) fn list(
    client: Client,
    project: DiskProject,
    query: RunsQuery,
) -> BoxStream<'static, Result<DiskRun, Error>> {
    let RunsQuery { filter, order, detail, .. } = query;
    let sorted = async move {
        order.check_fields()?;
        let known = if filter.is_all() { known_order_keys(&project, &order) } else { None };
        let scanner = Arc::new(RunScanner { project, filter: filter.matcher()?, detail });
        let mut found = match known {
            Some(keys) => MatchingRun::from_keys(keys),
            None => scanner.scan(&client, &order).await?,
        };
        // The sort is stable: runs that tie keep the order of the folder.
        found.sort_by(|one, other| order.compare_keys(&one.key, &other.key));
        let read = move |found: MatchingRun| {
            let (client, scanner) = (client.clone(), Arc::clone(&scanner));
            async move {
                match found.kept {
                    Some(run) => Ok(Some(run)),
                    None => client.work(move || scanner.read_again(found.entry, found.number)).await,
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

/// Returns the sort keys of the runs, if they are known without reading the runs.
fn known_order_keys(project: &DiskProject, order: &Order) -> Option<Vec<OrderKey>> {
    let is_by_time = *order == Order::default() || order.to_string() == "-created_at";
    if !is_by_time {
        return None;
    }
    project.runs.iter().map(|run| run.outline().map(|run| order.key(&run))).collect()
}

/// A run that matches the filter.
struct MatchingRun {
    key: OrderKey,
    /// The index of its entry in the project; `number` is its index within the entry.
    entry: usize,
    number: usize,
    kept: Option<DiskRun>,
}

impl MatchingRun {
    /// Creates one run per entry, with only the sort key.
    fn from_keys(keys: Vec<OrderKey>) -> Vec<Self> {
        let keys = keys.into_iter().enumerate();
        keys.map(|(entry, key)| Self { key, entry, number: 0, kept: None }).collect()
    }
}

/// A folder and what to read from it.
struct RunScanner {
    project: DiskProject,
    filter: Matcher,
    detail: Detail,
}

impl RunScanner {
    /// Reads all runs once (the first pass).
    async fn scan(self: &Arc<Self>, client: &Client, order: &Order) -> Result<Vec<MatchingRun>, Error> {
        let read = |entry| {
            let (scanner, order) = (Arc::clone(self), order.clone());
            let scan = move || {
                let runs = scanner.read(entry)?;
                let keyed = runs.into_iter().map(|(at, run)| (order.key(&run.facts.model), entry, at, run));
                Ok::<Vec<_>, Error>(keyed.collect())
            };
            client.work(scan)
        };
        let entries = 0..self.project.runs.len();
        let mut scans = stream::iter(entries).map(read).buffered(wandb_core::workers::count());
        let (mut found, mut bytes) = (Vec::new(), 0);
        while let Some(runs) = scans.try_next().await? {
            for (key, entry, number, mut run) in runs {
                self.drop_details(&mut run);
                bytes += estimate_run_bytes(&run.facts.model);
                let kept = (bytes <= KEPT_BYTES).then_some(run);
                found.push(MatchingRun { key, entry, number, kept });
            }
        }
        Ok(found)
    }

    /// Reads a run again that matched in the first pass.
    fn read_again(&self, entry: usize, number: usize) -> Result<Option<DiskRun>, Error> {
        let Some(mut run) = self.read_all(entry)?.into_iter().nth(number) else { return Ok(None) };
        self.drop_details(&mut run);
        Ok(Some(run))
    }

    /// Reads the runs of an entry that match the filter, each with its index in the entry.
    fn read(&self, entry: usize) -> Result<Vec<(usize, DiskRun)>, Error> {
        let runs = self.read_all(entry)?.into_iter().enumerate();
        Ok(runs.filter(|(_, run)| self.filter.matches(&run.facts.model)).collect())
    }

    /// Reads the runs of an entry. A run that cannot be read becomes an issue, so that it does not stop the others.
    fn read_all(&self, entry: usize) -> Result<Vec<DiskRun>, Error> {
        let Some(entry) = self.project.runs.get(entry) else { return Ok(Vec::new()) };
        entry.read().or_else(|error| Ok(vec![entry.placeholder(error)?]))
    }

    fn drop_details(&self, run: &mut DiskRun) {
        if self.detail == Detail::Light {
            run.facts.model.leave_out_details();
        }
    }
}
