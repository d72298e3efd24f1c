//! The environment record, which newer SDKs write instead of `wandb-metadata.json`.

use wandb_core::{Map, Value};

use crate::proto::Environment;
use crate::time::{text, timestamp};

/// Converts the record to the keys of the file.
pub(super) fn metadata(environment: &Environment) -> Map {
    let mut metadata = Map::new();
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            metadata.insert(name, value);
        }
    };
    let word = |value: &str| text(value.to_owned()).map(Value::String);
    let count = |value: u32| (value > 0).then(|| Value::Int(value.into()));
    let Environment { args, started_at, git, .. } = environment;
    add("os", word(&environment.os));
    add("python", word(&environment.python));
    add("startedAt", started_at.and_then(timestamp).map(Value::String));
    add("docker", word(&environment.docker));
    let args_are = !args.is_empty();
    add("args", args_are.then(|| Value::List(args.iter().cloned().map(Value::String).collect())));
    add("program", word(&environment.program));
    add("codePath", word(&environment.code_path));
    add("codePathLocal", word(&environment.code_path_local));
    add(
        "git",
        git.as_ref().map(|git| {
            let entries = [("remote", &git.remote_url), ("commit", &git.commit)];
            let entries = entries.into_iter().filter_map(|(name, value)| Some((name, word(value)?)));
            Value::Map(entries.collect())
        }),
    );
    add("email", word(&environment.email));
    add("root", word(&environment.root));
    add("host", word(&environment.host));
    add("username", word(&environment.username));
    add("executable", word(&environment.executable));
    add("colab", word(&environment.colab));
    add("cpu_count", count(environment.cpu_count));
    add("cpu_count_logical", count(environment.cpu_count_logical));
    add("gpu", word(&environment.gpu_type));
    add("gpu_count", count(environment.gpu_count));
    add("cudaVersion", word(&environment.cuda_version));
    metadata
}
