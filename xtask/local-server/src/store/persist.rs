//! Recordings: the state as a directory, or as one compressed archive of such a directory.
//!
//! ```text
//! ENTITY/PROJECT/project.json
//! ENTITY/PROJECT/RUN/{run.json, history.jsonl, events.jsonl, output.log, files/…}
//! @artifacts/{state.json, blobs/…}
//! ```
//! Names are percent-encoded to be safe in file systems. Exports are not saved.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::artifacts::SavedArtifacts;
use super::run::{Run, RunFacts, blob_key};
use super::state::{ProjectFacts, State};

/// Characters that are not encoded in a name.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
/// Folder of the artifacts. No encoded name of an entity is equal to it.
const ARTIFACTS: &str = "@artifacts";

fn encode(name: &str) -> String {
    let encoded = utf8_percent_encode(name, KEPT).to_string();
    // "." and ".." have a special meaning in file systems.
    if encoded.chars().all(|character| character == '.') { encoded.replace('.', "%2E") } else { encoded }
}

fn decode(name: &str) -> io::Result<String> {
    let decoded = percent_decode_str(name).decode_utf8();
    decoded
        .map(std::borrow::Cow::into_owned)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// `run.json`.
#[derive(Debug, Serialize, Deserialize)]
struct SavedRun {
    facts: RunFacts,
    /// When each file was last written. All other facts are computed from its bytes.
    #[serde(default)]
    files: BTreeMap<String, Timestamp>,
}

/// Returns the files of a recording, by their path within it.
fn entries(state: &State) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut entries = BTreeMap::new();
    for project in state.projects.values() {
        let root = format!("{}/{}", encode(&project.facts.entity), encode(&project.facts.name));
        entries.insert(format!("{root}/project.json"), serde_json::to_vec_pretty(&project.facts)?);
        for run in project.runs.values() {
            let root = format!("{root}/{}", encode(&run.facts.name));
            let times = run.files.iter().map(|(name, file)| (name.clone(), file.updated_at)).collect();
            let saved = SavedRun { facts: run.facts.clone(), files: times };
            entries.insert(format!("{root}/run.json"), serde_json::to_vec_pretty(&saved)?);
            let history = (0..run.history.len()).map(|index| run.history.text(index));
            entries.insert(format!("{root}/history.jsonl"), lines(history));
            entries.insert(
                format!("{root}/events.jsonl"),
                lines((0..run.events.len()).map(|index| run.events.text(index))),
            );
            entries.insert(format!("{root}/output.log"), lines(run.log.iter()));
            for name in run.files.keys() {
                let key = blob_key(&run.entity, &run.project, &run.facts.name, name);
                if let Some(bytes) = state.blobs.get(&key) {
                    entries.insert(format!("{root}/files/{}", encode(name)), bytes.to_vec());
                }
            }
        }
    }
    if let Some(saved) = state.saved_artifacts() {
        entries.insert(format!("{ARTIFACTS}/state.json"), serde_json::to_vec_pretty(&saved)?);
        for key in state.artifacts.blob_keys() {
            if let Some(bytes) = state.blobs.get(key) {
                entries.insert(format!("{ARTIFACTS}/blobs/{}", encode(key)), bytes.to_vec());
            }
        }
    }
    Ok(entries)
}

fn lines(rows: impl Iterator<Item = impl AsRef<str>>) -> Vec<u8> {
    let mut out = Vec::new();
    for row in rows {
        out.extend_from_slice(row.as_ref().as_bytes());
        out.push(b'\n');
    }
    out
}

/// Writes a recording as a directory.
pub(crate) fn save(state: &State, directory: &Path) -> io::Result<()> {
    for (path, bytes) in entries(state)? {
        let path = directory.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let partial = path.with_extension("partial");
        fs::write(&partial, bytes)?;
        fs::rename(&partial, &path)?;
    }
    Ok(())
}

/// Writes a recording as a `.tar.zst` archive. The output is deterministic.
pub(crate) fn pack(state: &State, archive: &Path) -> io::Result<()> {
    let file = fs::File::create(archive)?;
    let mut encoder = zstd::Encoder::new(file, 19)?;
    encoder.long_distance_matching(true)?;
    let mut builder = tar::Builder::new(encoder);
    for (path, bytes) in entries(state)? {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        builder.append_data(&mut header, path, bytes.as_slice())?;
    }
    builder.into_inner()?.finish()?.flush()
}

/// Loads a recording: a directory of runs, an archive, or a directory of archives.
pub(crate) fn load(state: &mut State, path: &Path) -> io::Result<()> {
    let mut found = BTreeMap::new();
    if path.is_dir() {
        read_directory(path, "", &mut found)?;
    } else {
        read_archive(path, &mut found)?;
    }
    restore(state, found)
}

fn read_directory(directory: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if entry.file_type()?.is_dir() {
            read_directory(&entry.path(), &format!("{prefix}{name}/"), found)?;
        } else if prefix.is_empty() && name.ends_with(".tar.zst") {
            read_archive(&entry.path(), found)?;
        } else if !prefix.is_empty() {
            found.insert(format!("{prefix}{name}"), fs::read(entry.path())?);
        }
    }
    Ok(())
}

fn read_archive(path: &Path, found: &mut BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    let mut decoder = zstd::Decoder::new(fs::File::open(path)?)?;
    // Archives are written with long-distance matching, whose window may exceed the default limit.
    decoder.window_log_max(31)?;
    let mut archive = tar::Archive::new(decoder);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        found.insert(name, bytes);
    }
    Ok(())
}

fn restore(state: &mut State, found: BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    let mut runs: BTreeMap<String, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
    let mut artifacts: Option<SavedArtifacts> = None;
    let mut blobs = Vec::new();
    for (path, bytes) in found {
        let parts: Vec<&str> = path.splitn(4, '/').collect();
        match parts[..] {
            [ARTIFACTS, "state.json"] => artifacts = Some(serde_json::from_slice(&bytes)?),
            [ARTIFACTS, "blobs", key] => blobs.push((decode(key)?, bytes)),
            [_, _, "project.json"] => {
                let facts: ProjectFacts = serde_json::from_slice(&bytes)?;
                state.reserve(facts.number);
                let (entity, name) = (facts.entity.clone(), facts.name.clone());
                state.project_mut(&entity, &name).facts = facts;
            }
            [entity, project, run, file] => {
                let root = format!("{entity}/{project}/{run}");
                runs.entry(root).or_default().insert(file.to_owned(), bytes);
            }
            _ => {}
        }
    }
    let mut restored = Vec::with_capacity(runs.len());
    for (root, mut files) in runs {
        // Written last, so a run without it was not saved completely.
        if let Some(saved) = files.remove("run.json") {
            restored.push(restore_run(&root, serde_json::from_slice(&saved)?, files)?);
        }
    }
    // Restores the order of creation, which directory listings lose.
    restored.sort_by_key(|(run, _, _)| run.facts.number);
    for (run, blobs, times) in restored {
        state.reserve(run.facts.number);
        let (entity, project, name) = (run.entity.clone(), run.project.clone(), run.facts.name.clone());
        state.insert(run);
        for (file, bytes) in blobs {
            state.put_file(&entity, &project, &name, &file, bytes);
            let listed = state.run_mut(&entity, &project, &name).and_then(|run| run.files.get_mut(&file));
            if let (Some(listed), Some(time)) = (listed, times.get(&file)) {
                listed.updated_at = *time;
            }
        }
    }
    match artifacts {
        Some(saved) => state.restore_artifacts(saved, blobs),
        None => Ok(()),
    }
}

type RestoredRun = (Run, Vec<(String, Bytes)>, BTreeMap<String, Timestamp>);

fn restore_run(root: &str, saved: SavedRun, mut files: BTreeMap<String, Vec<u8>>) -> io::Result<RestoredRun> {
    let names = root.split('/').map(decode).collect::<io::Result<Vec<String>>>()?;
    let [entity, project, _] = &names[..] else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{root} is not the path of a run")));
    };
    let mut run = Run::new(entity, project, saved.facts);
    Arc::make_mut(&mut run.history).append(read_lines(files.remove("history.jsonl"))?);
    Arc::make_mut(&mut run.events).append(read_lines(files.remove("events.jsonl"))?);
    run.log = Arc::new(read_lines(files.remove("output.log"))?);
    let mut blobs = Vec::new();
    for (path, bytes) in files {
        if let Some(name) = path.strip_prefix("files/") {
            blobs.push((decode(name)?, Bytes::from(bytes)));
        }
    }
    Ok((run, blobs, saved.files))
}

fn read_lines(bytes: Option<Vec<u8>>) -> io::Result<Vec<String>> {
    let text = String::from_utf8(bytes.unwrap_or_default())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    // Not `lines()`, which would also remove a `\r` that belongs to a row.
    Ok(text.split_terminator('\n').map(str::to_owned).collect())
}
