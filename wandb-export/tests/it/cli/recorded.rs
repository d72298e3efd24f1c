//! Commands on runs recorded from the SDK.

use crate::support::{Program, recorded};

fn program() -> Program {
    Program::new(recorded())
}

#[test]
fn every_reading_command_writes_json_lines() {
    let program = program();
    let first = program.run(&["runs", "local-team/sweeps", "--light", "--limit", "1", "-f", "jsonl"]).stdout;
    let first: serde_json::Value = serde_json::from_str(&first).expect("a run");
    let sweep = format!("local-team/sweeps/sweeps/{}", first["sweep"].as_str().expect("a sweep's id"));
    let run = first["path"].as_str().expect("a path");
    let best = program.run(&["sweep", &sweep, "--best", "--path"]).stdout;
    let commands: [(&[&str], usize); 13] = [
        (&["whoami"], 1),
        (&["projects", "local-team"], 2),
        (&["runs", "local-team/demo"], 14),
        (&["project", "local-team/sweeps"], 6),
        (&["run", run], 1),
        (&["history", run], 1),
        (&["history", run, "--all"], 1),
        (&["history", run, "--stream", "system"], 0),
        (&["sweep", &sweep], 6),
        (&["sweep", &sweep, "--best"], 1),
        (&["files", "local-team/demo/scalars"], 2),
        (&["command", "local-team/demo/scalars"], 1),
        (&["compare", run, "local-team/demo/crashed", "--all", "--summary"], 1),
    ];
    for (arguments, least) in commands {
        let ended = program.run(&[arguments, &["-f", "jsonl"]].concat());
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended}");
        let rows = ended.stdout.lines().map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).expect("JSON");
            assert!(row.is_object(), "{arguments:?}: {line}");
        });
        assert!(rows.count() >= least, "{arguments:?}: {ended}");
    }
    let best = best.trim_end();
    assert_eq!(program.run(&["run", best, "--path"]).stdout, format!("{best}\n"));
}
