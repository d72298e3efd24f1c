use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::response::Parts;
use wandb_core::transport::{
    Proxies, ProxyRules, Request, Settings, SettingsError, Transport, TransportError, TransportErrorKind,
};

/// A transport implementation under test, and how its futures are run.
pub trait Subject {
    /// Builds a transport with these settings.
    fn transport(settings: &Settings) -> Result<Arc<dyn Transport>, SettingsError>;

    /// Runs a future to completion as a user of this transport would.
    fn run<F: Future>(future: F) -> F::Output;
}

/// Maximum body size in bytes, unless a case sets another.
const LIMIT: u64 = 64 << 20;

const CHILD_URL: &str = "CONFORMANCE_CHILD_URL";

/// Settings with short timeouts that ignore the environment's proxies.
pub(crate) fn settings() -> Settings {
    let allowed = Duration::from_secs(10);
    Settings::default()
        .with_connect_timeout(allowed)
        .with_first_byte_timeout(allowed)
        .with_stall_timeout(allowed)
        .with_proxies(Proxies::Rules(ProxyRules::default()))
}

pub(crate) fn transport<S: Subject>(settings: &Settings) -> Arc<dyn Transport> {
    S::transport(settings).expect("the transport is built")
}

pub(crate) fn get(url: &str) -> Request {
    http::Request::get(url).body(Bytes::new()).unwrap()
}

/// Returns the response head and the complete body.
pub(crate) async fn fetch(
    transport: &dyn Transport,
    request: Request,
) -> Result<(Parts, Bytes), TransportError> {
    let (head, body) = transport.send(request).await?.into_parts();
    Ok((head, body.bytes(LIMIT).await?))
}

/// Fetches `url` and returns the body; panics on an error.
pub(crate) fn fetch_body<S: Subject>(settings: &Settings, url: &str) -> Bytes {
    let transport = transport::<S>(settings);
    S::run(fetch(&*transport, get(url))).expect("an answer").1
}

/// Fetches `url` and returns the kind of the error; panics on success.
pub(crate) fn fetch_error<S: Subject>(settings: &Settings, url: &str) -> TransportErrorKind {
    let transport = transport::<S>(settings);
    S::run(fetch(&*transport, get(url))).expect_err("an error").kind()
}

/// Runs [`child`] in a process with these environment variables, and returns its output.
pub(crate) fn fetch_in_child(url: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "child", "--nocapture"]);
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_ascii_uppercase());
    }
    command.env_remove("SSL_CERT_FILE").env_remove("REQUEST_METHOD");
    let output = command.env(CHILD_URL, url).envs(variables.iter().copied()).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Fetches the URL in [`CHILD_URL`] with proxies from the environment. Only [`fetch_in_child`] runs it.
#[expect(clippy::print_stdout, reason = "the parent process reads it")]
pub(crate) fn child<S: Subject>() {
    let Ok(url) = std::env::var(CHILD_URL) else { return };
    match S::transport(&settings().with_proxies(Proxies::Environment)) {
        Err(error) => println!("refused: {error}"),
        Ok(transport) => match S::run(fetch(&*transport, get(&url))) {
            Ok((_, body)) => println!("body: {}", String::from_utf8_lossy(&body)),
            Err(error) => println!("error: {:?}", error.kind()),
        },
    }
}
