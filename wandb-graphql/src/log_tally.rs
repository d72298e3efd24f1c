//! Detects missing log lines.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use wandb_core::operation::UnreadableEntry;

use crate::lister::MAX_UNREADABLE;
use crate::ops::{ListLogLines, LogLine, LogPage};

/// Takes the pages of a log in order and reports at the end whether lines are missing.
///
/// ```
/// use wandb_graphql::LogTally;
/// use wandb_graphql::ops::LogPage;
///
/// let mut tally = LogTally::default();
/// let lines: Vec<String> = tally.take(LogPage::default());
/// assert!(lines.is_empty() && !tally.is_short());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogTally {
    received: u64,
    first: Option<u64>,
    /// The expected number of the next line.
    next: u64,
    /// How many line numbers were skipped between two lines.
    skipped: u64,
    counted: Option<u64>,
    null_entries: u64,
    unreadable: Vec<UnreadableEntry>,
    /// Whether the server gave its maximum number of newest lines, so that older ones may exist.
    is_full_tail: bool,
    /// Hashes of the pages whose lines have no numbers.
    unnumbered: HashSet<u64>,
    /// Repeated pages without numbers, held back until a different page follows. A log may repeat itself.
    repeated: Vec<Vec<LogLine>>,
}

/// How many repeated pages in a row mean that the server sends the log again.
const MAX_REPEATED: usize = 3;

impl LogTally {
    /// Takes the next page and returns its lines, without those of earlier pages.
    ///
    /// A repeated page whose lines have no numbers is held back until a different page follows.
    pub fn take(&mut self, page: LogPage) -> Vec<String> {
        self.counted = page.total.or(self.counted);
        let left_out = page.unreadable.iter().filter(|entry| entry.is_left_out).count();
        self.null_entries += page.null_entries + left_out as u64;
        let room = MAX_UNREADABLE.saturating_sub(self.unreadable.len());
        self.unreadable.extend(page.unreadable.into_iter().take(room));
        self.is_full_tail |= page.is_tail && page.lines.len() as u64 >= ListLogLines::TAIL;
        if !page.lines.is_empty() && page.lines.iter().all(|line| line.number.is_none()) {
            let mut hasher = DefaultHasher::new();
            page.lines.iter().for_each(|line| line.text.hash(&mut hasher));
            if !self.unnumbered.insert(hasher.finish()) {
                self.repeated.push(page.lines);
                return Vec::new();
            }
        }
        let mut lines = self.finish();
        self.add(page.lines, &mut lines);
        lines
    }

    /// Whether the server keeps repeating pages, so that the log does not end.
    pub fn is_repeating(&self) -> bool {
        self.repeated.len() >= MAX_REPEATED
    }

    /// Returns the lines of held-back pages. Call it at the end of a log.
    pub fn finish(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        for page in std::mem::take(&mut self.repeated) {
            self.add(page, &mut lines);
        }
        lines
    }

    fn add(&mut self, page: Vec<LogLine>, lines: &mut Vec<String>) {
        lines.reserve(page.len());
        for line in page {
            if let Some(number) = line.number {
                if number < self.next {
                    continue;
                }
                if self.received > 0 {
                    self.skipped += number - self.next;
                }
                self.next = number.saturating_add(1);
            } else {
                self.next += 1;
            }
            if self.received == 0 {
                self.first = line.number;
            }
            self.received += 1;
            lines.push(line.text);
        }
    }

    /// How many lines were received.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The server's count of the run's log lines, if it gives one.
    pub fn counted(&self) -> Option<u64> {
        self.counted
    }

    /// The number of the first received line, counted from 0, if the server gives one.
    pub fn first(&self) -> Option<u64> {
        self.first
    }

    /// The unreadable entries, at most 1,000.
    pub fn unreadable(&self) -> &[UnreadableEntry] {
        &self.unreadable
    }

    /// How many entries were null or unreadable.
    pub fn null_entries(&self) -> u64 {
        self.null_entries
    }

    /// Whether lines are or may be missing. Null entries do not count as missing.
    pub fn is_short(&self) -> bool {
        let accounted = self.received + self.null_entries;
        self.is_late()
            || self.skipped > self.null_entries
            || self.counted.is_some_and(|counted| accounted < counted)
    }

    /// Whether the oldest lines are or may be missing. The server no longer gives them, so a retry does not help.
    pub fn is_late(&self) -> bool {
        match self.first {
            Some(first) => first > self.null_entries,
            None => self.is_full_tail && self.counted.is_none_or(|counted| counted > self.received),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wandb_core::operation::Operation as _;

    /// The lines and the tally after pages with these totals and line numbers.
    fn tally_of(pages: &[(Option<u64>, &[Option<u64>])]) -> (String, LogTally) {
        let mut tally = LogTally::default();
        let mut lines = Vec::new();
        for (total, numbers) in pages {
            let edge = |number: &Option<u64>| {
                let line = number.map_or("?".to_owned(), |number| number.to_string());
                serde_json::json!({ "cursor": null, "node": { "number": number, "line": line } })
            };
            let edges: Vec<_> = numbers.iter().map(edge).collect();
            lines.extend(tally.take(page(*total, &edges)));
        }
        (lines.join(" "), tally)
    }

    fn page(total: Option<u64>, edges: &[serde_json::Value]) -> LogPage {
        let info = serde_json::json!({ "endCursor": null, "hasNextPage": false });
        let lines = serde_json::json!({ "edges": edges, "pageInfo": info });
        let run = serde_json::json!({ "id": "r", "logLineCount": total, "logLines": lines });
        let body = serde_json::json!({ "data": { "project": { "run": run } } }).to_string();
        let list = ListLogLines::new("e/p/r".parse().unwrap());
        list.answer(http::Response::new(body.into())).unwrap()
    }

    #[test]
    fn repeated_lines_are_returned_once() {
        let (lines, tally) = tally_of(&[
            (Some(4), &[Some(0), Some(1)]),
            (Some(4), &[Some(1), Some(2)]),
            (Some(4), &[Some(3)]),
        ]);
        assert_eq!((lines.as_str(), tally.is_short()), ("0 1 2 3", false));
    }

    #[test]
    fn repeated_pages_without_numbers_are_held_back() {
        let (a, b): (&[Option<u64>], &[Option<u64>]) = (&[None], &[None, None]);
        let (lines, tally) = tally_of(&[(None, a), (None, a), (None, a), (None, b)]);
        assert_eq!((lines.as_str(), tally.is_repeating()), ("? ? ? ? ?", false), "a log may repeat itself");
        let (lines, tally) = tally_of(&[(None, a), (None, b), (None, a), (None, b), (None, a)]);
        assert_eq!((lines.as_str(), tally.is_repeating()), ("? ? ?", true));
        let (lines, mut tally) = tally_of(&[(None, a), (None, a)]);
        assert_eq!((lines.as_str(), tally.finish(), tally.received()), ("?", vec!["?".to_owned()], 2));
    }

    #[test]
    fn missing_lines_are_detected() {
        for (total, numbers, short, late) in [
            (Some(3), &[Some(0), Some(1), Some(2)][..], false, false),
            (Some(4), &[Some(0), Some(1), Some(2)], true, false),
            (Some(3), &[Some(1), Some(2)], true, true),
            (None, &[Some(1), Some(2)], true, true),
            (None, &[Some(0), Some(2)], true, false),
            (None, &[Some(0), Some(1)], false, false),
            (None, &[None, None], false, false),
            (Some(3), &[None, None], true, false),
            (Some(0), &[], false, false),
            (Some(2), &[], true, false),
        ] {
            let (_, tally) = tally_of(&[(total, numbers)]);
            assert_eq!((tally.is_short(), tally.is_late()), (short, late), "{total:?} {numbers:?}");
        }
    }

    #[test]
    fn null_entry_counts_as_a_line() {
        let node =
            |number: u64| serde_json::json!({ "cursor": null, "node": { "number": number, "line": "x" } });
        let null = serde_json::json!({ "cursor": null, "node": null });
        let mut tally = LogTally::default();
        tally.take(page(Some(3), &[node(0), null, node(2)]));
        assert_eq!((tally.null_entries(), tally.received(), tally.is_short()), (1, 2, false));
    }

    #[test]
    fn full_tail_without_numbers_may_lack_lines() {
        let tail = |count: u64, total| {
            let edges: Vec<_> =
                (0..count).map(|_| serde_json::json!({ "cursor": null, "node": { "line": "x" } })).collect();
            let (mut tally, mut tail) = (LogTally::default(), page(total, &edges));
            tail.is_tail = true;
            tally.take(tail);
            tally.is_short()
        };
        assert!(tail(10_000, None) && tail(10_000, Some(10_001)));
        assert!(!tail(10_000, Some(10_000)) && !tail(9_999, None));
    }
}
