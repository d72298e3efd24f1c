//! Settings of a connection.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use wandb_core::client::{Client, ParseMode, ProgressFloor, RetryPolicy, Waiting};
use wandb_core::transport::{Settings as TransportSettings, Transport};
use wandb_core::{ApiKey, BaseUrl, Credential, Environment, Settings};

use super::Api;
use crate::environment;
use crate::error::Error;

/// Settings of a connection. Unset ones come from the environment, in the same places as the Python SDK's.
///
/// ```no_run
/// # #[cfg(feature = "async")] {
/// let api = wandb_export::Api::builder().base_url("https://wandb.example.com").concurrency(4).connect()?;
/// # let _ = api; }
/// # Ok::<(), wandb_export::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ApiBuilder {
    environment: Option<Environment>,
    base_url: Option<String>,
    api_key: Option<ApiKey>,
    entity: Option<String>,
    project: Option<String>,
    concurrency: Option<usize>,
    downloads: Option<usize>,
    memory: Option<u64>,
    retry: Option<RetryPolicy>,
    floor: Option<ProgressFloor>,
    max_file_size: Option<u64>,
    time_allowed: Option<Duration>,
    observer: Option<Observer>,
    transport: TransportSettings,
    parse_mode: Option<ParseMode>,
    ca_files: Vec<PathBuf>,
}

/// The first bytes of a certificate in a PEM file.
#[cfg(any(feature = "async", feature = "blocking"))]
const PEM_CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// A callback for long waits.
#[derive(Clone)]
struct Observer(Arc<dyn Fn(&Waiting) + Send + Sync>);

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

impl ApiBuilder {
    /// Sets the server. Default: `WANDB_BASE_URL`, then the settings files, then W&B's public server.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Sets the API key. Default: `WANDB_API_KEY`, then the netrc file.
    pub fn api_key(mut self, key: ApiKey) -> Self {
        self.api_key = Some(key);
        self
    }

    /// Sets the entity for paths without one. Default: `WANDB_ENTITY`, then the settings files, then the viewer's.
    pub fn entity(mut self, entity: impl Into<String>) -> Self {
        self.entity = Some(entity.into());
        self
    }

    /// Sets the project for paths without one. Default: `WANDB_PROJECT`, then the settings files.
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Sets the maximum number of requests to the server in flight. Default 8.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = Some(requests);
        self
    }

    /// Sets the maximum number of transfers from storage hosts in flight, such as files of runs. Default 32. Fewer are
    /// in flight while a storage is overloaded. Each takes up to three file descriptors.
    ///
    /// See [`ClientBuilder::downloads`](wandb_core::client::ClientBuilder::downloads).
    pub fn downloads(mut self, transfers: usize) -> Self {
        self.downloads = Some(transfers);
        self
    }

    /// Limits the bytes of decompressed answers held in memory at once. Default 100 MiB. Data made from rows, such as
    /// values and tables, is not counted. See [`ClientBuilder::memory`](wandb_core::client::ClientBuilder::memory).
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// Sets how failed requests are retried. Default: [`RetryPolicy::default`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Sets the minimum progress of answers and downloads. Default: [`ProgressFloor::default`], with its window
    /// extended to the transport's stall timeout if that is longer.
    pub fn progress_floor(mut self, floor: ProgressFloor) -> Self {
        self.floor = Some(floor);
        self
    }

    /// Limits the size of a downloaded file, in bytes. A larger file fails. Default 5 TiB.
    pub fn max_file_size(mut self, bytes: u64) -> Self {
        self.max_file_size = Some(bytes);
        self
    }

    /// Limits the total time of all requests, starting at the connection. Data already written is kept. Default: no
    /// limit.
    pub fn time_allowed(mut self, duration: Duration) -> Self {
        self.time_allowed = Some(duration);
        self
    }

    /// Calls `observer` when a wait has lasted ten seconds, at most once every ten seconds. Default: no callback.
    ///
    /// ```no_run
    /// # #[cfg(feature = "async")] {
    /// let builder = wandb_export::Api::builder().on_wait(|waiting| eprintln!("{waiting}"));
    /// # let _ = builder; }
    /// ```
    pub fn on_wait(mut self, observer: impl Fn(&Waiting) + Send + Sync + 'static) -> Self {
        self.observer = Some(Observer(Arc::new(observer)));
        self
    }

    /// Sets where large answers are parsed. Default: [`ParseMode::OnThreads`] for the transports of this crate,
    /// [`ParseMode::InPlace`] for any other.
    pub fn parse_mode(mut self, parse_mode: ParseMode) -> Self {
        self.parse_mode = Some(parse_mode);
        self
    }

    /// Sets timeouts, proxies and certificates. Default: [`TransportSettings::default`].
    pub fn transport(mut self, settings: TransportSettings) -> Self {
        self.transport = settings;
        self
    }

    /// Trusts the certificates in a PEM file, in addition to the usual ones. They may belong to an authority or to
    /// the server itself, such as one made by plain `openssl req -x509`. The file is read when the connection is
    /// made. Default: none, unless `SSL_CERT_FILE` names one.
    ///
    /// ```no_run
    /// # #[cfg(feature = "async")] {
    /// let api = wandb_export::Api::builder().base_url("https://wandb.lab").ca_file("wandb.lab.pem").connect()?;
    /// # let _ = api; }
    /// # Ok::<(), wandb_export::Error>(())
    /// ```
    pub fn ca_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.ca_files.push(file.into());
        self
    }

    /// Sets the environment to read defaults from. Default: this process and its disk.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Connects over reqwest. The calling program must run tokio.
    ///
    /// # Errors
    /// [`Error::NoApiKey`], or an error in the settings. Sends no request yet.
    #[cfg(feature = "async")]
    pub fn connect(mut self) -> Result<Api, Error> {
        self.read_ca_files()?;
        let transport = wandb_http_async::ReqwestTransport::with_settings(&self.transport_settings())?;
        self.parse_on_threads().connect_over(Arc::new(transport))
    }

    /// Connects over ureq, whose requests run on threads.
    #[cfg(feature = "blocking")]
    pub(crate) fn connect_over_ureq(mut self) -> Result<Api, Error> {
        self.read_ca_files()?;
        let transport = wandb_http_blocking::UreqTransport::with_settings(&self.transport_settings())?;
        let adapter = wandb_core::blocking::BlockingAdapter::new(transport);
        self.parse_on_threads().connect_over(Arc::new(adapter))
    }

    /// Returns the settings of the transport. Unless they limit the idle connections themselves, every request in flight
    /// may leave its connection to the next one.
    #[cfg(any(feature = "async", feature = "blocking"))]
    fn transport_settings(&self) -> TransportSettings {
        let settings = self.transport.clone();
        let default = TransportSettings::default().max_idle_per_host;
        if settings.max_idle_per_host != default {
            return settings;
        }
        let in_flight = self.concurrency.max(self.downloads).unwrap_or_default();
        settings.with_max_idle_per_host(default.max(in_flight))
    }

    #[cfg(any(feature = "async", feature = "blocking"))]
    fn read_ca_files(&mut self) -> Result<(), Error> {
        for file in std::mem::take(&mut self.ca_files) {
            let text = std::fs::read(&file).map_err(|source| {
                Error::usage(format!("no certificates could be read from {}: {source}", file.display()))
            })?;
            if !text.windows(PEM_CERTIFICATE.len()).any(|window| window == PEM_CERTIFICATE) {
                return Err(Error::usage(format!(
                    "{} holds no certificate (expected PEM: -----BEGIN CERTIFICATE-----)",
                    file.display()
                )));
            }
            self.transport.root_certificates.push(text.into());
        }
        Ok(())
    }

    #[cfg(any(feature = "async", feature = "blocking"))]
    fn parse_on_threads(mut self) -> Self {
        self.parse_mode.get_or_insert(ParseMode::OnThreads);
        self
    }

    /// Connects over a custom transport.
    ///
    /// # Errors
    /// Same as for the transports of this crate.
    pub fn connect_over(self, transport: Arc<dyn Transport>) -> Result<Api, Error> {
        let environment = self.environment.unwrap_or_else(environment::read_process_environment);
        let settings = Settings::load(&environment)?;
        let base_url = match &self.base_url {
            Some(url) => {
                BaseUrl::parse(url).map_err(|error| Error::usage(wandb_core::error::with_causes(&error)))?
            }
            None => settings.base_url.value.clone(),
        };
        let key = match self.api_key {
            Some(key) => key,
            None => match Credential::resolve(None, &environment, &base_url)? {
                Some(credential) => credential.key,
                None => return Err(Error::NoApiKey { server: base_url.to_string() }),
            },
        };
        let mut client = Client::builder(transport, base_url)
            .api_key(&key)
            .seed(RandomState::new().hash_one(0))
            .parse_mode(self.parse_mode.unwrap_or_default());
        if let Some(requests) = self.concurrency {
            client = client.concurrency(requests);
        }
        if let Some(transfers) = self.downloads {
            client = client.downloads(transfers);
        }
        if let Some(bytes) = self.memory {
            client = client.memory(bytes);
        }
        if let Some(policy) = self.retry {
            client = client.retry(policy);
        }
        let stall_timeout = self.transport.stall_timeout;
        // A longer stall timeout implies that such pauses are acceptable.
        let floor = ProgressFloor::default();
        let floor = floor.with_window(floor.window.max(stall_timeout));
        client = client.progress_floor(self.floor.unwrap_or(floor));
        if let Some(bytes) = self.max_file_size {
            client = client.file_limit(bytes);
        }
        if let Some(duration) = self.time_allowed {
            client = client.time_allowed(duration);
        }
        if let Some(Observer(observer)) = self.observer {
            client = client.on_wait(move |waiting| observer(waiting));
        }
        let mut defaults = settings.path_defaults();
        if let Some(entity) = self.entity {
            defaults = defaults.with_entity(entity);
        }
        if let Some(project) = self.project {
            defaults = defaults.with_project(project);
        }
        Ok(Api::with_client(client.build(), defaults))
    }
}

#[cfg(all(test, any(feature = "async", feature = "blocking")))]
mod tests {
    use super::*;

    #[test]
    fn idle_connections_follow_the_limits_in_flight() {
        let idle = |builder: ApiBuilder| builder.transport_settings().max_idle_per_host;
        let default = TransportSettings::default().max_idle_per_host;
        assert_eq!(idle(Api::builder()), default);
        assert_eq!(idle(Api::builder().downloads(4)), default);
        assert_eq!(idle(Api::builder().downloads(100).concurrency(50)), 100);
        assert_eq!(idle(Api::builder().concurrency(200)), 200);
        let chosen = TransportSettings::default().with_max_idle_per_host(5);
        assert_eq!(idle(Api::builder().transport(chosen).downloads(100)), 5, "a chosen limit stays");
    }
}
