//! Reads whole histories from simulated servers over faulty networks. The runs have repeated steps and gaps.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use wandb_core::PathDefaults;
use wandb_core::client::{Client, RetryPolicy};
use wandb_core::simulation::{Faults, Report, Simulation};
use wandb_local_server::{NewRun, Options, RowLimits, Store};

use super::HistoryReport;
use crate::api::Api;
use crate::issue::Issue;

const RUN: &str = "local-team/p/r";

/// A run whose rows are derived from the seed.
struct TestRun {
    store: Store,
    /// The texts of its rows, in step order.
    rows: Vec<String>,
    limits: RowLimits,
}

/// The number of rows of one step, as logged by two sessions or by a process that does not count steps.
fn random_row_count(rng: &mut fastrand::Rng, usual: bool) -> usize {
    match rng.u32(0..400) {
        0 => rng.usize(900..2_600),
        1..40 => rng.usize(2..4),
        _ if usual => 2,
        _ => 1,
    }
}

fn test_run(rng: &mut fastrand::Rng) -> TestRun {
    let (mut rows, mut step) = (Vec::new(), rng.i64(0..2_000));
    let mut usual = rng.bool();
    for _ in 0..rng.usize(0..1_000) {
        for _ in 0..random_row_count(rng, usual) {
            // Some rows of a step are equal.
            let loss = rng.u8(0..4);
            let float = if rng.u32(0..50) == 0 { ".0" } else { "" };
            rows.push(format!(r#"{{"_step":{step}{float},"loss":{loss}}}"#));
        }
        if rng.u32(0..200) == 0 {
            usual = !usual;
        }
        step += if rng.f64() < 0.01 { rng.i64(1..30_000) } else { rng.i64(1..3) };
    }
    let store = Store::without_server(Options::default()).expect("a schema");
    store.add_run(NewRun { history: rows.clone(), ..NewRun::new("local-team", "p", "r") });
    let limits = RowLimits {
        rows: (rng.u32(0..4) == 0).then(|| rng.usize(1_000..12_000)),
        last_step: (rng.u32(0..4) == 0).then(|| rng.i64(0..=step)),
        ..RowLimits::default()
    };
    store.limit_rows(RUN, limits).expect("a run");
    TestRun { store, rows, limits }
}

fn faults(rng: &mut fastrand::Rng) -> Faults {
    let odd = vec![Bytes::from_static(br#"{"errors":[{"message":"lock wait timeout"}]}"#)];
    let mut faults = Faults::each(rng.f64() * 0.05, odd);
    faults.latency.end = Duration::from_millis(rng.u64(2..3_000));
    faults
}

fn read(store: &Store, seed: u64, faults: Faults) -> (Vec<String>, HistoryReport, Report) {
    let served = store.clone();
    let simulation = Simulation::new(seed, faults, move |request| served.answer(request));
    let policy = RetryPolicy::default().with_max_attempts(40).with_max_attempts_if_persistent(40);
    let key = Options::DEFAULT_API_KEY.parse().expect("a key");
    let client = Client::builder(simulation.transport(), "http://server.test".parse().expect("a URL"))
        .api_key(&key)
        .retry(policy)
        .seed(seed);
    let api = Api::with_client(client.build(), PathDefaults::default());
    let reading = async {
        let mut reader = api.scan_history(RUN).await.expect("a path").open().await.expect("a reader");
        let mut rows = Vec::new();
        while let Some(batch) = reader.next_batch().await.expect("rows") {
            rows.extend(batch.iter().map(|row| row.to_json_line().trim_end().to_owned()));
        }
        (rows, reader.finish().await.expect("an end"))
    };
    let (rows, end) = simulation.run(reading).unwrap_or_else(|stuck| panic!("{stuck}"));
    (rows, end, simulation.report())
}

fn count(rows: &[String]) -> HashMap<&str, usize> {
    let mut counts = HashMap::new();
    for row in rows {
        *counts.entry(row.as_str()).or_default() += 1;
    }
    counts
}

fn check_schedule(seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed ^ 0x4157);
    let test_run = test_run(&mut rng);
    let expected: Vec<String> = test_run.rows.iter().map(|row| row.replace(".0,", ",")).collect();
    let (rows, end, report) = read(&test_run.store, seed, faults(&mut rng));
    let step = |row: &String| row[9..row.find(',').expect("two keys")].parse::<i64>().expect("an integer");
    assert!(rows.is_sorted_by_key(step), "in step order");
    let (read, logged) = (count(&rows), count(&expected));
    assert!(read.iter().all(|(row, times)| times <= &logged[row]), "no row more often than it was logged");
    if test_run.limits.rows.is_none() {
        assert_eq!(rows.len(), expected.len(), "every row that the server has");
    }
    let is_short = rows.len() < expected.len();
    assert_eq!(end.issues.iter().any(|issue| matches!(issue, Issue::RowsMissing { .. })), is_short);
    // Pages, split windows, a doubling search over gaps, and a look past the end.
    let unfaulted = 400 + rows.len() as u64 / 20;
    assert!(report.requests <= unfaulted + 4 * report.faulty, "{report:?}, {} rows", rows.len());
}

#[test]
fn repeated_steps_are_complete_or_reported() {
    let number = |name| std::env::var(name).ok().map(|text: String| text.parse::<u64>().expect("a number"));
    let seeds = match number("WANDB_SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("WANDB_HISTORY_SCHEDULES").unwrap_or(25),
    };
    for seed in seeds {
        let outcome = std::panic::catch_unwind(|| check_schedule(seed));
        if let Err(panic) = outcome {
            eprintln!(
                "schedule {seed} failed; to see it again: WANDB_SIMULATION_SEED={seed} \
                 cargo test -p wandb-export --all-features --lib repeated_steps"
            );
            std::panic::resume_unwind(panic);
        }
    }
}
