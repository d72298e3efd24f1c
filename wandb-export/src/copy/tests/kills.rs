//! An interrupted and resumed mirror ends with the same bytes as an undisturbed one.

use std::collections::BTreeMap;
use std::path::Path;

use wandb_core::simulation::Faults;
use wandb_mirror::layout::SWEEP_TABLE;
use wandb_mirror::record::{Header, RunRecord};
use wandb_mirror::{Disk, Store};
use wandb_storage::Folder;
use wandb_storage::simulation::{Image, MemoryDisk, Trouble};

use super::seeds;
use super::world::{AT_ONCE, Attempt, Outcome, PROJECT, Stop, mirrored};
use crate::error::Error;

/// The failure rate of a flaky disk, which performs a few hundred operations.
const FAILURES: f64 = 0.005;

fn faults(rng: &mut fastrand::Rng) -> Faults {
    let odd = vec![bytes::Bytes::from_static(
        br#"{"data": null, "errors": [{"message": "internal server error"}]}"#,
    )];
    let mut faults = Faults::each([0.0, 0.02, 0.05][rng.usize(0..3)], odd);
    faults.clock_jump = 0.0;
    faults
}

/// Opens the mirror as the mirror of `project`.
fn open(image: &Image, project: &str) -> Result<Store, Error> {
    let header = Header::new("http://server.test", project);
    let folder = Folder::claim_on(MemoryDisk::new(image.clone())).expect("a disk").expect("no other process");
    let disk = Disk::on(Path::new("memory"), folder).expect("a disk");
    Ok(Store::open(disk, header)?)
}

/// Reads the records of a mirror's runs.
fn records(image: &Image, seed: u64) -> Vec<RunRecord> {
    let store = open(image, PROJECT).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    let ids: Vec<String> = store.entries().map(|(id, _)| id.to_owned()).collect();
    ids.iter().map(|id| store.record(id).expect("a text").expect("a record")).collect()
}

/// Builds an attempt with random faults. `calm` is the outcome without faults.
fn disturbed(seed: u64, rng: &mut fastrand::Rng, calm: &Outcome) -> Attempt {
    let after = rng.u64(0..=calm.done);
    let trouble = match rng.u8(0..8) {
        0..3 => Trouble::Ends { after },
        3 => Trouble::Full { after },
        4 => Trouble::Flaky { chance: FAILURES },
        _ => Trouble::None,
    };
    let stop = rng
        .bool()
        .then(|| Stop { after: calm.network.elapsed.mul_f64(rng.f64() * 2.0), is_kill: rng.bool() });
    Attempt {
        faults: faults(rng),
        trouble,
        stop,
        verify: rng.u8(0..8) == 0,
        compare: rng.u8(0..8) == 0,
        ..Attempt::calm(seed)
    }
}

#[test]
fn interrupted_mirror_ends_with_the_same_bytes() {
    let (mut stopped, mut cut) = (0, 0);
    let seeds = seeds(250);
    for &seed in &seeds {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (store, mut undisturbed, calm) = mirrored(seed);
        let in_flight = calm.network.most_in_flight;
        assert!(in_flight <= AT_ONCE as u64, "seed {seed}: {in_flight} requests at once");
        let expected = undisturbed.readable();
        undisturbed.power_cut(&mut rng);
        assert!(undisturbed.readable() == expected, "seed {seed}: a finished sync is lost");

        let mut image = Image::default();
        for round in 1..=rng.u64(1..5) {
            let attempt = disturbed(seed.wrapping_add(round << 32), &mut rng, &calm);
            let outcome = attempt.run(&store, &mut image);
            let before = image.readable();
            let has_ended = matches!(outcome.ended, Some(Ok(_)));
            stopped += usize::from(!has_ended);
            if rng.bool() {
                image.power_cut(&mut rng);
                cut += 1;
                assert!(
                    !has_ended || image.readable() == before,
                    "seed {seed}, round {round}: a finished sync is lost"
                );
            }
            let present = image.readable();
            for (name, bytes) in &present {
                // Tables of the whole project may cover fewer runs.
                let is_of_a_run = name.contains('/');
                assert!(
                    !is_of_a_run || expected.get(name) == Some(bytes),
                    "seed {seed}, round {round}: {name} has the wrong content"
                );
            }
            let records = records(&image, seed);
            assert!(
                records.is_empty() || open(&image, "local-team/other").is_err(),
                "seed {seed}, round {round}: the records are accepted for another project"
            );
            for record in &records {
                for (_, place, ..) in record.stored() {
                    assert!(present.contains_key(&place), "seed {seed}, round {round}: {place} is missing");
                }
            }
            // Sweeps are copied after all runs.
            if before.contains_key(SWEEP_TABLE) {
                let runs = store.run_paths().len();
                assert_eq!(records.len(), runs, "seed {seed}, round {round}: records are lost");
            }
        }
        Attempt::calm(!seed).run(&store, &mut image).complete(seed);
        let found = image.readable();
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&found), names(&expected), "seed {seed}: other files");
        for (name, bytes) in &expected {
            assert_eq!(
                String::from_utf8_lossy(&found[name]),
                String::from_utf8_lossy(bytes),
                "seed {seed}: {name} differs"
            );
        }
        calm.complete(seed);
    }
    assert!(stopped.min(cut) >= seeds.len() / 5, "only {stopped} were stopped, {cut} cut off");
}
