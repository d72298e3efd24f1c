//! Tests of mirrors in simulations with failing networks, failing disks and interruptions at any moment.

mod changes;
mod damages;
mod kills;
mod steps;
mod world;

/// Returns the seeds to try. `WANDB_SIMULATION_SEED` replays one; `WANDB_MIRROR_SCHEDULES` sets their number.
///
/// Tests state how often they expect a fault as a fraction of the seeds, rounded down, so that few seeds pass
/// too.
fn seeds(count: u64) -> Vec<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    match number("WANDB_SIMULATION_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("WANDB_MIRROR_SCHEDULES").unwrap_or(count)).collect(),
    }
}
