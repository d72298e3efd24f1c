//! Emulates the last lines of a terminal.

use std::collections::VecDeque;

/// How many lines can still change, enough for nested progress bars.
const LINES: usize = 32;

/// Length in characters at which a line is broken. Terminals break lines much earlier.
const LONGEST_LINE: usize = 64 << 10;

/// The last lines of a stream. Lines that can no longer change have been returned.
#[derive(Debug, Default)]
pub(super) struct Screen {
    lines: VecDeque<Line>,
    row: usize,
    column: usize,
    /// The start of an incomplete escape sequence.
    pending: String,
}

/// Numbers the lines of both streams in the order in which they are started.
#[derive(Debug, Default)]
pub(super) struct Clock(u64);

impl Clock {
    fn tick(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

/// A line that can no longer change.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FinishedLine {
    /// The clock value at which the line was started.
    pub(super) started: u64,
    pub(super) text: String,
}

/// The characters of a line, each with the colour sequences before it.
#[derive(Debug, Default)]
struct Line {
    /// The clock value at which the line was started, if it was.
    started: Option<u64>,
    cells: Vec<(String, char)>,
    /// The colour sequences after the last character.
    tail: String,
}

impl Screen {
    /// Prints text and appends the lines that became final to `out`.
    pub(super) fn print(&mut self, text: &str, clock: &mut Clock, out: &mut Vec<FinishedLine>) {
        let text = std::mem::take(&mut self.pending) + text;
        let mut rest = text.as_str();
        while let Some(character) = rest.chars().next() {
            if character == '\u{1b}' {
                match parse_escape(rest) {
                    Some((length, Some((count, command)))) => {
                        self.run_command(&rest[..length], count, command, clock, out);
                        rest = &rest[length..];
                    }
                    Some((length, None)) => {
                        self.put_color(&rest[..length], clock);
                        rest = &rest[length..];
                    }
                    None => {
                        rest.clone_into(&mut self.pending);
                        return;
                    }
                }
                continue;
            }
            rest = &rest[character.len_utf8()..];
            match character {
                '\r' => self.column = 0,
                '\n' => self.move_down(1, clock, out),
                '\u{8}' => self.column = self.column.saturating_sub(1),
                character => {
                    if self.column >= LONGEST_LINE {
                        self.move_down(1, clock, out);
                    }
                    self.put(character, clock);
                }
            }
        }
    }

    /// Appends all remaining lines to `out`.
    pub(super) fn flush(&mut self, clock: &mut Clock, out: &mut Vec<FinishedLine>) {
        let pending = std::mem::take(&mut self.pending);
        if !pending.is_empty() {
            self.put_color(&pending, clock);
        }
        if self.lines.back().is_some_and(|line| line.cells.is_empty() && line.tail.is_empty()) {
            self.lines.pop_back();
        }
        out.extend(self.lines.drain(..).map(|line| line.finished(clock)));
        (self.row, self.column) = (0, 0);
    }

    /// The start of the oldest line that can still change.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.lines.iter().filter_map(|line| line.started).min()
    }

    fn line(&mut self, clock: &mut Clock) -> &mut Line {
        while self.lines.len() <= self.row {
            // The lines above start before this one, even if they stay empty.
            if let Some(above) = self.lines.back_mut() {
                above.started.get_or_insert_with(|| clock.tick());
            }
            self.lines.push_back(Line::default());
        }
        &mut self.lines[self.row]
    }

    fn put(&mut self, character: char, clock: &mut Clock) {
        let column = self.column;
        let line = self.line(clock);
        line.started.get_or_insert_with(|| clock.tick());
        while line.cells.len() < column {
            line.cells.push((std::mem::take(&mut line.tail), ' '));
        }
        let before = if line.cells.len() == column { std::mem::take(&mut line.tail) } else { String::new() };
        match line.cells.get_mut(column) {
            Some(cell) => *cell = (before, character),
            None => line.cells.push((before, character)),
        }
        self.column += 1;
    }

    fn put_color(&mut self, sequence: &str, clock: &mut Clock) {
        let column = self.column;
        let line = self.line(clock);
        line.started.get_or_insert_with(|| clock.tick());
        match line.cells.get_mut(column) {
            // The colour applies to the character that will be written here.
            Some(cell) => sequence.clone_into(&mut cell.0),
            None => line.tail.push_str(sequence),
        }
    }

    fn move_down(&mut self, count: usize, clock: &mut Clock, out: &mut Vec<FinishedLine>) {
        self.line(clock).started.get_or_insert_with(|| clock.tick());
        self.row += count;
        self.column = 0;
        self.line(clock);
        while self.lines.len() > LINES {
            if let Some(line) = self.lines.pop_front() {
                out.push(line.finished(clock));
            }
            self.row = self.row.saturating_sub(1);
        }
    }

    fn run_command(
        &mut self,
        sequence: &str,
        count: usize,
        command: char,
        clock: &mut Clock,
        out: &mut Vec<FinishedLine>,
    ) {
        let many = count.clamp(1, 1_000);
        match command {
            'A' => self.row = self.row.saturating_sub(many),
            'B' => {
                let column = self.column;
                self.move_down(many.min(LINES), clock, out);
                self.column = column;
            }
            'C' => self.column = (self.column + many).min(LONGEST_LINE),
            'D' => self.column = self.column.saturating_sub(many),
            'G' => self.column = many - 1,
            'K' => {
                let column = self.column;
                let line = self.line(clock);
                match count {
                    0 => {
                        line.cells.truncate(column);
                        line.tail.clear();
                    }
                    2 => *line = Line { started: line.started, ..Line::default() },
                    _ => line.cells.iter_mut().take(column).for_each(|cell| *cell = (String::new(), ' ')),
                }
            }
            'm' => self.put_color(sequence, clock),
            // Other commands have no visible effect in text.
            _ => {}
        }
    }
}

impl Line {
    fn finished(self, clock: &mut Clock) -> FinishedLine {
        let mut text = String::new();
        for (before, character) in &self.cells {
            text.push_str(before);
            text.push(*character);
        }
        text.push_str(&self.tail);
        FinishedLine { started: self.started.unwrap_or_else(|| clock.tick()), text }
    }
}

/// Parses the escape sequence at the start of `text`.
///
/// Returns its length, and its number and command for a cursor or colour sequence (`ESC [ … letter`). Returns `None` if
/// the sequence is incomplete.
fn parse_escape(text: &str) -> Option<(usize, Option<(usize, char)>)> {
    let Some(rest) = text.strip_prefix("\u{1b}[") else {
        // Other kinds of sequences are kept unchanged.
        return (text.len() > 1).then_some((1, None));
    };
    // A longer text is not an escape sequence.
    match rest.char_indices().take(64).find(|(_, character)| !matches!(character, ' '..='?')) {
        Some((end, command)) => {
            let length = 2 + end + command.len_utf8();
            let count = rest[..end].split(';').next().and_then(|digits| digits.parse().ok()).unwrap_or(0);
            Some((length, Some((count, command))))
        }
        None if rest.len() >= 64 => Some((1, None)),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pieces: &[&str]) -> String {
        let (mut screen, mut clock, mut out) = (Screen::default(), Clock::default(), Vec::new());
        for piece in pieces {
            screen.print(piece, &mut clock, &mut out);
        }
        screen.flush(&mut clock, &mut out);
        out.iter().flat_map(|line| [line.text.as_str(), "\n"]).collect()
    }

    #[test]
    fn progress_bars_leave_their_last_state() {
        assert_eq!(shown(&["10%\r20%\r100%\ndone\n"]), "100%\ndone\n");
        assert_eq!(shown(&["abcdef\rXY\n"]), "XYcdef\n");
        assert_eq!(shown(&["abcdef\r\u{1b}[KXY\n"]), "XY\n");
        assert_eq!(shown(&["ab\u{8}c\n"]), "ac\n");
        // Two bars; the lower one is drawn first.
        assert_eq!(
            shown(&["\nouter 0\u{1b}[A\rinner 1", "\n\router 1\u{1b}[A\rinner 2\n\n"]),
            "inner 2\nouter 1\n"
        );
    }

    #[test]
    fn colours_stay_and_sequences_may_be_split() {
        assert_eq!(shown(&["\u{1b}[3", "1mred\u{1b}[0m plain\n"]), "\u{1b}[31mred\u{1b}[0m plain\n");
        assert_eq!(shown(&["end without a break"]), "end without a break\n");
        assert_eq!(shown(&["cut \u{1b}["]), "cut \u{1b}[\n");
        assert_eq!(shown(&[""]), "");
    }

    #[test]
    fn lines_are_returned_when_they_scroll_out() {
        let (mut screen, mut clock, mut out) = (Screen::default(), Clock::default(), Vec::new());
        for line in 0..100 {
            screen.print(&format!("{line}\n"), &mut clock, &mut out);
            assert!(screen.lines.len() <= LINES);
        }
        assert!(out[1] == FinishedLine { started: 2, text: "1".to_owned() } && out.len() > 60);
        screen.print("\u{1b}[9999Aup", &mut clock, &mut out);
        screen.flush(&mut clock, &mut out);
        assert_eq!(out.len(), 100);
    }
}
