//! Commands that need neither an API key nor a server: `completions` and `man`.

use crate::support::{Ended, Program, server};

fn offline(program: &Program, arguments: &[&str]) -> Ended {
    let mut command = program.command(arguments);
    command.env_remove("WANDB_API_KEY").env("WANDB_BASE_URL", "no address");
    program.end(command)
}

#[test]
fn every_shell_has_completions() {
    let program = Program::new(server());
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ended = offline(&program, &["completions", shell]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{shell}");
        for word in ["wandb-export", "history", "samples", "sweep"] {
            assert!(ended.stdout.contains(word), "{shell} lacks {word}");
        }
    }
    assert_eq!(offline(&program, &["completions", "csh"]).code, Some(2));
    assert_eq!(program.server.store().requests(), []);
}

/// The subcommands of a command, as its help lists them.
fn commands(program: &Program, above: &[&str]) -> Vec<String> {
    let help = program.end(program.command(&[above, &["--help"]].concat())).stdout;
    let listed =
        help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.map(str::to_owned).collect()
}

#[test]
fn manual_has_one_page_per_command() {
    let program = Program::new(server());
    let main = offline(&program, &["man"]);
    assert_eq!((main.code, main.stderr.as_str()), (Some(0), ""));
    assert!(main.stdout.contains(".TH wandb-export 1"), "{main}");
    let ended = offline(&program, &["man", "-o", "share/man1"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{ended}");
    let pages = std::fs::read_dir(program.path("share/man1")).expect("the directory");
    let mut pages: Vec<_> =
        pages.map(|page| page.expect("a page").file_name().to_string_lossy().into_owned()).collect();
    pages.sort();
    let mut expected = vec!["wandb-export.1".to_owned()];
    for command in commands(&program, &[]) {
        expected.extend(
            commands(&program, &[&command]).iter().map(|below| format!("wandb-export-{command}-{below}.1")),
        );
        expected.push(format!("wandb-export-{command}.1"));
    }
    expected.sort();
    assert_eq!(pages, expected);
    assert_eq!(ended.stderr, format!("{} pages written to share/man1\n", pages.len()));
    let page = std::fs::read_to_string(program.path("share/man1/wandb-export-history.1")).expect("the page");
    assert!(page.contains(".TH wandb-export-history 1") && page.contains("samples"), "{page}");
    assert_eq!(
        std::fs::read_to_string(program.path("share/man1/wandb-export.1")).expect("the page"),
        main.stdout
    );
}

#[test]
fn unwritable_manual_is_an_error() {
    let program = Program::new(server());
    std::fs::write(program.path("file"), "").expect("a file");
    let ended = offline(&program, &["man", "-o", "file"]);
    assert_eq!(ended.code, Some(1), "{ended}");
    assert!(ended.stderr.contains("creating the directory file"), "{ended}");
}
