use futures_util::FutureExt;
use futures_util::future::join_all;

use super::*;
use crate::simulation::{Faults, Simulation};

fn nowhere(seed: u64) -> Simulation {
    Simulation::new(seed, Faults::none(), |_| http::Response::new(bytes::Bytes::new()))
}

#[test]
fn released_bytes_can_be_reserved_again() {
    let budget = MemoryBudget::new(100);
    let first = budget.reserve_ahead(40).expect("there is room");
    assert!(budget.reserve_ahead(11).is_none(), "half is kept for answers needed now");
    let wanted = budget.reserve(70);
    assert_eq!(budget.peak_used(), 110, "answers needed now ignore the budget");
    drop((first, wanted));
    assert!(budget.reserve_ahead(50).is_some());
}

#[test]
fn last_clone_releases_held_bytes() {
    let budget = MemoryBudget::new(100);
    let held = HeldBytes::new(budget.reserve(50));
    let clone = held.clone();
    drop(held);
    assert!(budget.reserve_ahead(1).is_none());
    drop(clone);
    assert!(budget.reserve_ahead(50).is_some());
}

#[test]
fn growth_waits_for_released_bytes() {
    let (simulation, budget) = (nowhere(1), MemoryBudget::new(100));
    let transport = simulation.transport();
    let done = simulation.run(async {
        let other = budget.reserve(90);
        let mut growing = budget.reserve(0);
        {
            let mut growth = Box::pin(growing.grow_to(50, budget.rank(), &*transport));
            assert!(growth.as_mut().now_or_never().is_none(), "there is no room");
            drop(other);
            growth.await;
        }
        growing.bytes()
    });
    assert_eq!((done.expect("it ends"), budget.peak_used()), (50, 90));
}

#[test]
fn one_answer_may_exceed_the_budget() {
    let (simulation, budget) = (nowhere(1), MemoryBudget::new(100));
    let transport = simulation.transport();
    let grown = simulation.run(async {
        let mut answers: Vec<_> = (0..4).map(|_| (budget.reserve(0), budget.rank())).collect();
        let all = answers.iter_mut().map(|(reservation, rank)| {
            let (rank, transport) = (*rank, &transport);
            async move {
                for bytes in (10..=300).step_by(10) {
                    reservation.grow_to(bytes, rank, &**transport).await;
                    transport.sleep(Duration::from_millis(1)).await;
                }
                let bytes = reservation.bytes();
                // Simulate that the answer has been used.
                drop(std::mem::replace(reservation, reservation.budget.reserve(0)));
                bytes
            }
        });
        join_all(all).await
    });
    assert_eq!(grown.expect("no deadlock"), [300; 4]);
    assert!(budget.peak_used() <= 400, "one at a time: {}", budget.peak_used());
    assert!(simulation.report().elapsed < PATIENCE, "{:?}", simulation.report().elapsed);
}

/// Answers grow, hold bytes that others need, and are dropped, in any order.
#[test]
fn no_order_of_answers_deadlocks() {
    for seed in 0..400 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (simulation, budget) = (nowhere(seed), MemoryBudget::new(1_000));
        let transport = simulation.transport();
        let mut plans: Vec<Vec<u64>> = Vec::new();
        for _ in 0..random.usize(1..12) {
            let mut bytes = 0;
            let growth = (0..random.usize(1..8)).map(|_| {
                bytes += random.u64(0..600);
                bytes
            });
            plans.push(growth.collect());
        }
        let largest = plans.iter().filter_map(|plan| plan.last()).max().copied().unwrap_or_default();
        let ended = simulation.run(async {
            // The holder of these bytes itself waits for an answer.
            let held = HeldBytes::new(budget.reserve(random.u64(0..1_500)));
            join_all(plans.iter().map(async |plan| {
                let (rank, mut reservation) = (budget.rank(), budget.reserve(0));
                for bytes in plan {
                    reservation.grow_to(*bytes, rank, &*transport).await;
                    transport.sleep(Duration::from_millis(*bytes / 10)).await;
                }
            }))
            .await;
            drop(held);
        });
        ended.unwrap_or_else(|stuck| panic!("seed {seed}: {stuck}"));
        let state = lock(&budget.0.state);
        assert_eq!((state.used, state.is_exceeded, state.waiting.len()), (0, false, 0), "seed {seed}");
        assert!(state.peak_used <= 1_500 + 1_000 + largest * 2, "seed {seed}: {}", state.peak_used);
    }
}
