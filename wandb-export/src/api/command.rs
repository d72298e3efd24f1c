//! The command line that started a run.

use std::fmt;

use wandb_core::{Map, Value};

use super::Run;
use crate::error::{Error, ErrorKind};

/// The file in which the Python SDK records how and on which machine a run was started.
pub(crate) const METADATA: &str = "wandb-metadata.json";

/// Maximum number of bytes read from it.
const MAX_METADATA_BYTES: u64 = 16 << 20;

/// The command line that started a run, from the run's file `wandb-metadata.json`.
///
/// Displays as a line that can be pasted into a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunCommand {
    /// The script (`program`).
    pub program: String,
    /// The script's arguments (`args`).
    pub args: Vec<String>,
}

impl RunCommand {
    /// Reads the command line from the metadata of a run. `None` if they name no program.
    pub fn from_metadata(metadata: &Map) -> Option<Self> {
        let program = metadata.get("program")?.as_str()?.to_owned();
        let args = metadata.get("args").and_then(Value::as_list).unwrap_or_default();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_json(), str::to_owned);
        Some(Self { program, args: args.iter().map(text).collect() })
    }

    /// Returns the words of the command line: `python`, the program and its arguments.
    pub fn argv(&self) -> Vec<String> {
        let mut words = vec!["python".to_owned(), self.program.clone()];
        words.extend(self.args.iter().cloned());
        words
    }
}

impl fmt::Display for RunCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A command line cannot contain NUL, so it is removed.
        let words: Vec<_> = self.argv().into_iter().map(|word| word.replace('\0', "")).collect();
        let line = shlex::try_join(words.iter().map(String::as_str));
        f.write_str(&line.unwrap_or_default())
    }
}

impl Run {
    /// Reads how and where the run was started: program, arguments, machine, versions (file `wandb-metadata.json`).
    /// `None` if the run has no such file.
    pub async fn metadata(&self) -> Result<Option<Map>, Error> {
        Ok(read_metadata(self).await?.or_else(|| self.facts().metadata.clone()))
    }

    /// Returns the command line that started the run. `None` if its metadata lack it.
    pub async fn command(&self) -> Result<Option<RunCommand>, Error> {
        Ok(self.metadata().await?.as_ref().and_then(RunCommand::from_metadata))
    }
}

async fn read_metadata(run: &Run) -> Result<Option<Map>, Error> {
    let file = match run.file(METADATA).await {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let text = file.read(MAX_METADATA_BYTES).await?;
    let metadata = wandb_core::model::map_from_json(&text);
    metadata
        .map(Some)
        .map_err(|source| Error::Value { what: format!("{METADATA} of {}", run.path()), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(metadata: &str) -> Option<RunCommand> {
        RunCommand::from_metadata(&wandb_core::model::map_from_json(metadata.as_bytes()).unwrap())
    }

    #[test]
    fn command_line_can_be_pasted() {
        let command = command(
            r#"{"program": "/home/a b/train.py", "args": ["--lr", "0.1", "it's", "", "$HOME", "ü\n"]}"#,
        )
        .unwrap();
        let line = command.to_string();
        assert_eq!(shlex::split(&line).unwrap(), command.argv());
        assert_eq!(command.argv()[..2], ["python", "/home/a b/train.py"]);
        assert!(!line.contains('$') || line.contains("'$HOME'"), "{line}");
    }

    #[test]
    fn old_metadata_may_lack_the_arguments() {
        assert_eq!(command(r#"{"program": "t.py"}"#).unwrap().to_string(), "python t.py");
        assert_eq!(
            command(r#"{"program": "t.py", "args": [1, 0.5]}"#).unwrap().to_string(),
            "python t.py 1 0.5"
        );
        assert_eq!(command(r#"{"os": "Linux"}"#), None);
        assert_eq!(command(r#"{"program": "t\u0000.py"}"#).unwrap().to_string(), "python t.py");
    }
}
