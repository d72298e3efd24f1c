//! Each single disk operation fails once, or is the last one before a power cut.

use wandb_local_server::{NewRun, RunState, Store};
use wandb_storage::simulation::{Image, Trouble};

use super::world::{Attempt, PROJECT, empty_project};

/// Creates a mirror and then changes the project: a run is deleted, one is new, one has grown and one is
/// renamed.
fn outdated() -> (Store, Image) {
    let run = |id: &str| format!("{PROJECT}/{id}");
    let store = empty_project();
    for (id, day) in [("gone", 1), ("grows", 2), ("renamed", 3)] {
        store.add_run(NewRun {
            created_at: Some(format!("2024-03-0{day}T10:00:00Z").parse().expect("a time")),
            history: vec![r#"{"_step":0,"loss":1.5}"#.to_owned()],
            log: vec!["line".to_owned()],
            ..NewRun::new("local-team", "p", id)
        });
    }
    let mut image = Image::default();
    Attempt::calm(0).run(&store, &mut image).complete(0);
    store.remove_run(&run("gone")).expect("a run");
    store.rename_run(&run("renamed"), "another name").expect("a run");
    store.append_history(&run("grows"), vec![r#"{"_step":1,"loss":0.5}"#.to_owned()]).expect("a run");
    store.set_run_state(&run("grows"), RunState::Finished).expect("a run");
    let at = "2024-05-01T10:00:00Z".parse().expect("a time");
    store.add_run(NewRun { created_at: Some(at), ..NewRun::new("local-team", "p", "new") });
    (store, image)
}

/// For each step in turn, updates the outdated mirror with trouble at that step, calls `meanwhile`, and
/// updates it again. Returns how many updates failed.
fn at_every_step(trouble: impl Fn(u64) -> Trouble, meanwhile: impl Fn(u64, &mut Image)) -> u64 {
    let (store, image) = outdated();
    let mut undisturbed = image.clone();
    Attempt::calm(1).run(&store, &mut undisturbed).complete(1);
    let expected = undisturbed.readable();
    let mut failed = 0;
    for step in 0.. {
        let mut image = image.clone();
        let trouble = trouble(step);
        let disturbed = Attempt { trouble, ..Attempt::calm(1) }.run(&store, &mut image);
        if matches!(disturbed.ended, Some(Ok(_))) && disturbed.asked <= step {
            break;
        }
        failed += u64::from(matches!(disturbed.ended, Some(Err(_))));
        meanwhile(step, &mut image);
        Attempt::calm(2).run(&store, &mut image).complete(2);
        let found = image.readable();
        for (name, bytes) in &expected {
            assert!(found.get(name) == Some(bytes), "step {step}: {name} has the wrong content");
        }
        assert_eq!(found.len(), expected.len(), "step {step}: other files");
    }
    failed
}

#[test]
fn single_failures_are_recovered() {
    let failed = at_every_step(|at| Trouble::Fails { at }, |_, _| {});
    assert!(failed > 50, "{failed} times");
}

#[test]
fn power_cut_after_any_step_is_recovered() {
    let cut = |step, image: &mut Image| image.power_cut(&mut fastrand::Rng::with_seed(step));
    let failed = at_every_step(|after| Trouble::Ends { after }, cut);
    assert!(failed > 50, "{failed} times");
}
