//! A mirror that is killed at any time and run again ends in the same bytes as an undisturbed one.

use std::time::{Duration, Instant};

use super::project::{PROJECT, files, fill, is_run_file};
use crate::support::{Program, TRANSPORTS, server};

/// Number of processes killed before they end.
const KILLS: usize = 200;

#[test]
fn killed_mirror_ends_in_the_same_bytes() {
    let server = server();
    fill(&server);
    let program = Program::new(server);
    let begun = Instant::now();
    let calm = program.over("async", &["mirror", PROJECT, "-o", "calm"]);
    let took = begun.elapsed();
    assert_eq!(calm.code, Some(0), "{calm}");
    let expected = files(&program.path("calm"));
    let seed = 20;
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut kills = 0;
    let mut round = 0;
    while kills < KILLS {
        round += 1;
        assert!(round < KILLS * 10, "too few processes are killed before they end");
        let folder = format!("killed-{round}");
        let transport = TRANSPORTS[round % 2];
        for _ in 0..rng.usize(1..8) {
            let mut command = program.command(&["mirror", PROJECT, "-o", &folder, "--transport", transport]);
            let mut child = command.spawn().expect("the program");
            std::thread::sleep(took.mul_f64(rng.f64()).min(Duration::from_secs(2)));
            child.kill().expect("to be killed");
            kills += usize::from(child.wait().expect("an end").code().is_none());
            for (name, bytes) in files(&program.path(&folder)) {
                let is_whole = !is_run_file(&name) || expected.get(&name) == Some(&bytes);
                assert!(is_whole, "seed {seed}, round {round}: {name} has wrong content");
            }
        }
        let ended = program.over(transport, &["mirror", PROJECT, "-o", &folder]);
        assert_eq!(ended.code, Some(0), "seed {seed}, round {round}: {ended}");
        let found = files(&program.path(&folder));
        assert!(found.keys().eq(expected.keys()), "seed {seed}, round {round}: {:?}", found.keys());
        for (name, bytes) in &expected {
            assert!(found[name] == *bytes, "seed {seed}, round {round}: {name} differs");
        }
        std::fs::remove_dir_all(program.path(&folder)).expect("to be removed");
    }
}
