//! Runs commands: prints the command line, forwards the output and captures it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, ExitStatus};

use anyhow::{Context as _, Result};

/// The result of a command.
#[derive(Debug)]
pub(crate) struct CommandOutput {
    /// Exit status.
    pub(crate) status: ExitStatus,
    /// Standard output and standard error, interleaved as written.
    pub(crate) output: String,
}

/// Runs a command and forwards its output as it arrives.
pub(crate) fn run(command: &mut Command) -> Result<CommandOutput> {
    let line = display_command(command);
    println!("\n$ {line}");
    let (reader, writer) = std::io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| format!("cannot start `{line}`"))?;
    // Drops the write ends of the pipe that the command holds, since the reader waits for all of them to close.
    command.stdout(std::process::Stdio::inherit()).stderr(std::process::Stdio::inherit());
    let mut output = String::new();
    let mut bytes = Vec::new();
    let mut reader = BufReader::new(reader);
    while reader.read_until(b'\n', &mut bytes)? > 0 {
        let text = String::from_utf8_lossy(&bytes);
        print!("{text}");
        std::io::stdout().flush()?;
        output.push_str(&text);
        bytes.clear();
    }
    Ok(CommandOutput { status: child.wait()?, output })
}

/// Runs a command that must succeed and returns its standard output. Forwards its standard error.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let line = display_command(command);
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    anyhow::ensure!(output.status.success(), "`{line}` failed: {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Formats the command as a shell command line.
pub(crate) fn display_command(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    words.map(|word| quote(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

fn quote(word: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "-_./=:,+@%".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_quoted_for_the_shell() {
        let mut command = Command::new("/usr/bin/wandb-export");
        command.args(["runs", "team/project", "--filter", r#"{"state": "it's"}"#, ""]);
        assert_eq!(
            display_command(&command),
            r#"wandb-export runs team/project --filter '{"state": "it'\''s"}' ''"#
        );
    }

    #[test]
    fn both_streams_are_captured() {
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        let ended = run(rustc.arg("--version")).unwrap();
        assert!(ended.status.success());
        assert!(ended.output.starts_with("rustc "), "{}", ended.output);
        let ended = run(rustc.arg("--no-such-option")).unwrap();
        assert!(!ended.status.success());
        assert!(ended.output.contains("no-such-option"), "{}", ended.output);
    }
}
