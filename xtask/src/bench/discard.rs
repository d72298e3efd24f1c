//! `bench-discard`: fetches the pages of a history as the program does, and discards the bytes. Its time is the lower
//! bound that the server and the system set for any client.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use serde_json::json;

use super::http::Connection;

/// The query that the program sends for a page.
const QUERY: &str = "query HistoryPage($entity: String!, $project: String!, $run: String!, $minStep: Int64!, \
                     $maxStep: Int64!, $pageSize: Int!) { project(name: $project, entityName: $entity) { \
                     run(name: $run) { history(minStep: $minStep, maxStep: $maxStep, samples: $pageSize) } } }";

/// The history to fetch.
#[derive(Debug, Args)]
pub(crate) struct DiscardOptions {
    #[arg(long)]
    url: String,
    #[arg(long)]
    key: String,
    #[arg(long)]
    run: String,
    #[arg(long)]
    steps: u64,
    /// Steps per page
    #[arg(long)]
    width: u64,
    #[arg(long)]
    concurrency: usize,
}

/// Fetches the history and prints the number of bytes.
pub(crate) fn run(options: &DiscardOptions) -> Result<ExitCode> {
    ensure!(options.width > 0, "--width must be at least 1");
    let next = AtomicU64::new(0);
    let bytes = std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..options.concurrency).map(|_| scope.spawn(|| fetch(options, &next))).collect();
        let ended = workers.into_iter().map(|worker| worker.join().ok().context("a thread panicked")?);
        ended.sum::<Result<u64>>()
    })?;
    println!("{bytes}");
    Ok(ExitCode::SUCCESS)
}

/// Fetches pages until none is left.
fn fetch(options: &DiscardOptions, next: &AtomicU64) -> Result<u64> {
    let [entity, project, run] = options.run.split('/').collect::<Vec<_>>()[..] else {
        bail!("{} is not the path of a run", options.run);
    };
    let mut connection = Connection::open(&options.url, &options.key)?;
    let mut total = 0;
    loop {
        let first = next.fetch_add(options.width, Ordering::Relaxed);
        if first >= options.steps {
            return Ok(total);
        }
        let end = options.steps.min(first + options.width);
        let variables = json!({
            "entity": entity, "project": project, "run": run,
            "minStep": first, "maxStep": end, "pageSize": options.width,
        });
        let body = json!({ "query": QUERY, "variables": variables }).to_string();
        total += connection.send("POST", "/graphql", &body, |bytes| {
            std::hint::black_box(bytes);
        })?;
    }
}
