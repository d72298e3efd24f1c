//! Messages out of a log, and what was lost on the way.

use std::io::{self, Read, Seek};

use bytes::Bytes;
use prost::Message;

use crate::log::{Damage, DamageKind, Entry, LogReader};
use crate::proto;

/// What of a file could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Losses {
    /// The first damages, in their order; a file with more than a thousand is hardly one.
    pub damages: Vec<Damage>,
    /// How many more there are.
    pub more: u64,
    /// How many records are known to be lost, as the others are numbered. More may be at the end of the file.
    pub records: u64,
}

/// So many damages are kept.
const MOST_DAMAGES: usize = 1_000;

impl Losses {
    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.damages.is_empty()
    }

    pub(crate) fn add(&mut self, damage: Damage) {
        if self.damages.len() < MOST_DAMAGES {
            self.damages.push(damage);
        } else {
            self.more += 1;
        }
    }

    /// What is missing, each in a sentence.
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences: Vec<String> = self.damages.iter().map(ToString::to_string).collect();
        if self.more > 0 {
            sentences.push(format!("{} more places cannot be read", self.more));
        }
        if let Some(last) = self.damages.last() {
            let open = if last.at_end { ", and perhaps more at its end" } else { "" };
            sentences.push(match self.records {
                0 => "how many records were lost there is not known".to_owned(),
                1 => format!("1 record was lost there{open}"),
                records => format!("{records} records were lost there{open}"),
            });
        }
        sentences
    }
}

/// Reads messages.
#[derive(Debug)]
pub(crate) struct Records<R> {
    log: LogReader<R>,
    losses: Losses,
    numbers: Numbers,
    /// Where the record that was read last begins and ends.
    begin: u64,
    end: u64,
    /// Whether there is a record at all.
    found_any: bool,
}

/// By the numbers of records, how many were lost between two of them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Numbers {
    /// The number of the record before.
    last: Option<i64>,
    /// Whether something was lost since.
    is_doubtful: bool,
}

impl Numbers {
    /// Takes the number of the next record that was read.
    fn lost_before(&mut self, num: i64) -> u64 {
        let before = self.last.replace(num).unwrap_or(0);
        let lost = if std::mem::take(&mut self.is_doubtful) {
            num.saturating_sub(before).saturating_sub(1)
        } else {
            0
        };
        u64::try_from(lost).unwrap_or(0)
    }
}

impl<R: Read> Records<R> {
    pub(crate) fn new(source: R) -> Self {
        Self {
            log: LogReader::new(source),
            losses: Losses::default(),
            numbers: Numbers::default(),
            begin: 0,
            end: 0,
            found_any: false,
        }
    }

    /// The next record that can be read.
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
                    message(raw.offset, raw.end)
                }
            };
            self.numbers.is_doubtful = true;
            self.losses.add(damage);
            // Behind damage that is not at the end a record begins, so that whoever goes on there does not meet it again.
            if !damage.at_end {
                self.end = self.end.max(damage.offset.saturating_add(damage.bytes));
            }
        }
        Ok(None)
    }

    /// What a record holds; `None`, and a damage, if that makes no sense.
    pub(crate) fn read<M: Message + Default>(&mut self, content: Bytes) -> Option<M> {
        let content = M::decode(content).ok();
        if content.is_none() {
            self.lose();
        }
        content
    }

    /// Notes that something makes no sense in the record that was read last.
    pub(crate) fn lose(&mut self) {
        self.losses.add(message(self.begin, self.end));
        self.losses.records += 1;
    }

    /// Whether what was read so far may be a log: it has a record, or its mark, or nothing, or zeros alone.
    pub(crate) fn are_of_a_log(&self) -> bool {
        self.found_any || self.losses.damages.first().is_none_or(|damage| damage.kind != DamageKind::Header)
    }

    /// How the next records are numbered.
    pub(crate) fn numbers(&self) -> Numbers {
        self.numbers
    }

    /// Where the record that was read last ends.
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
    /// Reads on where a record has ended.
    pub(crate) fn go_on_at(source: R, offset: u64, numbers: Numbers) -> io::Result<Self> {
        let log = LogReader::go_on_at(source, offset)?;
        Ok(Self { log, losses: Losses::default(), numbers, begin: offset, end: offset, found_any: false })
    }
}

fn message(offset: u64, end: u64) -> Damage {
    Damage { offset, bytes: end - offset, kind: DamageKind::Message, at_end: false }
}
