//! Decodes the records of a log and tracks losses.

use std::io::{self, Read, Seek};

use bytes::Bytes;
use prost::Message;

use crate::log::{Damage, DamageKind, Entry, LogReader};
use crate::proto;

/// The losses in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Losses {
    /// The first 1,000 places of damage, in file order.
    pub damages: Vec<Damage>,
    /// How many more places there are.
    pub more: u64,
    /// How many records are known to be lost, by gaps in the record numbers. More may be lost at the end of the file.
    pub records: u64,
}

/// Maximum number of damaged places to keep.
const MAX_DAMAGES: usize = 1_000;

impl Losses {
    /// Whether nothing was lost.
    pub fn is_empty(&self) -> bool {
        self.damages.is_empty()
    }

    pub(crate) fn add(&mut self, damage: Damage) {
        if self.damages.len() < MAX_DAMAGES {
            self.damages.push(damage);
        } else {
            self.more += 1;
        }
    }

    /// Describes the losses, one sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences: Vec<String> = self.damages.iter().map(ToString::to_string).collect();
        if self.more > 0 {
            sentences.push(format!("{} more places cannot be read", self.more));
        }
        if let Some(last) = self.damages.last() {
            let open = if last.at_end { ", possibly more at the end of the file" } else { "" };
            sentences.push(match self.records {
                0 => "the number of lost records is unknown".to_owned(),
                1 => format!("1 record was lost{open}"),
                records => format!("{records} records were lost{open}"),
            });
        }
        sentences
    }
}

/// A reader of decoded records.
#[derive(Debug)]
pub(crate) struct Records<R> {
    log: LogReader<R>,
    losses: Losses,
    numbers: RecordNumbers,
    /// The offset at which the last record starts.
    begin: u64,
    /// The offset at which the last record ends.
    end: u64,
    /// Whether any record was found.
    found_any: bool,
}

/// Counts lost records by the gaps in record numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RecordNumbers {
    /// The number of the previous record.
    last: Option<i64>,
    /// Whether there was damage since then.
    has_gap: bool,
}

impl RecordNumbers {
    /// Returns how many records were lost before the next one, which has the number `num`.
    fn lost_before(&mut self, num: i64) -> u64 {
        let before = self.last.replace(num).unwrap_or(0);
        let lost =
            if std::mem::take(&mut self.has_gap) { num.saturating_sub(before).saturating_sub(1) } else { 0 };
        u64::try_from(lost).unwrap_or(0)
    }
}

impl<R: Read> Records<R> {
    pub(crate) fn new(source: R) -> Self {
        Self {
            log: LogReader::new(source),
            losses: Losses::default(),
            numbers: RecordNumbers::default(),
            begin: 0,
            end: 0,
            found_any: false,
        }
    }

    /// Returns the next readable record.
    pub(crate) fn next_record(&mut self) -> io::Result<Option<proto::Record>> {
        while let Some(entry) = self.log.next_entry()? {
            let damage = match entry {
                Entry::Damage(damage) => damage,
                Entry::Record(raw) => {
                    (self.begin, self.end, self.found_any) = (raw.offset, raw.end, true);
                    if let Ok(record) = proto::Record::decode(raw.payload) {
                        self.losses.records += self.numbers.lost_before(record.num);
                        return Ok(Some(record));
                    }
                    malformed_record(raw.offset, raw.end)
                }
            };
            self.numbers.has_gap = true;
            self.losses.add(damage);
            // A record starts after damage that is not at the end of the file. Resuming there avoids a second report.
            if !damage.at_end {
                self.end = self.end.max(damage.offset.saturating_add(damage.bytes));
            }
        }
        Ok(None)
    }

    /// Decodes the content of a record. If that fails, records the loss and returns `None`.
    pub(crate) fn read<M: Message + Default>(&mut self, content: Bytes) -> Option<M> {
        let content = M::decode(content).ok();
        if content.is_none() {
            self.mark_malformed();
        }
        content
    }

    /// Records that the last record is malformed.
    pub(crate) fn mark_malformed(&mut self) {
        self.losses.add(malformed_record(self.begin, self.end));
        self.losses.records += 1;
    }

    /// Whether the input so far may be a log: it has a record or the header, is empty, or consists of zeros.
    pub(crate) fn is_log(&self) -> bool {
        self.found_any || self.losses.damages.first().is_none_or(|damage| damage.kind != DamageKind::Header)
    }

    /// The state of the record numbers.
    pub(crate) fn numbers(&self) -> RecordNumbers {
        self.numbers
    }

    /// The offset at which the last record ends.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    pub(crate) fn losses(&self) -> &Losses {
        &self.losses
    }

    pub(crate) fn into_losses(self) -> Losses {
        self.losses
    }
}

impl<R: Read + Seek> Records<R> {
    /// Resumes at the end of a record.
    pub(crate) fn resume_at(source: R, offset: u64, numbers: RecordNumbers) -> io::Result<Self> {
        let log = LogReader::resume_at(source, offset)?;
        Ok(Self { log, losses: Losses::default(), numbers, begin: offset, end: offset, found_any: false })
    }
}

fn malformed_record(offset: u64, end: u64) -> Damage {
    Damage { offset, bytes: end - offset, kind: DamageKind::Message, at_end: false }
}
