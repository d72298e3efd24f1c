//! What a run printed.

mod screen;

use std::io::{self, Read};

use crate::proto::{Output, OutputLogger};
use crate::records::{Losses, Records};
use screen::Screen;

/// Text is handed out when there is so much of it.
const TEXT_AT_ONCE: usize = 64 << 10;

/// Reads the console output of a run, in memory for a few lines: standard output and standard error in the order in which
/// they came, a line each.
///
/// Carriage returns, backspaces and the movements that progress bars make are carried out; colours are left in place.
#[derive(Debug)]
pub struct ConsoleReader<R> {
    records: Records<R>,
    /// Standard error and standard output.
    screens: [Screen; 2],
    is_over: bool,
}

impl<R: Read> ConsoleReader<R> {
    /// Reads a file.
    pub fn new(source: R) -> Self {
        Self { records: Records::new(source), screens: Default::default(), is_over: false }
    }

    /// The next lines, each with its line break; `None` at the end.
    ///
    /// # Errors
    /// Those of the source alone; see [`losses`](Self::losses).
    pub fn next_text(&mut self) -> io::Result<Option<String>> {
        let mut text = String::new();
        while !self.is_over && text.len() < TEXT_AT_ONCE {
            let Some(record) = self.records.next_record()? else {
                self.is_over = true;
                self.screens.iter_mut().for_each(|screen| screen.flush(&mut text));
                break;
            };
            if let Some(output) = record.output_raw.or(record.output) {
                if let Some(output) = self.records.read::<Output>(output) {
                    let [errors, others] = &mut self.screens;
                    let screen = if output.stream == 0 { errors } else { others };
                    screen.print(&output.line, &mut text);
                }
            } else if let Some(logged) = record.output_logger
                && let Some(logged) = self.records.read::<OutputLogger>(logged)
            {
                text.push_str(logged.line.trim_end_matches('\n'));
                text.push('\n');
            }
        }
        Ok((!text.is_empty()).then_some(text))
    }

    /// What could not be read so far.
    pub fn losses(&self) -> &Losses {
        self.records.losses()
    }
}
