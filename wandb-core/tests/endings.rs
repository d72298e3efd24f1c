//! Tests that every wait ends within its time limit.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use wandb_core::BaseUrl;
use wandb_core::client::{Client, ClientBuilder, RetryPolicy};
use wandb_core::error::Error;
use wandb_core::operation::{AnswerError, Endpoint, Operation, UnsupportedFields};
use wandb_core::simulation::{Faults, Simulation};
use wandb_core::transport::{self, Request};

/// Requests a text, which must be `ok`.
struct Ask;

impl Operation for Ask {
    type Answer = ();

    fn name(&self) -> &'static str {
        "Ask"
    }

    fn subject(&self) -> String {
        "everything".to_owned()
    }

    fn request(&self, endpoint: &Endpoint, _: &UnsupportedFields) -> Result<Request, AnswerError> {
        http::Request::post(endpoint.graphql_url().as_str())
            .body(Bytes::new())
            .map_err(|error| AnswerError::InvalidRequest { message: error.to_string() })
    }

    fn answer(&self, response: http::Response<Bytes>) -> Result<(), AnswerError> {
        match response.body().as_ref() {
            b"ok" => Ok(()),
            body => Err(AnswerError::malformed("it is not ok", body)),
        }
    }
}

/// A server that always sends the same response.
fn server(
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
    faults: Faults,
) -> Simulation {
    Simulation::new(1, faults, move |_: &Request| {
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(Bytes::from_static(body.as_bytes())).expect("a response")
    })
}

fn client(simulation: &Simulation) -> ClientBuilder {
    Client::builder(simulation.transport(), BaseUrl::parse("https://simulated.example").expect("a URL"))
}

const DAYS: &[(&str, &str)] = &[("retry-after", "999999")];
const YEAR_9999: &[(&str, &str)] =
    &[("date", "Sat, 28 Nov 2026 18:00:00 GMT"), ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")];
const RESET: &[(&str, &str)] =
    &[("ratelimit-limit", "100"), ("ratelimit-remaining", "0"), ("ratelimit-reset", "999999")];

#[test]
fn retry_after_beyond_the_longest_ends_the_call() {
    for (status, headers) in [(429, DAYS), (503, DAYS), (429, YEAR_9999), (429, RESET)] {
        let simulation = server(status, headers, "no", Faults::none());
        let client = client(&simulation).build();
        for asked in 1..=3 {
            let error = simulation.run(client.call(Ask)).expect("it ends").expect_err("a refusal");
            assert!(error.is_final(), "{error}");
            let Error::Deferred { wait, .. } = error else { panic!("{error}") };
            assert!(wait > Duration::from_secs(999_000), "{wait:?}");
            assert_eq!(simulation.report().requests, 1, "call {asked} sends no request");
        }
        assert!(simulation.report().elapsed < Duration::from_secs(1));
    }
}

#[test]
fn server_is_retried_after_its_wait() {
    let simulation = server(429, &[("retry-after", "1000")], "no", Faults::none());
    let client = client(&simulation).build();
    for _ in 0..2 {
        let error = simulation.run(client.call(Ask)).expect("it ends").expect_err("a refusal");
        assert!(matches!(error, Error::Deferred { .. }), "{error}");
        simulation.run(simulation.transport().sleep(Duration::from_secs(1_001))).expect("time passes");
    }
    assert_eq!(simulation.report().requests, 2);
}

#[test]
fn longest_wait_is_configurable() {
    let simulation = server(429, &[("retry-after", "1000")], "no", Faults::none());
    let patient =
        RetryPolicy::default().with_max_attempts(3).with_max_retry_after(Duration::from_secs(1_000));
    let client = client(&simulation).retry(patient).build();
    let error = simulation.run(client.call(Ask)).expect("it ends").expect_err("a refusal");
    assert!(matches!(error, Error::Status { attempts: 3, .. }), "{error}");
    assert!(simulation.report().elapsed >= Duration::from_secs(2_000));
}

#[test]
fn unreadable_answer_is_retried_once() {
    let simulation = server(200, &[], "{\"da", Faults::none());
    let client = client(&simulation).build();
    let error = simulation.run(client.call(Ask)).expect("it ends").expect_err("no answer");
    assert!(matches!(error, Error::Answer { attempts: 2, .. }), "{error}");
    assert!(simulation.report().elapsed < Duration::from_secs(2));
}

#[test]
fn unreadable_answer_is_retried_after_other_failures() {
    let asked = AtomicU64::new(0);
    let simulation = Simulation::new(1, Faults::none(), move |_: &Request| {
        let (status, body) = match asked.fetch_add(1, Ordering::Relaxed) {
            0..3 => (503, "busy"),
            3 => (200, "garbled"),
            _ => (200, "ok"),
        };
        http::Response::builder()
            .status(status)
            .body(Bytes::from_static(body.as_bytes()))
            .expect("a response")
    });
    let client = client(&simulation).build();
    simulation.run(client.call(Ask)).expect("it ends").expect("an answer");
}

/// Bodies arrive at a byte a second.
fn trickling() -> Faults {
    let mut faults = Faults::none();
    faults.trickle = 1.0;
    faults
}

/// No request is answered.
fn silent() -> Faults {
    let mut faults = Faults::none();
    faults.timeout = 1.0;
    faults
}

#[test]
fn trickling_answer_times_out() {
    let simulation =
        Simulation::new(1, trickling(), |_: &Request| http::Response::new(Bytes::from(vec![b' '; 100_000])));
    let once = RetryPolicy::default().with_max_attempts(1);
    let client = client(&simulation).retry(once).build();
    let error = simulation.run(client.call(Ask)).expect("it ends").expect_err("too slow");
    assert!(error.is_overload(), "{error}");
    assert!(error.with_causes().contains("fewer than the minimum of 1024"), "{error}");
    assert!(simulation.report().elapsed < Duration::from_secs(32), "{:?}", simulation.report());
}

#[test]
fn silent_body_times_out_over_any_transport() {
    struct Silent(Simulation);

    #[async_trait::async_trait]
    impl wandb_core::transport::Transport for Silent {
        async fn send(&self, _: Request) -> Result<transport::Response, transport::TransportError> {
            let never = futures_util::stream::pending();
            Ok(http::Response::new(transport::Body::from_stream(never)))
        }

        async fn sleep(&self, duration: Duration) {
            self.0.transport().sleep(duration).await;
        }

        fn now(&self) -> transport::Moment {
            self.0.transport().now()
        }
    }

    let simulation = server(200, &[], "ok", Faults::none());
    let url = BaseUrl::parse("https://simulated.example").expect("a URL");
    let client =
        Client::builder(Arc::new(Silent(simulation.clone())), url).retry(RetryPolicy::never()).build();
    let error = simulation.run(client.call(Ask)).expect("it ends").expect_err("a timeout");
    assert!(error.is_overload(), "{error}");
    assert_eq!(simulation.report().elapsed, Duration::from_secs(30));
}

#[test]
fn time_limit_ends_any_wait() {
    let cases = [
        server(503, &[], "busy", Faults::none()),
        server(429, &[("retry-after", "600")], "no", Faults::none()),
        server(200, &[], "a long answer, a byte a second", trickling()),
        server(200, &[], "ok", silent()),
    ];
    for simulation in cases {
        let allowed = Duration::from_secs(20);
        let client = client(&simulation).time_allowed(allowed).build();
        let error = simulation.run(client.call(Ask)).expect("it ends").expect_err("no time");
        assert!(matches!(error, Error::OutOfTime { .. }) && error.is_final(), "{error}");
        assert_eq!(simulation.report().elapsed, allowed, "{error}");
        let requests = simulation.report().requests;
        simulation.run(client.call(Ask)).expect("it ends").expect_err("still no time");
        assert_eq!(simulation.report().requests, requests);
    }
}

#[test]
fn long_waits_are_reported_every_ten_seconds() {
    for (simulation, said) in [
        (
            server(429, &[("retry-after", "600")], "no", Faults::none()),
            "waiting to try Ask of everything again",
        ),
        (server(200, &[], "ok", silent()), "waiting for the answer to Ask of everything: 10 s so far"),
        (server(503, &[], "busy", Faults::none()), "(the server answered 503 Service Unavailable)"),
    ] {
        let notices = Arc::new(Mutex::new(Vec::new()));
        let (heard, clock) = (Arc::clone(&notices), simulation.clone());
        let observer = move |waiting: &wandb_core::client::Waiting| {
            heard.lock().expect("no panic").push((clock.report().elapsed, waiting.to_string()));
        };
        let client = client(&simulation).on_wait(observer).build();
        simulation.run(client.call(Ask)).expect("it ends").expect_err("no answer");
        let notices = notices.lock().expect("no panic");
        let (first, text) = notices.first().expect("a notice");
        assert!(first.as_secs() <= 11 && text.contains(said), "{first:?} {text}");
        assert!(notices.windows(2).all(|pair| pair[1].0 >= pair[0].0 + Duration::from_secs(10)));
    }
}

#[test]
fn short_waits_are_not_reported() {
    let simulation = server(429, &[("retry-after", "1")], "no", Faults::none());
    let notices = Arc::new(AtomicU64::new(0));
    let heard = Arc::clone(&notices);
    let observer = move |_: &wandb_core::client::Waiting| {
        heard.fetch_add(1, Ordering::Relaxed);
    };
    let retry = RetryPolicy::default().with_max_attempts(3);
    let client = client(&simulation).on_wait(observer).retry(retry).build();
    simulation.run(client.call(Ask)).expect("it ends").expect_err("no answer");
    assert_eq!(notices.load(Ordering::Relaxed), 0);
}
