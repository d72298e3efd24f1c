//! The append-only log of changes since the manifest was written. Each line has a checksum, which reveals
//! lines that a crash left incomplete.

use std::io::{self, BufRead};
use std::ops::Range;

use serde::Serialize;

use crate::record::{Header, RunRecord};

/// A complete line.
#[derive(Debug, PartialEq)]
pub(crate) enum Line {
    Header(Header),
    /// The record of a run, and the offsets of the record and of the run's row.
    Run {
        record: Box<RunRecord>,
        record_at: Span,
        row_at: Option<Span>,
    },
}

/// A byte range of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) offset: u64,
    pub(crate) len: u32,
}

impl Span {
    pub(crate) fn range(self) -> Range<u64> {
        self.offset..self.offset + u64::from(self.len)
    }
}

/// The length of the prefix: eight hex digits of checksum and a space.
const PREFIX: usize = 9;

/// Encodes the first line.
pub(crate) fn header_line(header: &Header) -> io::Result<Vec<u8>> {
    line(header, None).map(|(line, _)| line)
}

/// Encodes the line of a run. Returns it with the offsets of the record and the row.
pub(crate) fn run_line(record: &RunRecord, row: Option<&str>) -> io::Result<(Vec<u8>, Span, Option<Span>)> {
    let (line, json) = line(record, row)?;
    let record_at = span(PREFIX as u64, json)?;
    let row_at = match row {
        Some(row) => Some(span((PREFIX + json + 1) as u64, row.len())?),
        None => None,
    };
    Ok((line, record_at, row_at))
}

/// Joins texts with tab and line feed, which JSON text never contains unescaped.
fn line(first: &impl Serialize, second: Option<&str>) -> io::Result<(Vec<u8>, usize)> {
    let mut text = serde_json::to_vec(first)?;
    let json = text.len();
    if let Some(second) = second {
        text.push(b'\t');
        text.extend_from_slice(second.as_bytes());
    }
    let mut line = format!("{} ", checksum(&text)).into_bytes();
    line.append(&mut text);
    line.push(b'\n');
    Ok((line, json))
}

/// Formats the checksum of a line. Only lower-case digits are valid, so a changed case counts as damage.
fn checksum(text: &[u8]) -> String {
    format!("{:08x}", crc32fast::hash(text))
}

fn span(offset: u64, len: usize) -> io::Result<Span> {
    let len = u32::try_from(len)
        .map_err(|_| io::Error::other("a run has more than 4 GiB of config and summary"))?;
    Ok(Span { offset, len })
}

/// Reads lines up to the end or the first damaged one. Returns the length of the readable part in bytes.
pub(crate) fn read(mut reader: impl BufRead, mut each: impl FnMut(Line)) -> io::Result<u64> {
    let mut at = 0;
    let mut text = Vec::new();
    loop {
        text.clear();
        reader.read_until(b'\n', &mut text)?;
        let Some(mut line) = parse(&text, at == 0) else { return Ok(at) };
        if let Line::Run { record_at, row_at, .. } = &mut line {
            record_at.offset += at;
            if let Some(row_at) = row_at {
                row_at.offset += at;
            }
        }
        at += text.len() as u64;
        each(line);
    }
}

/// Returns whether a line is the complete first line of a journal.
pub(crate) fn is_header(line: &[u8]) -> bool {
    matches!(parse(line, true), Some(Line::Header(_)))
}

fn parse(text: &[u8], is_first: bool) -> Option<Line> {
    let text = text.strip_suffix(b"\n")?;
    let (prefix, rest) = text.split_at_checked(PREFIX)?;
    let digits = std::str::from_utf8(prefix.strip_suffix(b" ")?).ok()?;
    if digits != checksum(rest) {
        return None;
    }
    if is_first {
        return serde_json::from_slice(rest).ok().map(Line::Header);
    }
    let tab = rest.iter().position(|byte| *byte == b'\t');
    let (record, row) = match tab {
        Some(tab) => (&rest[..tab], Some(&rest[tab + 1..])),
        None => (rest, None),
    };
    Some(Line::Run {
        record_at: span(PREFIX as u64, record.len()).ok()?,
        row_at: row.and_then(|row| span((PREFIX + record.len() + 1) as u64, row.len()).ok()),
        record: Box::new(serde_json::from_slice(record).ok()?),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::{FORMAT, Fingerprint};

    fn journal() -> (Vec<u8>, Vec<usize>) {
        let header = Header {
            format: FORMAT,
            server: "https://x".into(),
            project: "e/p".into(),
            unsupported: Vec::new(),
            tables: [].into(),
        };
        let mut bytes = header_line(&header).unwrap();
        let mut ends = vec![0, bytes.len()];
        for (run, row) in [("a", Some(r#"{"id":"a","name":"tab\tfeed\n"}"#)), ("b", None), ("c", Some("{}"))]
        {
            let record = RunRecord::new(run, run, Fingerprint::number(7));
            let (line, record_at, row_at) = run_line(&record, row).unwrap();
            let part = |span: Span| {
                let start = usize::try_from(span.offset).unwrap();
                std::str::from_utf8(&line[start..start + span.len as usize]).unwrap().to_owned()
            };
            assert_eq!(part(record_at), serde_json::to_string(&record).unwrap());
            assert_eq!(row_at.map(part).as_deref(), row);
            bytes.extend_from_slice(&line);
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    fn whole(bytes: &[u8]) -> (usize, usize) {
        let mut lines = 0;
        let len = read(bytes, |_| lines += 1).unwrap();
        (lines, usize::try_from(len).unwrap())
    }

    #[test]
    fn journal_round_trips() {
        let (bytes, ends) = journal();
        let mut lines = Vec::new();
        read(&bytes[..], |line| lines.push(line)).unwrap();
        assert_eq!(whole(&bytes), (4, bytes.len()));
        assert!(matches!(&lines[0], Line::Header(header) if header.project == "e/p"));
        let Line::Run { record, row_at: Some(row_at), .. } = &lines[3] else { panic!("{lines:?}") };
        let offset = usize::try_from(row_at.offset).unwrap();
        assert_eq!((record.run.as_str(), &bytes[offset..offset + row_at.len as usize]), ("c", &b"{}"[..]));
        assert!(offset > ends[3]);
    }

    #[test]
    fn cut_journal_keeps_its_complete_lines() {
        let (bytes, ends) = journal();
        for cut in 0..bytes.len() {
            let lines = ends.iter().filter(|end| **end <= cut).count() - 1;
            assert_eq!(whole(&bytes[..cut]), (lines, ends[lines]), "cut at {cut}");
        }
    }

    proptest! {
        #[test]
        fn corrupt_byte_ends_the_journal_before_its_line(at in any::<prop::sample::Index>(), flip in 1_u8..) {
            let (mut bytes, ends) = journal();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let before = ends.iter().filter(|end| **end <= at).count() - 1;
            let (lines, len) = whole(&bytes);
            prop_assert_eq!((lines, len), (before, ends[before]));
        }
    }
}
