//! The records that the manifest and the journal store for a project and its runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wandb_core::client::{DownloadReceipt, FileVersion, ListedFile};

use super::contents::Part;
use super::layout::place;

/// The version of the layout. Mirrors with a later version are refused.
pub(crate) const FORMAT: u32 = 1;

/// The first line of the manifest and of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) format: u32,
    pub(crate) server: String,
    pub(crate) project: String,
    /// Fields and arguments that the server's schema lacked at the last sync.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) unsupported: Vec<String>,
    /// The tables of the whole project, by file name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) tables: BTreeMap<String, Stored>,
}

/// The properties of a finished file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    /// The rows of a table or the lines of a log.
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    /// The MD5 digest in base64.
    pub(crate) md5: String,
}

impl Stored {
    /// Creates the entry of an empty table or log, which has no file.
    pub(crate) fn empty() -> Self {
        Self { rows: 0, bytes: 0, md5: String::new() }
    }
}

/// A part of a run, with the run's fingerprint when the part was copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Taken<T> {
    pub(crate) as_of: Fingerprint,
    #[serde(flatten)]
    pub(crate) what: T,
}

/// The files of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Files {
    pub(crate) files: Vec<File>,
}

/// One file of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct File {
    /// The name on the server.
    pub(crate) name: String,
    /// The path in the run's folder, if it differs from the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) here: Option<String>,
    pub(crate) bytes: u64,
    /// The MD5 digest in base64.
    pub(crate) md5: String,
    /// The claims of the list and the storage, if the list has no digest or the storage contradicts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<Origin>,
}

/// The claims of the list and the storage about a file when it was downloaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    listed: ListedFile,
    stored: FileVersion,
}

impl File {
    /// Returns what identifies the file if its list entry does not confirm it.
    pub(crate) fn receipt(&self) -> Option<DownloadReceipt> {
        let Origin { listed, stored } = self.origin.clone()?;
        Some(DownloadReceipt { listed, stored, bytes: self.bytes, md5: self.md5.clone() })
    }

    /// Returns the path in the run's folder.
    pub(crate) fn here(&self) -> &str {
        self.here.as_deref().unwrap_or(&self.name)
    }
}

impl From<DownloadReceipt> for Origin {
    fn from(DownloadReceipt { listed, stored, .. }: DownloadReceipt) -> Self {
        Self { listed, stored }
    }
}

/// Messages, by the part that they belong to.
pub(crate) type Told = BTreeMap<String, Vec<String>>;

/// The record of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    /// The run's id.
    pub(crate) run: String,
    /// The name of its files, if the id is not a valid file name on every system or clashes with another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) here: Option<String>,
    /// The run's fingerprint when it was last copied, whatever parts were wanted.
    pub(crate) as_of: Fingerprint,
    /// The run's fingerprint when its row was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) row: Option<Fingerprint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) heartbeat_at: Option<String>,
    /// The last step of the history, if the server reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_step: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) history: Option<Taken<Stored>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) system: Option<Taken<Stored>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) logs: Option<Taken<Stored>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) files: Option<Taken<Files>>,
    /// Missing data and the reasons. The next sync retries it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) missing: Told,
    /// Data that differs from the server's or may be incomplete. A retry would not help.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) inexact: Told,
    /// Features that this version of the server lacks. They are requested again only when the run changes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) unsupported: Told,
    /// Whether the run no longer exists on the server.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) gone: bool,
}

impl RunRecord {
    pub(crate) fn new(run: &str, here: &str, as_of: Fingerprint) -> Self {
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
            missing: Told::new(),
            inexact: Told::new(),
            unsupported: Told::new(),
            gone: false,
        }
    }

    /// Returns the name of the run's files.
    pub(crate) fn here(&self) -> &str {
        self.here.as_deref().unwrap_or(&self.run)
    }

    /// Returns the run's fingerprint when a part was copied.
    pub(crate) fn as_of(&self, part: Part) -> Option<Fingerprint> {
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
    pub(crate) fn table(&self, part: Part) -> Option<&Stored> {
        self.taken(part).map(|taken| &taken.what)
    }

    fn taken(&self, part: Part) -> Option<&Taken<Stored>> {
        match part {
            Part::History => self.history.as_ref(),
            Part::System => self.system.as_ref(),
            Part::Logs => self.logs.as_ref(),
            Part::Runs | Part::Files | Part::Sweeps => None,
        }
    }

    /// Returns the table or log of a part if it is complete and was copied together with the rest of the
    /// record, so that the other fields describe it.
    pub(crate) fn whole(&self, part: Part) -> Option<&Stored> {
        let told = [&self.missing, &self.inexact];
        let is_whole = |taken: &&Taken<Stored>| {
            taken.as_of == self.as_of && !told.iter().any(|told| told.contains_key(part.name()))
        };
        self.taken(part).filter(is_whole).map(|taken| &taken.what)
    }

    /// Returns the files of the run.
    pub(crate) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter().flat_map(|taken| &taken.what.files)
    }

    /// Lists every file of the run in the mirror, with place, size and digest.
    pub(crate) fn stored(&self) -> Vec<(Part, String, u64, &str)> {
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

    /// Records that the file at a place is lost, so that it is fetched again.
    pub(crate) fn lose(&mut self, part: Part, lost: &str, why: &str) {
        let folder = place(Part::Files, self.here());
        match part {
            Part::History => self.history = None,
            Part::System => self.system = None,
            Part::Logs => self.logs = None,
            Part::Files => {
                if let Some(taken) = &mut self.files {
                    taken.what.files.retain(|file| format!("{folder}/{}", file.here()) != lost);
                }
            }
            Part::Runs => self.row = None,
            Part::Sweeps => {}
        }
        self.missing.entry(part.name().to_owned()).or_default().push(format!("{lost}: {why}"));
    }
}

/// A hash of a run's entry in the list of runs. A different hash means that the run has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    /// Hashes a run in the light form.
    pub(crate) fn of(run: &wandb_core::model::Run) -> Self {
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
        record.history = Some(Taken { as_of: Fingerprint::number(1), what: stored(3) });
        record.files = Some(Taken {
            as_of: Fingerprint::number(2),
            what: Files {
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
        record.history = Some(Taken { as_of: Fingerprint::number(2), what: stored(3) });
        record.system = Some(Taken { as_of: Fingerprint::number(1), what: stored(3) });
        record.logs = Some(Taken { as_of: Fingerprint::number(2), what: stored(3) });
        record.missing.insert("logs".to_owned(), vec!["why".to_owned()]);
        let whole = Part::ALL.map(|part| record.whole(part).is_some());
        assert_eq!(whole, [false, true, false, false, false, false]);
    }

    #[test]
    fn stored_lists_files_by_place() {
        let mut record = RunRecord::new("A?", "A_~1", Fingerprint::number(0));
        record.history = Some(Taken { as_of: record.as_of, what: stored(3) });
        record.system = Some(Taken { as_of: record.as_of, what: stored(0) });
        let file = File { name: "m/x.h5".into(), here: None, bytes: 1, md5: "y".into(), origin: None };
        record.files = Some(Taken { as_of: record.as_of, what: Files { files: vec![file] } });
        let places: Vec<_> = record.stored().into_iter().map(|(_, place, ..)| place).collect();
        assert_eq!(places, ["history/A_~1.parquet", "files/A_~1/m/x.h5"], "an empty table has no file");
        record.lose(Part::Files, "files/A_~1/m/x.h5", "it is not there");
        record.lose(Part::History, "history/A_~1.parquet", "it is short");
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
