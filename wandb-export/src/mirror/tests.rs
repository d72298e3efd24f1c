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

/// So many seeds are tried; `WANDB_SIMULATION_SEED` names one to see again, `WANDB_MIRROR_SCHEDULES` how many.
fn seeds(count: u64) -> Vec<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    match number("WANDB_SIMULATION_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("WANDB_MIRROR_SCHEDULES").unwrap_or(count)).collect(),
    }
}

/// Whether only one seed is tried, of which nothing can be said that is true of many.
fn is_one_seed() -> bool {
    std::env::var("WANDB_SIMULATION_SEED").is_ok()
}
