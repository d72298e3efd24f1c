//! What a run printed.

mod screen;

use std::collections::BTreeMap;
use std::io::{self, Read};

use crate::proto::{Output, OutputLogger};
use crate::records::{Losses, Records};
use screen::{Clock, Finished, Screen};

/// Text is handed out when there is so much of it.
const TEXT_AT_ONCE: usize = 64 << 10;

/// So many finished lines of one stream wait for an unfinished one of the other that was begun before, and no more.
const MOST_WAITING: usize = 1_000;

/// Reads the console output of a run, in memory for some lines: standard output and standard error in the order in which
/// their lines were begun.
///
/// Carriage returns, backspaces and the movements that progress bars make are carried out; colours are left in place.
#[derive(Debug)]
pub struct ConsoleReader<R> {
    records: Records<R>,
    /// Standard error and standard output.
    screens: [Screen; 2],
    clock: Clock,
    /// Lines that do not change any more, by when they were begun.
    waiting: BTreeMap<u64, String>,
    is_over: bool,
}

impl<R: Read> ConsoleReader<R> {
    /// Reads a file.
    pub fn new(source: R) -> Self {
        Self {
            records: Records::new(source),
            screens: Default::default(),
            clock: Clock::default(),
            waiting: BTreeMap::new(),
            is_over: false,
        }
    }

    /// The next lines, each with its line break; `None` at the end.
    ///
    /// # Errors
    /// Those of the source alone; see [`losses`](Self::losses).
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
                    // A stream of its own, with lines that are whole.
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
            self.waiting.extend(finished.into_iter().map(|Finished { begun, text }| (begun, text)));
            self.hand_out(&mut text);
        }
        Ok((!text.is_empty()).then_some(text))
    }

    /// Appends the lines before which none can come any more.
    fn hand_out(&mut self, text: &mut String) {
        let oldest = self.screens.iter().filter_map(Screen::oldest).min().unwrap_or(u64::MAX);
        while let Some(&begun) = self.waiting.keys().next() {
            if begun > oldest && self.waiting.len() <= MOST_WAITING {
                break;
            }
            if let Some((_, line)) = self.waiting.pop_first() {
                text.push_str(&line);
                text.push('\n');
            }
        }
    }

    /// What could not be read so far.
    pub fn losses(&self) -> &Losses {
        self.records.losses()
    }
}
