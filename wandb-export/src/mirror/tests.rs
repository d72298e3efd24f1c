//! Mirrors of simulated servers, over networks that fail and on disks that fail, stopped at any moment.

mod budget;
mod changes;
mod kills;
mod world;

pub(super) use budget::Budget;

/// So many seeds are tried; `WANDB_SIMULATION_SEED` names one to see again, `WANDB_MIRROR_SCHEDULES` how many.
fn seeds(count: u64) -> Vec<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().expect("a number"));
    match number("WANDB_SIMULATION_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("WANDB_MIRROR_SCHEDULES").unwrap_or(count)).collect(),
    }
}
