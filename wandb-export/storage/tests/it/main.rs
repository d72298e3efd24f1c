//! Folders on the local disk and on a simulated one.

mod contract;
mod durability;
mod media;

/// Returns the seeds to try. `WANDB_SIMULATION_SEED` replays one; `WANDB_MIRROR_SCHEDULES` sets their number.
fn seeds(count: u64) -> Vec<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    match number("WANDB_SIMULATION_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("WANDB_MIRROR_SCHEDULES").unwrap_or(count)).collect(),
    }
}
