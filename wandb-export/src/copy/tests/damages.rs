//! Verification and comparison find all damage, and nothing else.

use wandb_mirror::layout::MANIFEST;
use wandb_storage::simulation::{Image, Trouble};

use super::seeds;
use super::world::{Attempt, mirrored};

#[test]
fn verify_repairs_exactly_the_damaged_file() {
    for seed in seeds(60) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (store, mut image, first) = mirrored(seed);
        first.complete(seed);
        let expected = image.readable();

        let whole = Attempt { verify: true, compare: true, ..Attempt::calm(seed ^ 1) };
        let report = whole.run(&store, &mut image).complete(seed);
        assert_eq!((report.damaged, report.differing), (vec![], vec![]), "seed {seed}");
        assert!(image.readable() == expected, "seed {seed}: an intact mirror has changed");

        // No digest covers the manifest itself.
        let has_digest = |(place, bytes): &(&String, &Vec<u8>)| *place != MANIFEST && !bytes.is_empty();
        let places: Vec<_> = expected.iter().filter(has_digest).map(|(place, _)| place).collect();
        let place = places[rng.usize(0..places.len())];
        image.damage(place, &mut rng);
        assert!(image.readable() != expected, "seed {seed}: {place} is not damaged");
        let report =
            Attempt { verify: true, ..Attempt::calm(seed ^ 2) }.run(&store, &mut image).complete(seed);
        assert_eq!(report.damaged.len(), 1, "seed {seed}: {:?} of {place}", report.damaged);
        assert!(report.damaged[0].starts_with(&format!("{place}: ")), "seed {seed}: {:?}", report.damaged);
        assert!(image.readable() == expected, "seed {seed}: {place} is not repaired");
    }
}

#[test]
fn recorded_damage_is_repaired_after_a_power_cut() {
    let mut cut_off = 0;
    let seeds = seeds(60);
    for &seed in &seeds {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (store, mut image, first) = mirrored(seed);
        let expected = image.readable();
        // Only the manifest records damage to the tables of the whole project.
        let places: Vec<_> = expected.keys().filter(|place| place.contains('/')).collect();
        let Some(place) = rng.choice(places) else { continue };
        image.damage(place, &mut rng);
        let trouble = Trouble::Ends { after: rng.u64(0..=first.done) };
        let verified = Attempt { verify: true, trouble, ..Attempt::calm(seed ^ 1) }.run(&store, &mut image);
        image.power_cut(&mut rng);
        // No request is sent before verification is complete.
        let is_noted = verified.network.requests > 0;
        cut_off += usize::from(is_noted && !matches!(verified.ended, Some(Ok(_))));
        Attempt { verify: !is_noted, ..Attempt::calm(seed ^ 2) }.run(&store, &mut image).complete(seed);
        assert!(image.readable() == expected, "seed {seed}: {place} is not repaired");
    }
    assert!(cut_off >= seeds.len() / 6, "only {cut_off} were cut off");
}

#[test]
fn cut_off_comparison_leaves_no_false_damage() {
    let mut cut_off = 0;
    let seeds = seeds(50);
    for &seed in &seeds {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (store, mut image, first) = mirrored(seed);
        // The list of runs does not show these changes.
        for path in store.run_paths().iter().filter(|_| rng.bool()) {
            store.append_log(path, vec!["later".to_owned()]).expect("a run");
        }
        let trouble = Trouble::Ends { after: rng.u64(0..=first.done) };
        let compared = Attempt { compare: true, trouble, ..Attempt::calm(seed ^ 1) }.run(&store, &mut image);
        cut_off += usize::from(!matches!(compared.ended, Some(Ok(_))));
        image.power_cut(&mut rng);

        Attempt::calm(seed ^ 2).run(&store, &mut image).complete(seed);
        let report =
            Attempt { verify: true, ..Attempt::calm(seed ^ 3) }.run(&store, &mut image).complete(seed);
        assert_eq!(report.damaged, Vec::<String>::new(), "seed {seed}");
        Attempt { compare: true, ..Attempt::calm(seed ^ 4) }.run(&store, &mut image).complete(seed);
        let mut fresh = Image::default();
        Attempt::calm(seed ^ 5).run(&store, &mut fresh).complete(seed);
        assert!(image.readable() == fresh.readable(), "seed {seed}: it differs from a new mirror");
    }
    assert!(cut_off >= seeds.len() * 2 / 5, "only {cut_off} were cut off");
}
