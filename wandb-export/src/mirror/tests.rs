//! Mirrors of simulated servers, over networks that fail and on disks that fail, stopped at any moment.

mod changes;
mod damages;
mod durability;
mod image;
mod kills;
mod media;
mod memory;
mod steps;
mod trouble;
mod world;

/// Returns the seeds to try. `WANDB_SIMULATION_SEED` replays one; `WANDB_MIRROR_SCHEDULES` replaces their number.
///
/// What a test wants to see of a fault is a share of the seeds, rounded down, so that it holds for few seeds too.
fn seeds(count: u64) -> Vec<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    match number("WANDB_SIMULATION_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("WANDB_MIRROR_SCHEDULES").unwrap_or(count)).collect(),
    }
}
