//! An updated mirror holds the same data as a new one.

use wandb_local_server::{NewRun, RunState, Store};
use wandb_storage::simulation::{Image, Trouble};

use super::super::{Contents, Part};
use super::seeds;
use super::world::{Attempt, PROJECT, contents, mirrored, row};

/// The changes to the project since it was mirrored.
struct Changes {
    removed: Vec<String>,
    changed: bool,
}

fn change(store: &Store, rng: &mut fastrand::Rng) -> Changes {
    let mut changes = Changes { removed: Vec::new(), changed: false };
    for path in store.run_paths() {
        let set_state = |state| store.set_run_state(&path, state).expect("a run");
        match rng.u32(0..8) {
            0 => {
                let rows = (0..rng.u32(1..30)).map(|step| row(10_000 + step, rng)).collect();
                store.append_history(&path, rows).expect("a run");
                store.append_log(&path, vec!["more".to_owned()]).expect("a run");
                set_state(RunState::Running);
            }
            1 => {
                let rows =
                    (0..2_500).map(|step| format!(r#"{{"_step":{},"loss":0.5}}"#, 20_000 + step)).collect();
                store.append_history(&path, rows).expect("a run");
                set_state(RunState::Finished);
            }
            2 => {
                store.append_events(&path, vec![r#"{"system.cpu":99.5}"#.to_owned()]).expect("a run");
                set_state(RunState::Finished);
            }
            3 => store.rename_run(&path, "another name").expect("a run"),
            // Of two ids that differ only in case, removing one would give its file name to the other.
            4 if !path.to_lowercase().ends_with("/run") => {
                store.remove_run(&path).expect("a run");
                changes.removed.push(path.rsplit('/').next().expect("an id").to_owned());
            }
            _ => continue,
        }
        changes.changed = true;
    }
    if rng.bool() {
        let at = "2024-05-01T10:00:00Z".parse().expect("a time");
        store.add_run(NewRun { created_at: Some(at), ..NewRun::new("local-team", "p", "later") });
        changes.changed = true;
    }
    changes
}

/// The failure rate of a flaky disk, which performs a few hundred operations.
const FAILURES: f64 = 0.01;

/// Returns whether a line describes the run `id`.
fn is_of(line: &str, key: &str, id: &str) -> bool {
    line.starts_with(&format!(r#"{{"{key}":"{id}","#))
}

/// Returns the lines of a project's file, without the header and the removed runs.
fn lines<'a>(bytes: &'a [u8], key: &str, removed: &[String]) -> Vec<&'a str> {
    let text = std::str::from_utf8(bytes).expect("text");
    let begin = format!(r#"{{"{key}":"#);
    text.lines()
        .filter(|line| line.starts_with(&begin) && !removed.iter().any(|id| is_of(line, key, id)))
        .collect()
}

#[test]
fn updated_mirror_equals_a_new_one() {
    let (mut projects, mut removed) = (0, 0);
    let seeds = seeds(80);
    for &seed in &seeds {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (store, mut image, undisturbed) = mirrored(seed);
        undisturbed.complete(seed);
        let first = store.run_paths();
        let mut changes = change(&store, &mut rng);
        if rng.bool() {
            // Parts left out now must not count as current later.
            let parts = contents().parts().filter(|_| rng.bool()).collect::<Vec<_>>();
            let are_runs_listed = parts.iter().any(|part| *part != Part::Sweeps);
            let some = Attempt { contents: Contents::only(parts), ..Attempt::calm(seed ^ 5) };
            some.run(&store, &mut image);
            if rng.bool() {
                let more = change(&store, &mut rng);
                changes.removed.extend(more.removed);
                changes.changed |= more.changed;
                // An id may be in use again, and a run may have come and gone unseen.
                let present = store.run_paths();
                changes.removed.retain(|id| {
                    let path = format!("{PROJECT}/{id}");
                    !present.contains(&path) && (are_runs_listed || first.contains(&path))
                });
            }
        }
        let mut fresh = Image::default();
        let anew = Attempt::calm(seed ^ 1).run(&store, &mut fresh);
        assert!(anew.ended.is_some_and(|ended| ended.is_ok()), "seed {seed}");
        if rng.bool() {
            let after = rng.u64(0..=anew.done);
            let trouble =
                if rng.bool() { Trouble::Ends { after } } else { Trouble::Flaky { chance: FAILURES } };
            Attempt { trouble, ..Attempt::calm(seed ^ 2) }.run(&store, &mut image);
            if rng.bool() {
                image.power_cut(&mut rng);
            }
        }
        Attempt::calm(seed ^ 3).run(&store, &mut image).complete(seed);
        projects += usize::from(changes.changed);
        removed += changes.removed.len();

        let (found, expected) = (image.readable(), fresh.readable());
        for (name, bytes) in &expected {
            let found = found.get(name).unwrap_or_else(|| panic!("seed {seed}: {name} is missing"));
            match name.as_str() {
                "manifest.jsonl" => {
                    assert_eq!(
                        lines(found, "run", &changes.removed),
                        lines(bytes, "run", &[]),
                        "seed {seed}"
                    );
                    let gone = std::str::from_utf8(found).expect("text").matches(r#""gone":true"#).count();
                    assert_eq!(gone, changes.removed.len(), "seed {seed}: wrong number of deleted runs");
                }
                "runs.jsonl" => {
                    for id in changes.removed.iter().filter(|id| first.contains(&format!("{PROJECT}/{id}"))) {
                        let is_there = lines(found, "id", &[]).iter().any(|line| is_of(line, "id", id));
                        assert!(is_there, "seed {seed}: the only row of {id} is lost");
                    }
                    assert_eq!(lines(found, "id", &changes.removed), lines(bytes, "id", &[]), "seed {seed}");
                }
                "runs.parquet" if !changes.removed.is_empty() => {}
                _ => assert!(found == bytes, "seed {seed}: {name} differs from a new mirror"),
            }
        }
        for name in found.keys().filter(|name| !expected.contains_key(*name)) {
            let is_of = |id: &String| name.contains(&format!("/{id}."));
            assert!(changes.removed.iter().any(is_of), "seed {seed}: {name} is of no removed run");
        }
        image.power_cut(&mut rng);
        assert!(image.readable() == found, "seed {seed}: a finished sync is lost");
        let still = Attempt::calm(seed ^ 4).run(&store, &mut image);
        assert_eq!(still.network.requests, 2, "seed {seed}: not just one list of runs and one of sweeps");
        let report = still.complete(seed);
        assert_eq!((report.new, report.grown, report.changed), (0, 0, 0), "seed {seed}");
        assert_eq!(image.readable(), found, "seed {seed}");
    }
    assert!(
        projects >= seeds.len() / 4 && removed >= seeds.len() / 16,
        "{projects} projects changed, {removed} runs were removed"
    );
}
