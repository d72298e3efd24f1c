//! Connects to the server and runs a command on the chosen transport.

use wandb_core::client::{ProgressFloor, RetryPolicy};

use super::args::{Connection, Transport};
use super::exit::{Failure, Outcome};
use super::interrupt::{Interrupted, run_until_interrupted};
use super::output::set_redactor;
use super::progress::announce;
use super::session::Session;
use crate::api::{Api, ApiBuilder};
use crate::error::Error;

type CommandResult = Result<Result<Outcome, Failure>, Interrupted>;

/// Connects to the server and runs `command`.
pub(super) fn run<F>(options: &Connection, command: impl FnOnce(Session) -> F) -> CommandResult
where
    F: Future<Output = Result<Outcome, Failure>>,
{
    match options.transport {
        Transport::Async => run_on_tokio(options, command),
        Transport::Blocking => run_on_threads(options, command),
    }
}

/// Runs `command` without a server.
pub(super) fn offline<F>(options: &Connection, command: impl FnOnce(Session) -> F) -> CommandResult
where
    F: Future<Output = Result<Outcome, Failure>>,
{
    let session = Session::new(Api::offline(), options);
    wandb_core::blocking::block_on(run_until_interrupted(command(session)))
}

pub(super) fn api_builder(options: &Connection) -> ApiBuilder {
    let attempts = options.retries.saturating_add(1);
    let policy = RetryPolicy::default();
    let policy = policy
        .with_max_attempts(attempts)
        .with_max_attempts_if_persistent(policy.max_attempts_if_persistent.min(attempts))
        .with_max_retry_after(options.max_wait);
    let floor = ProgressFloor::default().with_bytes(options.min_progress);
    let mut builder = Api::builder()
        .concurrency(usize::from(options.concurrency))
        .downloads(usize::from(options.downloads))
        .memory(options.memory)
        .retry(policy)
        .progress_floor(floor)
        .max_file_size(options.max_file_size)
        .on_wait(|waiting| announce(&format!("note: {waiting}")));
    if let Some(timeout) = options.timeout {
        builder = builder.time_allowed(timeout);
    }
    let builder = match &options.base_url {
        Some(url) => builder.base_url(url),
        None => builder,
    };
    match &options.ca_file {
        Some(file) => builder.ca_file(file),
        None => builder,
    }
}

#[cfg(feature = "async")]
fn run_on_tokio<F>(options: &Connection, command: impl FnOnce(Session) -> F) -> CommandResult
where
    F: Future<Output = Result<Outcome, Failure>>,
{
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Ok(Err(Error::io("starting the async runtime", error).into())),
    };
    runtime.block_on(async {
        match api_builder(options).connect() {
            Ok(api) => {
                set_redactor(api.client().redactor());
                run_until_interrupted(command(Session::new(api, options))).await
            }
            Err(error) => Ok(Err(error.into())),
        }
    })
}

#[cfg(feature = "blocking")]
fn run_on_threads<F>(options: &Connection, command: impl FnOnce(Session) -> F) -> CommandResult
where
    F: Future<Output = Result<Outcome, Failure>>,
{
    match api_builder(options).connect_blocking() {
        Ok(api) => {
            let api = api.into_inner();
            set_redactor(api.client().redactor());
            let session = Session::new(api, options);
            wandb_core::blocking::block_on(run_until_interrupted(command(session)))
        }
        Err(error) => Ok(Err(error.into())),
    }
}

#[cfg(not(feature = "async"))]
fn run_on_tokio<F>(_: &Connection, _: impl FnOnce(Session) -> F) -> CommandResult {
    Ok(Err(Error::usage("this build has no async transport, as its feature `async` is disabled").into()))
}

#[cfg(not(feature = "blocking"))]
fn run_on_threads<F>(_: &Connection, _: impl FnOnce(Session) -> F) -> CommandResult {
    Ok(
        Err(Error::usage("this build has no blocking transport, as its feature `blocking` is disabled")
            .into()),
    )
}
