//! What is noted of a project and of each run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::contents::Part;

/// The version of the layout. A mirror of a later one is refused.
pub(super) const FORMAT: u32 = 1;

/// The first line of manifest and journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) format: u32,
    pub(super) server: String,
    pub(super) project: String,
    /// The tables of the whole project, by the names of their files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) tables: BTreeMap<String, Stored>,
}

/// A file that is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    /// Rows of a table, lines of a log.
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// The MD5 digest in base64.
    pub(super) md5: String,
}

/// One part of a run, as it was when the run looked like `as_of`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Taken<T> {
    pub(super) as_of: Fingerprint,
    #[serde(flatten)]
    pub(super) what: T,
}

/// The files of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Files {
    pub(super) files: Vec<File>,
}

/// One file of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct File {
    /// The server's name.
    pub(super) name: String,
    /// The name in the run's folder, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) here: Option<String>,
    pub(super) bytes: u64,
    /// The MD5 digest in base64.
    pub(super) md5: String,
}

impl File {
    /// The path below the run's folder.
    pub(super) fn here(&self) -> &str {
        self.here.as_deref().unwrap_or(&self.name)
    }
}

/// What is noted of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RunRecord {
    /// The run's id.
    pub(super) run: String,
    /// What its files are called, where the id is no good name on every system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) here: Option<String>,
    pub(super) as_of: Fingerprint,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) heartbeat_at: Option<String>,
    /// How far the history got, where the server tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_step: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) history: Option<Taken<Stored>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) system: Option<Taken<Stored>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) logs: Option<Taken<Stored>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) files: Option<Taken<Files>>,
    /// What is missing, and why, by the part it belongs to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) missing: BTreeMap<String, Vec<String>>,
    /// Whether the server has it no more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) gone: bool,
}

impl RunRecord {
    pub(super) fn new(run: &str, here: &str, as_of: Fingerprint) -> Self {
        Self {
            run: run.to_owned(),
            here: (here != run).then(|| here.to_owned()),
            as_of,
            created_at: None,
            state: None,
            heartbeat_at: None,
            last_step: None,
            history: None,
            system: None,
            logs: None,
            files: None,
            missing: BTreeMap::new(),
            gone: false,
        }
    }

    /// What the run's files are called.
    pub(super) fn here(&self) -> &str {
        self.here.as_deref().unwrap_or(&self.run)
    }

    /// What the run looked like when a part was taken.
    pub(super) fn as_of(&self, part: Part) -> Option<Fingerprint> {
        match part {
            Part::Runs => Some(self.as_of),
            Part::History => Some(self.history.as_ref()?.as_of),
            Part::System => Some(self.system.as_ref()?.as_of),
            Part::Logs => Some(self.logs.as_ref()?.as_of),
            Part::Files => Some(self.files.as_ref()?.as_of),
            Part::Sweeps => None,
        }
    }

    /// Every file of the run, by its place in the mirror, with its size and digest.
    pub(super) fn stored(&self) -> Vec<(String, u64, &str)> {
        let tables = [(Part::History, &self.history), (Part::System, &self.system), (Part::Logs, &self.logs)];
        let tables = tables.into_iter().filter_map(|(part, taken)| {
            let stored = &taken.as_ref()?.what;
            (stored.rows > 0)
                .then(|| (super::layout::place(part, self.here()), stored.bytes, stored.md5.as_str()))
        });
        let folder = super::layout::place(Part::Files, self.here());
        let files = self.files.iter().flat_map(|taken| &taken.what.files);
        let files = files.map(|file| (format!("{folder}/{}", file.here()), file.bytes, file.md5.as_str()));
        tables.chain(files).collect()
    }
}

/// What a run looks like in the list of runs, in short: whenever it differs, the run has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint(u64);

impl Fingerprint {
    /// That of a run in the light form.
    pub(super) fn of(run: &wandb_core::model::Run) -> Self {
        use md5::{Digest as _, Md5};
        // Every field is text, a number, or a list of texts, none of which can fail to be written.
        let digest = Md5::digest(serde_json::to_vec(run).unwrap_or_default());
        Self(digest.iter().take(8).fold(0, |whole, byte| whole << 8 | u64::from(*byte)))
    }

    #[cfg(test)]
    pub(super) fn number(number: u64) -> Self {
        Self(number)
    }
}

/// Sixteen digits, since JSON readers take long numbers for floats.
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
    fn a_record_is_read_as_it_was_written_and_says_nothing_of_what_there_is_not() {
        let mut record = RunRecord::new("abc", "abc", Fingerprint::number(u64::MAX));
        assert_eq!(serde_json::to_string(&record).unwrap(), r#"{"run":"abc","as_of":"ffffffffffffffff"}"#);
        record.history = Some(Taken { as_of: Fingerprint::number(1), what: stored(3) });
        record.files = Some(Taken {
            as_of: Fingerprint::number(2),
            what: Files {
                files: vec![File { name: "a?".into(), here: Some("a_~1".into()), bytes: 1, md5: "y".into() }],
            },
        });
        record.missing.insert("logs".to_owned(), vec!["why".to_owned()]);
        record.gone = true;
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<RunRecord>(&text).unwrap(), record, "{text}");
        assert_eq!(record.as_of(Part::History), Some(Fingerprint::number(1)));
    }

    #[test]
    fn files_that_are_there_are_known_by_their_places() {
        let mut record = RunRecord::new("A?", "A_~1", Fingerprint::number(0));
        record.history = Some(Taken { as_of: record.as_of, what: stored(3) });
        record.system = Some(Taken { as_of: record.as_of, what: stored(0) });
        let file = File { name: "m/x.h5".into(), here: None, bytes: 1, md5: "y".into() };
        record.files = Some(Taken { as_of: record.as_of, what: Files { files: vec![file] } });
        let places: Vec<_> = record.stored().into_iter().map(|(place, ..)| place).collect();
        assert_eq!(places, ["history/A_~1.parquet", "files/A_~1/m/x.h5"], "an empty table is no file");
    }

    #[test]
    fn whatever_the_list_shows_of_a_run_is_in_its_fingerprint() {
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
