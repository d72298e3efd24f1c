//! Connections to a local server that ignore the environment of the process.

use std::time::Duration;

use wandb_core::blocking::block_on;
use wandb_export::client::RetryPolicy;
use wandb_export::{Api, ApiBuilder, ApiKey, Environment, blocking as blocking_form};
use wandb_local_server::{LocalServer, Options};

/// A server without any data.
pub(crate) fn server() -> LocalServer {
    LocalServer::start(Options::default()).expect("a free port")
}

/// Settings for a connection to `server`.
pub(crate) fn settings(server: &LocalServer) -> ApiBuilder {
    let key = ApiKey::parse(&server.api_key()).expect("a valid key");
    Api::builder()
        .environment(Environment::default())
        .base_url(server.base_url())
        .api_key(key)
        .retry(many_attempts())
}

/// Many attempts with short waits, so that transient faults do not fail a test.
fn many_attempts() -> RetryPolicy {
    let wait = Duration::from_millis(1);
    RetryPolicy::default()
        .with_max_attempts(60)
        .with_max_attempts_if_persistent(60)
        .with_initial_backoff(wait)
        .with_max_backoff(wait)
        .with_max_retry_after(wait)
}

/// Runs `work` on tokio, with reqwest as the transport.
pub(crate) fn asynchronous<T>(server: &LocalServer, work: impl AsyncFnOnce(Api) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { work(settings(server).connect().expect("a connection")).await })
}

/// A connection with ureq as the transport.
pub(crate) fn blocking(server: &LocalServer) -> blocking_form::Api {
    settings(server).connect_blocking().expect("a connection")
}

/// Runs `work` twice: with reqwest on tokio, and with ureq without a runtime.
pub(crate) fn on_both(server: &LocalServer, work: impl AsyncFn(Api)) {
    asynchronous(server, &work);
    block_on(work(blocking(server).into_inner()));
}
