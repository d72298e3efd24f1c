//! URLs of pages that show some runs of a project, and hints for results without rows.

use wandb_local_server::NewRun;

use crate::support::{Program, RUN, server, team};

fn program() -> Program {
    let server = server();
    team(&server);
    Program::new(server)
}

#[test]
fn page_url_lists_its_runs() {
    let program = program();
    let store = program.server.store();
    store.add_run(NewRun { sweep: Some("sw1".to_owned()), ..NewRun::new("local-team", "vision", "swept") });
    for (address, note, ids) in [
        (
            "https://wandb.ai/local-team/vision/groups/seeds/workspace?nw=x",
            "the runs of group seeds",
            "abc123",
        ),
        ("local-team/vision/groups/seeds", "the runs of group seeds", "abc123"),
        ("https://wandb.ai/local-team/vision/sweeps/sw1", "the runs of sweep sw1", "swept"),
        ("https://wandb.ai/local-team/vision/runs/zzz999/files", "only run zzz999", "zzz999"),
    ] {
        let ended = program.run(&["runs", address, "-f", "jsonl", "--light"]);
        assert_eq!(ended.code, Some(0), "{ended}");
        assert!(ended.stderr.contains(note), "{ended}");
        assert_eq!(ended.stdout.lines().count(), 1, "{ended}");
        assert!(ended.stdout.contains(&format!(r#""id":"{ids}""#)), "{ended}");
    }
    let filter = r#"{"state": "failed"}"#;
    let none = program.run(&["runs", "local-team/vision/groups/seeds", "--filter", filter, "-f", "jsonl"]);
    assert_eq!((none.code, &*none.stdout), (Some(0), ""), "{none}");
    let saved = program.run(&["project", "https://wandb.ai/local-team/vision/workspace?nw=x", "-f", "jsonl"]);
    assert!(saved.stderr.contains("the filters of a saved workspace are not applied"), "{saved}");
    assert_eq!(saved.stdout.lines().count(), 4, "{saved}");
}

#[test]
fn keys_never_logged_together_hint_at_any() {
    let program = program();
    for (arguments, hint) in [(&["--all"][..], "hint: use --any"), (&[], "hint: use --all --any")] {
        let ended =
            program.run(&[&["history", RUN, "--keys", "note,count", "-f", "jsonl"], arguments].concat());
        assert!(ended.stderr.contains("no row with all of these keys"), "{ended}");
        assert!(ended.stderr.contains(hint), "{ended}");
    }
    let any = program.run(&["history", RUN, "--keys", "note,count", "--all", "--any", "-f", "jsonl"]);
    assert_eq!(any.stdout.lines().count(), 2, "{any}");
    assert!(!any.stderr.contains("hint"), "{any}");
}

#[test]
fn empty_config_takes_no_column() {
    let program = program();
    program.server.store().add_run(NewRun::new("local-team", "vision", "bare"));
    for format in ["csv", "table"] {
        for command in ["runs", "project"] {
            let ended = program.run(&[command, "local-team/vision", "-f", format]);
            let head = ended.stdout.lines().next().expect("a line of names");
            let mut names = head.split([',', ' ']);
            assert!(names.all(|name| name != "config" && name != "summary"), "{ended}");
        }
    }
    let rows = program.run(&["runs", "local-team/vision", "-f", "jsonl"]);
    assert!(rows.stdout.contains(r#""config":{}"#), "null and missing differ: {rows}");
}

#[test]
fn raw_config_has_internal_keys() {
    let program = program();
    let plain = program.run(&["run", RUN, "-f", "jsonl"]);
    assert!(plain.stdout.contains(r#""config":{"lr":0.1,"#) && !plain.stdout.contains("_wandb"), "{plain}");
    let raw = program.run(&["run", RUN, "--raw", "-f", "jsonl"]);
    assert!(raw.stdout.contains(r#""config":{"lr":{"value":0.1"#), "{raw}");
    assert!(raw.stdout.contains(r#""_wandb":{"value":{"cli_version":"0.31.0"}"#), "{raw}");
}

#[test]
fn limit_writes_only_the_first_rows() {
    let program = program();
    let few = program.run(&["history", RUN, "--all", "--limit", "3", "-f", "jsonl"]);
    assert_eq!((few.code, few.stdout.lines().count()), (Some(0), 3), "{few}");
    let axis = program.run(&["history", RUN, "--keys", "acc", "--x-axis", "loss", "-f", "jsonl"]);
    assert!(axis.stdout.starts_with(r#"{"loss":1.0,"acc":0.5}"#), "{axis}");
    for wrong in [&["--x-axis", "loss"][..], &["--limit", "0"], &["--all", "--follow", "--limit", "1"]] {
        let ended = program.run(&[&["history", RUN], wrong].concat());
        assert_eq!(ended.code, Some(2), "{ended}");
    }
}
