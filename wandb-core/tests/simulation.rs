//! Runs the client against thousands of seeded fault schedules in virtual time.
//!
//! `WANDB_SIMULATION_SEED=N cargo test -p wandb-core --features mock --test simulation` replays one schedule;
//! `WANDB_SIMULATION_SCHEDULES=N` sets their number.

#![expect(clippy::disallowed_methods, reason = "a test may read its seed from the environment")]
#![expect(clippy::print_stderr, reason = "a failing seed is printed")]

#[path = "simulation/downloads.rs"]
mod downloads;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use wandb_core::BaseUrl;
use wandb_core::client::{Client, RetryPolicy};
use wandb_core::operation::{
    AnswerError, Endpoint, Field, Operation, PageSize, Paged, UnsupportedFields, Windowed,
};
use wandb_core::simulation::{Faults, Simulation};
use wandb_core::transport::Request;

/// The steps logged by a simulated run.
#[derive(Clone)]
struct SimulatedRun {
    steps: Arc<BTreeSet<i64>>,
    max_rows: usize,
}

/// Requests the steps in a range. The answer is a JSON list.
struct Steps(Range<i64>);

fn parse(response: &http::Response<Bytes>) -> Result<serde_json::Value, AnswerError> {
    serde_json::from_slice(response.body())
        .map_err(|error| AnswerError::malformed(error.to_string(), response.body()))
}

fn refusal(value: &serde_json::Value) -> Option<AnswerError> {
    let message = value.get("error")?.as_str()?.to_owned();
    Some(match message.as_str() {
        "too much" => AnswerError::TooLarge { message },
        "lacks" => AnswerError::UnsupportedFields([EXTRA].into_iter().collect()),
        _ => AnswerError::Failed { message },
    })
}

const EXTRA: Field = Field::new("Run", "extra");

fn request(endpoint: &Endpoint, path: &str) -> Result<Request, AnswerError> {
    http::Request::post(format!("{}?{path}", endpoint.graphql_url()))
        .body(Bytes::new())
        .map_err(|error| AnswerError::InvalidRequest { message: error.to_string() })
}

fn numbers(value: &serde_json::Value) -> Option<Vec<i64>> {
    value.as_array()?.iter().map(serde_json::Value::as_i64).collect()
}

impl Operation for Steps {
    type Answer = Vec<i64>;

    fn name(&self) -> &'static str {
        "Steps"
    }

    fn subject(&self) -> String {
        format!("{}..{}", self.0.start, self.0.end)
    }

    fn optional_fields(&self) -> &'static [Field] {
        const { &[EXTRA] }
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let extra = if unsupported.contains(&EXTRA) { "" } else { ",extra" };
        request(endpoint, &format!("steps,{},{}{extra}", self.0.start, self.0.end))
    }

    fn answer(&self, response: http::Response<Bytes>) -> Result<Vec<i64>, AnswerError> {
        let value = parse(&response)?;
        if let Some(refusal) = refusal(&value) {
            return Err(refusal);
        }
        numbers(&value).ok_or_else(|| AnswerError::malformed("not a list of steps", response.body()))
    }
}

struct AllSteps {
    steps: Range<i64>,
    page_size: PageSize,
}

impl Windowed for AllSteps {
    type Part = Steps;

    fn steps(&self) -> Range<i64> {
        self.steps.clone()
    }

    fn page_size(&self) -> PageSize {
        self.page_size
    }

    fn part(&self, steps: Range<i64>) -> Steps {
        Steps(steps)
    }

    fn rows(&self, answer: &Vec<i64>) -> u64 {
        answer.len() as u64
    }

    fn trusted_rows(&self, _: u64) -> u64 {
        u64::MAX
    }
}

/// Requests a page of steps after a cursor.
struct StepPage {
    after: i64,
    size: usize,
}

impl Operation for StepPage {
    type Answer = Vec<i64>;

    fn name(&self) -> &'static str {
        "StepPage"
    }

    fn subject(&self) -> String {
        format!("after {}", self.after)
    }

    fn request(&self, endpoint: &Endpoint, _: &UnsupportedFields) -> Result<Request, AnswerError> {
        request(endpoint, &format!("page,{},{}", self.after, self.size))
    }

    fn answer(&self, response: http::Response<Bytes>) -> Result<Vec<i64>, AnswerError> {
        Steps(0..0).answer(response)
    }
}

impl Paged for StepPage {
    type Item = i64;

    fn next(&self, answer: &Vec<i64>) -> Option<Self> {
        (answer.len() == self.size).then(|| Self { after: *answer.last().expect("steps"), ..*self })
    }

    fn items(answer: Vec<i64>) -> Vec<i64> {
        answer
    }

    fn smaller(&self) -> Option<Self> {
        (self.size > 1).then_some(Self { size: self.size / 2, ..*self })
    }
}

impl SimulatedRun {
    fn answer(&self, request: &Request) -> http::Response<Bytes> {
        assert!(request.headers().contains_key("authorization"), "the key is sent");
        let query = request.uri().query().expect("a query");
        let words: Vec<&str> = query.split(',').collect();
        let number = |index: usize| words[index].parse::<i64>().expect("a number");
        let found: Vec<i64> = match words[0] {
            "steps" => self.steps.range(number(1)..number(2)).copied().collect(),
            "page" => {
                let size = usize::try_from(number(2)).expect("a size");
                self.steps.range(number(1) + 1..).take(size).copied().collect()
            }
            other => panic!("{other}"),
        };
        let body = if words.last() == Some(&"extra") {
            r#"{"error":"lacks"}"#.to_owned()
        } else if found.len() > self.max_rows {
            r#"{"error":"too much"}"#.to_owned()
        } else {
            serde_json::to_string(&found).expect("JSON")
        };
        http::Response::new(Bytes::from(body))
    }
}

fn client(simulation: &Simulation, seed: u64, concurrency: usize) -> Client {
    let base_url = BaseUrl::parse("https://simulated.example").expect("a URL");
    let key = wandb_core::ApiKey::parse(&"k".repeat(40)).expect("a key");
    Client::builder(simulation.transport(), base_url)
        .api_key(&key)
        .concurrency(concurrency)
        .seed(seed)
        .retry(RetryPolicy::default().with_max_attempts(ATTEMPTS).with_max_attempts_if_persistent(ATTEMPTS))
        .build()
}

/// More attempts than any schedule needs: even at the maximum fault rates below, the probability of 40 consecutive
/// failures is under 1e-12.
const ATTEMPTS: u32 = 40;

fn schedules() -> Box<dyn Iterator<Item = u64>> {
    let number = |name| std::env::var(name).ok().map(|text: String| text.parse::<u64>().expect("a number"));
    match number("WANDB_SIMULATION_SEED") {
        Some(seed) => Box::new(std::iter::once(seed)),
        None => Box::new(0..number("WANDB_SIMULATION_SCHEDULES").unwrap_or(10_000)),
    }
}

/// Runs `check` for every seed. On failure, prints the seed and the command that reproduces it.
fn for_every_schedule(check: impl Fn(u64, &mut fastrand::Rng)) {
    for seed in schedules() {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            check(seed, &mut fastrand::Rng::with_seed(seed ^ 0x5eed));
        }));
        if let Err(panic) = outcome {
            eprintln!(
                "schedule {seed} failed; to reproduce it: \
                 WANDB_SIMULATION_SEED={seed} cargo test -p wandb-core --features mock --test simulation"
            );
            std::panic::resume_unwind(panic);
        }
    }
}

fn faults(rng: &mut fastrand::Rng) -> Faults {
    let odd = vec![Bytes::from_static(br#"{"error":"lock wait timeout"}"#)];
    let mut faults = Faults::each(rng.f64() * 0.06, odd);
    faults.latency.end = Duration::from_millis(rng.u64(2..5_000));
    faults
}

fn simulated_run(rng: &mut fastrand::Rng) -> SimulatedRun {
    let mut steps = BTreeSet::new();
    let mut step = rng.i64(0..2_000);
    for _ in 0..rng.usize(0..120) {
        steps.insert(step);
        step += if rng.f64() < 0.02 { rng.i64(1..50_000) } else { rng.i64(1..4) };
    }
    SimulatedRun { steps: Arc::new(steps), max_rows: rng.usize(1..60) }
}

#[test]
fn windows_return_every_row_once_in_order() {
    for_every_schedule(|seed, rng| {
        let run = simulated_run(rng);
        let last = run.steps.last().copied().unwrap_or(0);
        let concurrency = rng.usize(1..12);
        let windowed =
            AllSteps { steps: 0..last + 1, page_size: PageSize::adaptive(rng.u64(1..60), rng.u64(60..200)) };
        let faults = faults(rng);
        let slowest = faults.latency.end;
        let server = run.clone();
        let simulation = Simulation::new(seed, faults, move |request| server.answer(request));
        let client = client(&simulation, seed, concurrency);

        let windows: Vec<_> = simulation
            .run(client.windows(windowed).try_collect())
            .expect("the simulation ends")
            .expect("every fault passes");

        let mut next = 0;
        for window in &windows {
            assert_eq!(window.steps.start, next, "windows join without gap or overlap");
            next = window.steps.end;
        }
        assert_eq!(next, last + 1);
        let rows: Vec<i64> = windows.into_iter().flat_map(|window| window.answer).collect();
        assert!(rows.iter().eq(run.steps.iter()), "the rows are the fault-free ones");

        let report = simulation.report();
        assert!(report.most_in_flight <= concurrency as u64, "{report:?}");
        // The worst case is one window per row, a doubling search over each gap, and twice that for splits.
        let unfaulted = 40 + 8 * (run.steps.len() as u64) + 64 * 40;
        assert!(report.requests <= unfaulted + 4 * report.faulty, "{report:?}");
        let longest = Duration::from_secs(60 + 30) + slowest;
        let bound = longest * u32::try_from(report.faulty + 1).expect("few")
            + slowest * u32::try_from(report.requests).expect("few");
        assert!(report.elapsed <= bound, "{report:?} within {bound:?}");
    });
}

/// A server that adds white space after each step.
fn padded(
    run: SimulatedRun,
    bytes: impl Fn(i64) -> usize + Send + Sync + 'static,
) -> impl Fn(&Request) -> http::Response<Bytes> {
    move |request| {
        let response = run.answer(request);
        let Ok(steps) = serde_json::from_slice::<Vec<i64>>(response.body()) else { return response };
        let steps = steps.iter().map(|step| format!("{step}{}", " ".repeat(bytes(*step))));
        http::Response::new(Bytes::from(format!("[{}]", steps.collect::<Vec<_>>().join(","))))
    }
}

/// Two streams, rows of very different sizes, and concurrent calls. All of them end, and only answers that are needed
/// next exceed the memory budget.
#[test]
fn memory_budget_holds_without_deadlock() {
    for_every_schedule(|seed, rng| {
        if seed % 20 > 0 {
            return;
        }
        let steps: BTreeSet<i64> = (0..rng.i64(1..800)).collect();
        let run = SimulatedRun { steps: Arc::new(steps), max_rows: usize::MAX };
        let end = run.steps.last().map_or(0, |last| last + 1);
        let (small, large) = (rng.usize(0..3_000), rng.usize(1..150_000));
        let (every, from) = (rng.i64(1..100), rng.i64(0..800));
        let size = move |step: i64| if step > from && step % every == 0 { large } else { small };
        let simulation = Simulation::new(seed, Faults::none(), padded(run.clone(), size));
        let memory = rng.u64(256..4_096) << 10;
        let base_url = BaseUrl::parse("https://simulated.example").expect("a URL");
        let key = wandb_core::ApiKey::parse(&"k".repeat(40)).expect("a key");
        let client = Client::builder(simulation.transport(), base_url)
            .api_key(&key)
            .memory(memory)
            .concurrency(rng.usize(1..12))
            .retry(
                RetryPolicy::default().with_max_attempts(ATTEMPTS).with_max_attempts_if_persistent(ATTEMPTS),
            )
            .build();
        let windowed = || AllSteps { steps: 0..end, page_size: PageSize::adaptive(100, 1_000) };
        let calls = async {
            for _ in 0..5 {
                client.call(Steps(0..20)).await.expect("an answer");
            }
        };
        let read = || client.windows(windowed()).try_collect::<Vec<_>>();
        let all = futures_util::future::join3(read(), read(), calls);
        let (one, other, ()) = simulation.run(all).expect("no deadlock");
        let rows = [one, other].map(|windows| {
            let windows = windows.expect("every answer arrives").into_iter();
            windows.flat_map(|window| window.answer).collect::<Vec<_>>()
        });
        for rows in rows {
            assert!(rows.iter().eq(run.steps.iter()), "the rows are the fault-free ones");
        }
        // Answers that are needed now may exceed the budget: a window of each stream, and a call.
        let part = (memory / 16).max(64 << 10);
        let most =
            memory + 2 * part.max(large as u64 + 100) + 20 * (large.max(small) as u64 + 100) + (64 << 10);
        let used = client.stats().most_memory;
        assert!(used <= most, "{used} of {memory}");
    });
}

#[test]
fn pages_return_every_item_once_in_order() {
    for_every_schedule(|seed, rng| {
        let run = simulated_run(rng);
        let server = run.clone();
        let simulation = Simulation::new(seed, faults(rng), move |request| server.answer(request));
        let client = client(&simulation, seed, 4);
        let items: Vec<i64> = simulation
            .run(client.items(StepPage { after: -1, size: 16 }).try_collect())
            .expect("the simulation ends")
            .expect("every fault passes");
        assert!(items.iter().eq(run.steps.iter()));
        let report = simulation.report();
        // The worst case is one step per page, after four halvings, and one request per fault.
        assert!(report.requests <= run.steps.len() as u64 + 1 + 4 + report.faulty, "{report:?}");
    });
}

#[test]
fn dropped_stream_sends_no_more_requests() {
    for_every_schedule(|seed, rng| {
        let run = SimulatedRun { steps: Arc::new((0..5_000).collect()), max_rows: usize::MAX };
        let simulation = Simulation::new(seed, faults(rng), move |request| run.answer(request));
        let client = client(&simulation, seed, 4);
        let windowed = AllSteps { steps: 0..5_000, page_size: PageSize::fixed(100) };
        let taken = rng.usize(0..5);
        let windows = client.windows(windowed).take(taken).try_collect::<Vec<_>>();
        let windows = simulation.run(windows).expect("the simulation ends").expect("every fault passes");
        assert_eq!(windows.len(), taken);
        let sent = simulation.report().requests;
        let transport = simulation.transport();
        simulation.run(transport.sleep(Duration::from_secs(1_000))).expect("time passes");
        assert_eq!(simulation.report().requests, sent);
    });
}

#[test]
fn missing_field_is_learned_once_and_reported() {
    let run = SimulatedRun { steps: Arc::new((0..50).collect()), max_rows: usize::MAX };
    let simulation = Simulation::new(1, Faults::none(), move |request| run.answer(request));
    let client = client(&simulation, 1, 4);
    for _ in 0..3 {
        let reply = simulation.run(client.call(Steps(0..50))).expect("it ends").expect("an answer");
        assert_eq!(reply.answer.len(), 50);
        assert_eq!(reply.unsupported, UnsupportedFields::from_iter([EXTRA]));
    }
    assert_eq!(simulation.report().requests, 4, "only the first call asks twice");
}

#[test]
fn permanent_failure_ends_the_stream_in_order() {
    let answer = |request: &Request| {
        let failing = request.uri().query().is_some_and(|query| query.starts_with("steps,200,"));
        let status = if failing { 422 } else { 200 };
        let builder = http::Response::builder().status(status);
        builder.body(Bytes::from_static(if failing { b"no" } else { b"[]" })).expect("a response")
    };
    let simulation = Simulation::new(3, Faults::none(), answer);
    let client = client(&simulation, 3, 8);
    let windowed = AllSteps { steps: 0..1_000, page_size: PageSize::fixed(100) };
    let windows: Vec<_> = simulation.run(client.windows(windowed).collect()).expect("it ends");
    let starts: Vec<i64> = windows.iter().flatten().map(|window| window.steps.start).collect();
    assert_eq!(starts, [0, 100]);
    let error = windows.last().expect("the error").as_ref().expect_err("the last is the error").to_string();
    assert_eq!(error, "Steps of 200..300: the server answered 422 Unprocessable Entity after 1 try: no");
}
