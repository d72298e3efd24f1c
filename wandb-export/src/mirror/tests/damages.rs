//! What is looked for on the disk and on the server is found, and nothing else.

use super::super::layout::MANIFEST;
use super::image::Image;
use super::seeds;
use super::world::{Attempt, project};

#[test]
fn a_damaged_byte_is_found_and_mended_and_nothing_else_is() {
    for seed in seeds(80) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let store = project(seed);
        let mut image = Image::default();
        Attempt::calm(seed).run(&store, &mut image).complete(seed);
        let expected = image.readable();

        let whole = Attempt { verify: true, compare: true, ..Attempt::calm(seed ^ 1) };
        let report = whole.run(&store, &mut image).complete(seed);
        assert_eq!((report.damaged, report.differing), (vec![], vec![]), "seed {seed}");
        assert!(image.readable() == expected, "seed {seed}: what is as it should be stays so");

        // The manifest has no digest that it could be held against.
        let has_digest = |(place, bytes): &(&String, &Vec<u8>)| *place != MANIFEST && !bytes.is_empty();
        let places: Vec<_> = expected.iter().filter(has_digest).map(|(place, _)| place).collect();
        let place = places[rng.usize(0..places.len())];
        image.damage(place, &mut rng);
        assert!(image.readable() != expected, "seed {seed}: {place} is damaged");
        let report =
            Attempt { verify: true, ..Attempt::calm(seed ^ 2) }.run(&store, &mut image).complete(seed);
        assert_eq!(report.damaged.len(), 1, "seed {seed}: {:?} of {place}", report.damaged);
        assert!(report.damaged[0].starts_with(&format!("{place}: ")), "seed {seed}: {:?}", report.damaged);
        assert!(image.readable() == expected, "seed {seed}: {place} is mended");
    }
}
