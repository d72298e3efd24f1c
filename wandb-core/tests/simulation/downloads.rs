//! Downloads from storages of limited capacity, over a network with faults.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::{join, join_all};
use http::StatusCode;
use http::header::{CONTENT_RANGE, ETAG, LOCATION, RANGE};
use url::Url;
use wandb_core::BaseUrl;
use wandb_core::client::Client;
use wandb_core::simulation::{Faults, Simulation};
use wandb_core::transport::{Body, Moment, Request, Response, Transport, TransportError};

use super::{ATTEMPTS, for_every_schedule};

const API: &str = "https://simulated.example";

/// A network that counts the requests in flight to the server and to the storages, up to the ends of their bodies.
struct Network {
    inner: Arc<dyn Transport>,
    api: Arc<Count>,
    storage: Arc<Count>,
    /// The number of requests that the storages serve at once. They reject more.
    capacity: u64,
    rejected: AtomicU64,
}

#[derive(Default)]
struct Count {
    in_flight: AtomicU64,
    most: AtomicU64,
}

/// A request in flight.
struct InFlight(Arc<Count>);

impl Count {
    fn begin(self: &Arc<Self>) -> (InFlight, u64) {
        let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(now, Ordering::Relaxed);
        (InFlight(Arc::clone(self)), now)
    }

    fn most(&self) -> u64 {
        self.most.load(Ordering::Relaxed)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Network {
    fn new(simulation: &Simulation, capacity: u64) -> Arc<Self> {
        let (api, storage) = (Arc::default(), Arc::default());
        Arc::new(Self { inner: simulation.transport(), api, storage, capacity, rejected: AtomicU64::new(0) })
    }
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let is_api = request.uri().host() == Some("simulated.example");
        assert_eq!(
            is_api,
            request.headers().contains_key("authorization"),
            "the key is sent to the server only"
        );
        let (in_flight, at_once) = if is_api { self.api.begin() } else { self.storage.begin() };
        let response = self.inner.send(request).await?;
        if !is_api && at_once > self.capacity {
            self.rejected.fetch_add(1, Ordering::Relaxed);
            let busy = http::Response::builder().status(StatusCode::SERVICE_UNAVAILABLE);
            return Ok(busy.body(Body::empty()).expect("a response"));
        }
        Ok(response.map(|body| {
            Body::from_stream(body.inspect(move |_| {
                let _ = &in_flight;
            }))
        }))
    }

    async fn sleep(&self, duration: Duration) {
        self.inner.sleep(duration).await;
    }

    fn now(&self) -> Moment {
        self.inner.now()
    }
}

fn content(number: usize) -> Bytes {
    (0..number * 37 % 3_000).map(|at| u8::try_from((at * 7 + number) % 251).expect("small")).collect()
}

/// Serves files at paths `/NUMBER`. The server redirects to a storage.
fn serve(request: &Request) -> http::Response<Bytes> {
    let number: usize = request.uri().path().trim_start_matches('/').parse().expect("a number");
    let response = http::Response::builder();
    if request.uri().host() == Some("simulated.example") {
        let to = format!("https://storage-{}.example/{number}", number % 3);
        return response
            .status(StatusCode::FOUND)
            .header(LOCATION, to)
            .body(Bytes::new())
            .expect("a response");
    }
    let (content, response) = (content(number), response.header(ETAG, format!("\"{number}\"")));
    let from = request.headers().get(RANGE).and_then(|range| {
        range.to_str().ok()?.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok()
    });
    let served = match from {
        Some(from) if from < content.len() => response
            .status(StatusCode::PARTIAL_CONTENT)
            .header(CONTENT_RANGE, format!("bytes {from}-{}/{}", content.len() - 1, content.len()))
            .body(content.slice(from..)),
        Some(_) => response.status(StatusCode::RANGE_NOT_SATISFIABLE).body(Bytes::new()),
        None => response.header("content-length", content.len()).body(content),
    };
    served.expect("a response")
}

fn client(network: &Arc<Network>, seed: u64, concurrency: usize, downloads: usize) -> Client {
    let transport: Arc<dyn Transport> = Arc::<Network>::clone(network);
    let key = wandb_core::ApiKey::parse(&"k".repeat(40)).expect("a key");
    Client::builder(transport, BaseUrl::parse(API).expect("a URL"))
        .api_key(&key)
        .concurrency(concurrency)
        .downloads(downloads)
        .seed(seed)
        .retry(
            wandb_core::client::RetryPolicy::default()
                .with_max_attempts(ATTEMPTS)
                .with_max_attempts_if_persistent(ATTEMPTS),
        )
        .build()
}

/// Downloads a file and checks it.
async fn fetch(client: &Client, number: usize, is_redirected: bool) {
    let host = if is_redirected { API.to_owned() } else { format!("https://storage-{}.example", number % 3) };
    let url = Url::parse(&format!("{host}/{number}")).expect("a URL");
    let mut download = client.download(&[url], "a file").await.expect("every fault passes");
    let mut bytes = Vec::new();
    loop {
        match download.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => {
                download.restart(error).await.expect("every fault passes");
                bytes.clear();
            }
        }
    }
    assert!(bytes == content(number), "file {number} is another one");
}

#[test]
fn downloads_share_one_window() {
    for_every_schedule(|seed, rng| {
        if seed % 10 > 0 {
            return;
        }
        let mut faults = Faults::each(rng.f64() * 0.06, Vec::new());
        // A web page in place of a file is a file.
        faults.html = 0.0;
        faults.latency.end = Duration::from_millis(rng.u64(2..2_000));
        let slowest = faults.latency.end;
        let (files, concurrency, downloads) = (rng.usize(1..80), rng.usize(1..6), rng.usize(1..40));
        let capacity = if rng.bool() { u64::MAX } else { rng.u64(1..40) };
        let is_redirected: Vec<bool> = (0..files).map(|_| rng.u8(0..4) == 0).collect();
        let simulation = Simulation::new(seed, faults, serve);
        let network = Network::new(&simulation, capacity);
        let client = client(&network, seed, concurrency, downloads);

        let all = join_all((0..files).map(|number| fetch(&client, number, is_redirected[number])));
        simulation.run(all).expect("the simulation ends");

        let (api, storage) = (network.api.most(), network.storage.most());
        assert!(storage <= downloads as u64, "{storage} transfers at once");
        assert!(api <= concurrency as u64, "{api} requests to the server at once");
        assert_eq!(network.storage.in_flight.load(Ordering::Relaxed), 0);
        let report = simulation.report();
        let rejected = network.rejected.load(Ordering::Relaxed);
        let unfaulted = 2 * files as u64;
        assert!(
            report.requests <= unfaulted + 2 * (report.faulty + rejected),
            "{report:?}, {rejected} rejected"
        );
        // A file may wait for all others, and each of these for its faults.
        let longest = Duration::from_secs(60 + 60) + slowest;
        let bound = longest * u32::try_from(report.faulty + rejected + 1).expect("few")
            + slowest * u32::try_from(report.requests).expect("few");
        assert!(report.elapsed <= bound, "{report:?} within {bound:?}");
    });
}

#[test]
fn window_adapts_to_the_capacity_of_the_storage() {
    let simulation = Simulation::new(7, Faults::none(), serve);
    let network = Network::new(&simulation, 10);
    let client = client(&network, 7, 8, 32);
    let next = Mutex::new(0..2_000);
    let worker = || async {
        loop {
            let Some(number) = next.lock().expect("no panic").next() else { return };
            fetch(&client, number, false).await;
        }
    };
    simulation.run(join_all((0..48).map(|_| worker()))).expect("the simulation ends");
    let rejected = network.rejected.load(Ordering::Relaxed);
    // The window meets a few rejections each time that it has grown beyond the capacity.
    assert!(rejected <= 2_000 * 3 / 20, "{rejected} of 2000 files are rejected");
    // Each file takes 50 ms on average, and the storage serves ten at once.
    let elapsed = simulation.report().elapsed;
    assert!(elapsed <= Duration::from_secs(2_000 / 10 * 2 / 20), "{elapsed:?}");
}

#[test]
fn requests_to_the_server_and_downloads_have_separate_limits() {
    let simulation = Simulation::new(3, Faults::none(), serve);
    let network = Network::new(&simulation, u64::MAX);
    let client = client(&network, 3, 2, 12);
    let direct = join_all((0..200).map(|number| fetch(&client, number, false)));
    let redirected = join_all((200..400).map(|number| fetch(&client, number, true)));
    simulation.run(join(direct, redirected)).expect("the simulation ends");
    assert_eq!((network.api.most(), network.storage.most()), (2, 12));
}
