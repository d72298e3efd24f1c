//! `POST /files/ENTITY/PROJECT/RUN/file_stream`: the data that a run logs, as lines at line offsets.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

use super::body::{Reply, error, json};
use crate::store::{Run, RunState, Shared, Store};

#[derive(Debug, Deserialize)]
struct FileStream {
    #[serde(default)]
    files: BTreeMap<String, Chunk>,
    #[serde(default)]
    preempting: bool,
    #[serde(default)]
    complete: bool,
    #[serde(default)]
    exitcode: Option<i32>,
}

/// Lines of one file, starting at line number `offset`.
#[derive(Debug, Deserialize)]
struct Chunk {
    offset: usize,
    content: Vec<String>,
}

pub(crate) fn answer(shared: &Arc<Shared>, entity: &str, project: &str, name: &str, body: &[u8]) -> Reply {
    let request: FileStream = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(problem) => {
            return error(StatusCode::BAD_REQUEST, &format!("not a file stream request: {problem}"));
        }
    };
    let complete = request.complete;
    let stopped = {
        let mut state = shared.write();
        let Some(run) = state.run_mut(entity, project, name) else {
            return error(StatusCode::NOT_FOUND, &format!("run {entity}/{project}/{name} not found"));
        };
        apply(run, request);
        run.facts.stopped
    };
    if let Some(directory) = shared.options.data_dir.as_deref().filter(|_| complete)
        && let Err(problem) = Store(Arc::clone(shared)).save(directory)
    {
        return error(StatusCode::INTERNAL_SERVER_ERROR, &problem.to_string());
    }
    json(
        StatusCode::OK,
        serde_json::json!({ "exitcode": null, "limits": {}, "stopped": stopped }).to_string(),
    )
}

fn apply(run: &mut Run, request: FileStream) {
    for (file, chunk) in request.files {
        match file.as_str() {
            "wandb-history.jsonl" => Arc::make_mut(&mut run.history).write(chunk.offset, chunk.content),
            "wandb-events.jsonl" => Arc::make_mut(&mut run.events).write(chunk.offset, chunk.content),
            "output.log" => replace(Arc::make_mut(&mut run.log), chunk),
            "wandb-summary.json" => {
                if let Some(summary) = chunk.content.into_iter().next_back() {
                    run.set_summary(summary);
                }
            }
            // The server stores no other files.
            _ => {}
        }
    }
    run.facts.heartbeat_at = Timestamp::now();
    if request.complete {
        let code = request.exitcode.unwrap_or(0);
        run.facts.exit_code = Some(code);
        run.facts.state = match code {
            0 if run.facts.stopped => RunState::Killed,
            0 => RunState::Finished,
            _ => RunState::Failed,
        };
    } else if request.preempting {
        run.facts.state = RunState::Preempting;
    }
}

/// Writes lines at their offsets. Console output can overwrite earlier lines, and leave gaps to fill later.
fn replace(lines: &mut Vec<String>, chunk: Chunk) {
    let end = chunk.offset + chunk.content.len();
    if lines.len() < end {
        lines.resize(end, String::new());
    }
    for (place, line) in lines[chunk.offset..end].iter_mut().zip(chunk.content) {
        line.trim_end_matches(['\r', '\n']).clone_into(place);
    }
}
