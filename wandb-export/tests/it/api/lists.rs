//! Null entries of lists are counted, and reported with the name of the list.

use wandb_export::Issue;
use wandb_local_server::{NewRun, Quirks};

use crate::support::{on_both, server};

fn texts(issues: &[Issue]) -> Vec<String> {
    issues.iter().map(ToString::to_string).collect()
}

#[test]
fn null_entries_are_counted_in_every_list() {
    let server = server();
    let store = server.store();
    for number in 0..9 {
        store.add_run(NewRun::new("e", "p", &format!("run{number}")));
        store.add_project("e", &format!("other{number}"));
        store.add_file("e/p/run0", &format!("{number}.txt"), "text").expect("a run");
    }
    let null_entries = ["runs", "files", "models"].map(|list| (list, 4)).to_vec();
    store.set_quirks(Quirks { null_entries, ..Quirks::default() });
    on_both(&server, async |api| {
        let runs = api.runs("e/p").await.expect("a path").page_size(10);
        let (runs, issues) = runs.open().collect().await.expect("runs");
        let mut all = texts(&issues);
        let run = api.run("e/p/run0").await.expect("a run");
        let (files, issues) = run.files().page_size(4).open().collect().await.expect("files");
        all.extend(texts(&issues));
        let (projects, issues) = api.open_projects("e").collect().await.expect("projects");
        all.extend(texts(&issues));
        assert_eq!((runs.len(), files.len(), projects.len()), (7, 7, 8));
        let expected = ["runs of e/p", "files of e/p/run0", "projects of e"];
        assert_eq!(all, expected.map(|list| format!("the server listed 2 empty entries among the {list}")));
    });
}
