//! A parser of netrc files, compatible with Python's `netrc` module, which the Python SDK uses.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

/// Passwords by machine. The `default` entry is stored under that name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Netrc(BTreeMap<String, String>);

/// A syntax error in a netrc file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) line: usize,
    pub(super) reason: String,
}

impl Netrc {
    /// Parses a netrc file. The last of several entries for a machine wins.
    ///
    /// A comment extends to the end of its line, wherever it starts. Python rejects some comments, depending on
    /// blanks before or after their `#`. Otherwise both reject the same texts.
    pub(super) fn parse(text: &str) -> Result<Self, SyntaxError> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut lexer = Lexer { chars: text.chars().peekable(), line: 1 };
        let mut machines = BTreeMap::new();
        let mut keyword = lexer.keyword();
        while !keyword.is_empty() {
            let machine = match keyword.as_str() {
                "machine" => lexer.token(),
                "default" => "default".to_owned(),
                "macdef" => {
                    lexer.skip_macro()?;
                    keyword = lexer.keyword();
                    continue;
                }
                // The message omits the token, here and below: it may be a misplaced secret.
                _ => return Err(lexer.syntax_error("expected machine, default or macdef".to_owned())),
            };
            if machine.is_empty() {
                return Err(lexer.syntax_error("the name of the machine is missing".to_owned()));
            }
            let mut password = String::new();
            loop {
                keyword = lexer.keyword();
                match keyword.as_str() {
                    "" | "machine" | "default" | "macdef" => break,
                    "login" | "user" | "account" => drop(lexer.token()),
                    "password" => password = lexer.token(),
                    _ => return Err(lexer.syntax_error(format!("unknown keyword in the entry of {machine}"))),
                }
            }
            machines.insert(machine, password);
        }
        Ok(Self(machines))
    }

    /// Finds the first listed machine, else the default entry. Returns its name and password.
    pub(super) fn find(&self, machines: &[String]) -> Option<(&str, &str)> {
        let listed = machines
            .iter()
            .find_map(|machine| self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(machine)));
        let (name, password) = listed.or_else(|| self.0.get_key_value("default"))?;
        Some((name, password))
    }
}

struct Lexer<'a> {
    chars: Peekable<Chars<'a>>,
    line: usize,
}

impl Lexer<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.chars.next();
        if next == Some('\n') {
            self.line += 1;
        }
        next
    }

    /// Returns the next token, or an empty string at the end. Blanks inside quotes belong to the token; a backslash
    /// escapes the next character.
    fn token(&mut self) -> String {
        let is_blank = |char: &char| matches!(char, '\n' | '\t' | '\r' | ' ');
        while self.chars.peek().is_some_and(is_blank) {
            self.next();
        }
        let quoted = self.chars.next_if_eq(&'"').is_some();
        let mut token = String::new();
        while let Some(&char) = self.chars.peek() {
            match char {
                // Leaves the blank in place, so that `keyword` can see whether the line of a comment has ended.
                _ if !quoted && is_blank(&char) => break,
                '"' if quoted => {
                    self.next();
                    break;
                }
                '\\' => {
                    self.next();
                    token.extend(self.next());
                }
                _ => token.extend(self.next()),
            }
        }
        token
    }

    /// Returns the next token outside comments.
    fn keyword(&mut self) -> String {
        loop {
            let token = self.token();
            if !token.starts_with('#') {
                return token;
            }
            self.skip_line();
        }
    }

    /// Skips the rest of the line. Returns its length, and whether the text ended without a line break.
    fn skip_line(&mut self) -> (usize, bool) {
        let mut length = 0;
        loop {
            match self.next() {
                Some('\n') => return (length, false),
                Some(_) => length += 1,
                None => return (length, true),
            }
        }
    }

    /// Skips a macro, including the empty line that ends it.
    fn skip_macro(&mut self) -> Result<(), SyntaxError> {
        self.token();
        // Skip the rest of the line with the macro's name.
        self.skip_line();
        loop {
            match self.skip_line() {
                (0, false) => return Ok(()),
                (_, true) => {
                    return Err(self.syntax_error("the macro does not end with an empty line".to_owned()));
                }
                _ => {}
            }
        }
    }

    fn syntax_error(&self, reason: String) -> SyntaxError {
        SyntaxError { line: self.line, reason }
    }
}

#[cfg(test)]
impl Netrc {
    pub(super) fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        let owned = |&(machine, password): &(&str, &str)| (machine.to_owned(), password.to_owned());
        Self(pairs.iter().map(owned).collect())
    }
}
