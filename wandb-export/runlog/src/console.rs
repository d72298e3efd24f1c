//! Reads the console output of a run.

mod screen;

use std::collections::BTreeMap;
use std::io::{self, Read};

use crate::proto::{Output, OutputLogger};
use crate::records::{Losses, Records};
use screen::{Clock, FinishedLine, Screen};

/// Size in bytes from which text is returned.
const TEXT_AT_ONCE: usize = 64 << 10;

/// Maximum number of finished lines of one stream that wait for an unfinished, older line of the other.
const MAX_WAITING: usize = 1_000;

/// Reads the console output of a run, keeping a limited number of lines in memory.
///
/// Merges standard output and standard error by the start of their lines. Applies carriage returns, backspaces and the
/// cursor movements of progress bars, and keeps colours.
#[derive(Debug)]
pub struct ConsoleReader<R> {
    records: Records<R>,
    /// The screens of standard error and standard output.
    screens: [Screen; 2],
    clock: Clock,
    /// Finished lines, by the time they were started.
    waiting: BTreeMap<u64, String>,
    is_over: bool,
}

impl<R: Read> ConsoleReader<R> {
    /// Makes a reader of a log file.
    pub fn new(source: R) -> Self {
        Self {
            records: Records::new(source),
            screens: Default::default(),
            clock: Clock::default(),
            waiting: BTreeMap::new(),
            is_over: false,
        }
    }

    /// Returns the next lines, each with its line break; `None` at the end.
    ///
    /// # Errors
    /// Only errors of the source. For damage, see [`losses`](Self::losses).
    pub fn next_text(&mut self) -> io::Result<Option<String>> {
        let mut text = String::new();
        while !self.is_over && text.len() < TEXT_AT_ONCE {
            let mut finished = Vec::new();
            if let Some(record) = self.records.next_record()? {
                if let Some(output) = record.output_raw.or(record.output) {
                    if let Some(output) = self.records.read::<Output>(output) {
                        let [errors, others] = &mut self.screens;
                        let screen = if output.stream == 0 { errors } else { others };
                        screen.print(&output.line, &mut self.clock, &mut finished);
                    }
                } else if let Some(logged) = record.output_logger
                    && let Some(logged) = self.records.read::<OutputLogger>(logged)
                {
                    // The logger writes whole lines, independent of the other streams.
                    let mut screen = Screen::default();
                    screen.print(&logged.line, &mut self.clock, &mut finished);
                    screen.flush(&mut self.clock, &mut finished);
                }
            } else {
                self.is_over = true;
                for screen in &mut self.screens {
                    screen.flush(&mut self.clock, &mut finished);
                }
            }
            self.waiting.extend(finished.into_iter().map(|FinishedLine { started, text }| (started, text)));
            self.emit_lines(&mut text);
        }
        Ok((!text.is_empty()).then_some(text))
    }

    /// Appends the waiting lines that no older line can precede.
    fn emit_lines(&mut self, text: &mut String) {
        let oldest = self.screens.iter().filter_map(Screen::oldest).min().unwrap_or(u64::MAX);
        while let Some(&started) = self.waiting.keys().next() {
            if started > oldest && self.waiting.len() <= MAX_WAITING {
                break;
            }
            if let Some((_, line)) = self.waiting.pop_first() {
                text.push_str(&line);
                text.push('\n');
            }
        }
    }

    /// The damage found so far.
    pub fn losses(&self) -> &Losses {
        self.records.losses()
    }
}
