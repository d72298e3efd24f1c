//! Every single thing that is done to a disk fails by itself, and is the last one.

use wandb_local_server::{NewRun, RunState, Store};

use super::image::Image;
use super::trouble::Trouble;
use super::world::{Attempt, PROJECT, empty_project};

/// A mirror of a project that has changed since: a run has gone, one is new, one has grown and one has another name.
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

/// Brings the outdated mirror up to date after an attempt that met with trouble at each of its steps in turn.
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
            assert!(found.get(name) == Some(bytes), "step {step}: {name} is not as it should be");
        }
        assert_eq!(found.len(), expected.len(), "step {step}: other files");
    }
    failed
}

#[test]
fn whatever_fails_just_once_is_made_up_for() {
    let failed = at_every_step(|at| Trouble::Fails { at }, |_, _| {});
    assert!(failed > 50, "{failed} times");
}

#[test]
fn whatever_comes_last_before_the_power_goes_a_mirror_goes_on_from_it() {
    let cut = |step, image: &mut Image| image.power_cut(&mut fastrand::Rng::with_seed(step));
    let failed = at_every_step(|after| Trouble::Ends { after }, cut);
    assert!(failed > 50, "{failed} times");
}
