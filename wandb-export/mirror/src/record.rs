//! The records that the manifest and the journal store for a project and its runs.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use wandb_core::client::{DownloadReceipt, FileVersion, ListedFile};

use crate::contents::Part;
use crate::error::{Error, Problem};
use crate::layout::place;

/// The version of the layout. Mirrors with a later version are refused.
pub(crate) const FORMAT: u32 = 1;

/// The first line of the manifest and of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the layout.
    pub format: u32,
    /// The address of the server.
    pub server: String,
    /// The project: `entity/project`.
    pub project: String,
    /// Fields and arguments that the server's schema lacked at the last sync.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsupported: Vec<String>,
    /// The tables of the whole project, by file name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, Stored>,
}

impl Header {
    /// Creates the header of a new mirror.
    pub fn new(server: impl Into<String>, project: impl Into<String>) -> Self {
        Self {
            format: FORMAT,
            server: server.into(),
            project: project.into(),
            unsupported: Vec::new(),
            tables: BTreeMap::new(),
        }
    }

    /// Fails if a later version wrote the mirror in `folder`, whose header this is.
    pub(crate) fn check(&self, folder: &Path) -> Result<(), Error> {
        if self.format <= FORMAT {
            return Ok(());
        }
        Err(Error::Unusable { folder: folder.to_owned(), problem: Problem::LaterFormat(self.format) })
    }
}

/// The properties of a finished file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The rows of a table or the lines of a log.
    pub rows: u64,
    /// The size in bytes.
    pub bytes: u64,
    /// The MD5 digest in base64.
    pub md5: String,
}

impl Stored {
    /// Creates the entry of an empty table or log, which has no file.
    pub fn empty() -> Self {
        Self { rows: 0, bytes: 0, md5: String::new() }
    }
}

/// A copied part of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopiedPart<T> {
    /// The run's fingerprint when the part was copied.
    pub as_of: Fingerprint,
    /// The files of the part.
    #[serde(flatten)]
    pub content: T,
}

/// The files of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// The files, in the server's order.
    pub files: Vec<File>,
}

/// One file of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// The name on the server.
    pub name: String,
    /// The path in the run's folder, if it differs from the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub here: Option<String>,
    /// The size in bytes.
    pub bytes: u64,
    /// The MD5 digest in base64.
    pub md5: String,
    /// The claims of the list and the storage, if the list has no digest or the storage contradicts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// The claims of the list and the storage about a file when it was downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    listed: ListedFile,
    stored: FileVersion,
}

impl File {
    /// Returns what identifies the file if its list entry does not confirm it.
    pub fn receipt(&self) -> Option<DownloadReceipt> {
        let Origin { listed, stored } = self.origin.clone()?;
        Some(DownloadReceipt { listed, stored, bytes: self.bytes, md5: self.md5.clone() })
    }

    /// Returns the path in the run's folder.
    pub fn here(&self) -> &str {
        self.here.as_deref().unwrap_or(&self.name)
    }
}

impl From<DownloadReceipt> for Origin {
    fn from(DownloadReceipt { listed, stored, .. }: DownloadReceipt) -> Self {
        Self { listed, stored }
    }
}

/// Messages, by the part that they belong to.
pub type Messages = BTreeMap<String, Vec<String>>;

/// The record of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The run's id.
    pub run: String,
    /// The name of its files, if the id is not a valid file name on every system or clashes with another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub here: Option<String>,
    /// The run's fingerprint when it was last copied, whatever parts were wanted.
    pub as_of: Fingerprint,
    /// The run's fingerprint when its row was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<Fingerprint>,
    /// When the run was created, as the server writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// The state of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// When the run last sent data, as the server writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_at: Option<String>,
    /// The last step of the history, if the server reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_step: Option<i64>,
    /// The logged rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<CopiedPart<Stored>>,
    /// The system metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<CopiedPart<Stored>>,
    /// The console output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<CopiedPart<Stored>>,
    /// The files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<CopiedPart<Files>>,
    /// Missing data and the reasons. The next sync retries it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub missing: Messages,
    /// Data that differs from the server's or may be incomplete. A retry would not help.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inexact: Messages,
    /// Features that this version of the server lacks. They are requested again only when the run changes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unsupported: Messages,
    /// Whether the run no longer exists on the server.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
}

impl RunRecord {
    /// Creates the record of a run without any parts, whose files are named `here`.
    pub fn new(run: &str, here: &str, as_of: Fingerprint) -> Self {
        Self {
            run: run.to_owned(),
            here: (here != run).then(|| here.to_owned()),
            as_of,
            row: None,
            created_at: None,
            state: None,
            heartbeat_at: None,
            last_step: None,
            history: None,
            system: None,
            logs: None,
            files: None,
            missing: Messages::new(),
            inexact: Messages::new(),
            unsupported: Messages::new(),
            gone: false,
        }
    }

    /// Returns the name of the run's files.
    pub fn here(&self) -> &str {
        self.here.as_deref().unwrap_or(&self.run)
    }

    /// Returns the run's fingerprint when a part was copied.
    pub fn as_of(&self, part: Part) -> Option<Fingerprint> {
        match part {
            Part::Runs => self.row,
            Part::History => Some(self.history.as_ref()?.as_of),
            Part::System => Some(self.system.as_ref()?.as_of),
            Part::Logs => Some(self.logs.as_ref()?.as_of),
            Part::Files => Some(self.files.as_ref()?.as_of),
            Part::Sweeps => None,
        }
    }

    /// Returns the table or log of a part.
    pub fn table(&self, part: Part) -> Option<&Stored> {
        self.copied_part(part).map(|copied| &copied.content)
    }

    fn copied_part(&self, part: Part) -> Option<&CopiedPart<Stored>> {
        match part {
            Part::History => self.history.as_ref(),
            Part::System => self.system.as_ref(),
            Part::Logs => self.logs.as_ref(),
            Part::Runs | Part::Files | Part::Sweeps => None,
        }
    }

    /// Returns the table or log of a part if it is complete and was copied together with the rest of the
    /// record, so that the other fields describe it.
    pub fn complete_table(&self, part: Part) -> Option<&Stored> {
        let has_gap = [&self.missing, &self.inexact].iter().any(|gaps| gaps.contains_key(part.name()));
        let copied = self.copied_part(part).filter(|copied| copied.as_of == self.as_of && !has_gap);
        copied.map(|copied| &copied.content)
    }

    /// Returns the files of the run.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter().flat_map(|part| &part.content.files)
    }

    /// Lists every file of the run in the mirror, with place, size and digest.
    pub fn stored(&self) -> Vec<(Part, String, u64, &str)> {
        let tables = [Part::History, Part::System, Part::Logs].into_iter().filter_map(|part| {
            let stored = self.table(part).filter(|stored| stored.rows > 0)?;
            Some((part, place(part, self.here()), stored.bytes, stored.md5.as_str()))
        });
        let folder = place(Part::Files, self.here());
        let files = self
            .files()
            .map(|file| (Part::Files, format!("{folder}/{}", file.here()), file.bytes, file.md5.as_str()));
        tables.chain(files).collect()
    }

    /// Records that the file at a place is missing, so that it is fetched again.
    pub fn mark_missing(&mut self, part: Part, missing: &str, why: &str) {
        let folder = place(Part::Files, self.here());
        match part {
            Part::History => self.history = None,
            Part::System => self.system = None,
            Part::Logs => self.logs = None,
            Part::Files => {
                if let Some(part) = &mut self.files {
                    part.content.files.retain(|file| format!("{folder}/{}", file.here()) != missing);
                }
            }
            Part::Runs => self.row = None,
            Part::Sweeps => {}
        }
        self.missing.entry(part.name().to_owned()).or_default().push(format!("{missing}: {why}"));
    }
}

/// A hash of a run's entry in the list of runs. A different hash means that the run has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// Hashes a run in the light form.
    pub fn of(run: &wandb_core::model::Run) -> Self {
        use md5::{Digest as _, Md5};
        // Serialization cannot fail: every field is text, a number or a list of texts.
        let digest = Md5::digest(serde_json::to_vec(run).unwrap_or_default());
        Self(digest.iter().take(8).fold(0, |whole, byte| whole << 8 | u64::from(*byte)))
    }

    #[cfg(test)]
    pub(crate) fn number(number: u64) -> Self {
        Self(number)
    }
}

/// Written as sixteen hex digits, because JSON readers parse large numbers as floats.
impl Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16).map(Self).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(rows: u64) -> Stored {
        Stored { rows, bytes: 10, md5: "x".to_owned() }
    }

    #[test]
    fn record_round_trips_and_omits_empty_fields() {
        let mut record = RunRecord::new("abc", "abc", Fingerprint::number(u64::MAX));
        assert_eq!(serde_json::to_string(&record).unwrap(), r#"{"run":"abc","as_of":"ffffffffffffffff"}"#);
        record.history = Some(CopiedPart { as_of: Fingerprint::number(1), content: stored(3) });
        record.files = Some(CopiedPart {
            as_of: Fingerprint::number(2),
            content: Files {
                files: vec![File {
                    name: "a?".into(),
                    here: Some("a_~1".into()),
                    bytes: 1,
                    md5: "y".into(),
                    origin: None,
                }],
            },
        });
        record.missing.insert("logs".to_owned(), vec!["why".to_owned()]);
        record.row = Some(Fingerprint::number(3));
        record.gone = true;
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<RunRecord>(&text).unwrap(), record, "{text}");
        assert_eq!(record.as_of(Part::History), Some(Fingerprint::number(1)));
    }

    #[test]
    fn part_is_whole_if_current_and_complete() {
        let mut record = RunRecord::new("abc", "abc", Fingerprint::number(2));
        record.history = Some(CopiedPart { as_of: Fingerprint::number(2), content: stored(3) });
        record.system = Some(CopiedPart { as_of: Fingerprint::number(1), content: stored(3) });
        record.logs = Some(CopiedPart { as_of: Fingerprint::number(2), content: stored(3) });
        record.missing.insert("logs".to_owned(), vec!["why".to_owned()]);
        let whole = Part::ALL.map(|part| record.complete_table(part).is_some());
        assert_eq!(whole, [false, true, false, false, false, false]);
    }

    #[test]
    fn stored_lists_files_by_place() {
        let mut record = RunRecord::new("A?", "A_~1", Fingerprint::number(0));
        record.history = Some(CopiedPart { as_of: record.as_of, content: stored(3) });
        record.system = Some(CopiedPart { as_of: record.as_of, content: stored(0) });
        let file = File { name: "m/x.h5".into(), here: None, bytes: 1, md5: "y".into(), origin: None };
        record.files = Some(CopiedPart { as_of: record.as_of, content: Files { files: vec![file] } });
        let places: Vec<_> = record.stored().into_iter().map(|(_, place, ..)| place).collect();
        assert_eq!(places, ["history/A_~1.parquet", "files/A_~1/m/x.h5"], "an empty table has no file");
        record.mark_missing(Part::Files, "files/A_~1/m/x.h5", "it is not there");
        record.mark_missing(Part::History, "history/A_~1.parquet", "it is short");
        assert_eq!((record.stored().len(), record.history.is_none()), (0, true));
        assert_eq!(record.missing["files"], ["files/A_~1/m/x.h5: it is not there"]);
    }

    #[test]
    fn fingerprint_covers_every_listed_field() {
        let run = wandb_core::model::Run::new("e", "p", "r", "s");
        let same = Fingerprint::of(&run);
        let mut renamed = run.clone();
        renamed.name = Some("other".to_owned());
        let mut grown = run.clone();
        grown.history_line_count = Some(1);
        assert_eq!(Fingerprint::of(&run.clone()), same);
        assert_ne!(Fingerprint::of(&renamed), same);
        assert_ne!(Fingerprint::of(&grown), Fingerprint::of(&renamed));
    }
}
