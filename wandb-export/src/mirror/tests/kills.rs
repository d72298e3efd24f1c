//! A mirror that is stopped at any moment and begun again ends in the same bytes as one that nothing disturbs.

use wandb_core::simulation::Faults;

use super::world::{Attempt, attempt, files, project};

const PLENTY: i64 = 1 << 40;

fn faults(rng: &mut fastrand::Rng) -> Faults {
    let odd = vec![bytes::Bytes::from_static(
        br#"{"data": null, "errors": [{"message": "internal server error"}]}"#,
    )];
    Faults { clock_jump: 0.0, ..Faults::each([0.0, 0.02, 0.05][rng.usize(0..3)], odd) }
}

#[test]
fn a_mirror_that_is_stopped_anywhere_ends_in_the_same_bytes() {
    let mut stopped = 0;
    for seed in super::seeds(150) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let store = project(seed);
        let undisturbed = tempfile::tempdir().expect("a folder");
        let calm = attempt(&store, seed, Faults::none(), undisturbed.path(), PLENTY, None);
        let report = calm.ended.expect("it ends").unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(report.missing.is_empty(), "seed {seed}: {:?}", report.missing);
        assert!(
            calm.network.most_in_flight <= super::world::AT_ONCE as u64,
            "seed {seed}: as many as were allowed"
        );
        let expected = files(undisturbed.path());
        let cost = PLENTY - calm.left;

        let disturbed = tempfile::tempdir().expect("a folder");
        for round in 1..=rng.u64(1..5) {
            let budget = if rng.bool() { rng.i64(0..=cost) } else { PLENTY };
            let after = rng.bool().then(|| calm.network.elapsed.mul_f64(rng.f64() * 2.0));
            let faults = faults(&mut rng);
            let Attempt { ended, .. } =
                attempt(&store, seed.wrapping_add(round << 32), faults, disturbed.path(), budget, after);
            stopped += u32::from(!matches!(ended, Some(Ok(_))));
            for (name, bytes) in files(disturbed.path()) {
                // The tables of the whole project may be of fewer runs.
                let is_of_a_run = name.contains('/');
                assert!(
                    !is_of_a_run || expected.get(&name) == Some(&bytes),
                    "seed {seed}, round {round}: {name} is there and is not what it should be"
                );
            }
        }
        let last = attempt(&store, !seed, Faults::none(), disturbed.path(), PLENTY, None);
        let report = last.ended.expect("it ends").unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(report.missing.is_empty(), "seed {seed}: {:?}", report.missing);
        let found = files(disturbed.path());
        assert_eq!(
            found.keys().collect::<Vec<_>>(),
            expected.keys().collect::<Vec<_>>(),
            "seed {seed}: other files"
        );
        for (name, bytes) in &expected {
            assert_eq!(
                String::from_utf8_lossy(&found[name]),
                String::from_utf8_lossy(bytes),
                "seed {seed}: {name} differs"
            );
        }
    }
    assert!(std::env::var("WANDB_SIMULATION_SEED").is_ok() || stopped > 50, "{stopped} were stopped");
}
