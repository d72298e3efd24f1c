//! The netrc format as Python's `netrc` module reads it, which the Python SDK uses.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

/// The passwords of a netrc file by machine; those of `default` under that name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Netrc(BTreeMap<String, String>);

/// Where and why a text is not in that format.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) line: usize,
    pub(super) reason: String,
}

impl Netrc {
    /// Reads a file. Of several entries for a machine, the last counts.
    ///
    /// Comments run to the end of their line wherever they begin. Python refuses some of them, depending on whether a
    /// blank precedes them or follows their `#`; apart from these, both refuse the same texts.
    pub(super) fn parse(text: &str) -> Result<Self, Broken> {
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
                // What stands there may be a secret in the wrong place, here as below, so it is not shown.
                _ => return Err(lexer.broken("expected machine, default or macdef".to_owned())),
            };
            if machine.is_empty() {
                return Err(lexer.broken("the name of the machine is missing".to_owned()));
            }
            let mut password = String::new();
            loop {
                keyword = lexer.keyword();
                match keyword.as_str() {
                    "" | "machine" | "default" | "macdef" => break,
                    "login" | "user" | "account" => drop(lexer.token()),
                    "password" => password = lexer.token(),
                    _ => return Err(lexer.broken(format!("unknown keyword in the entry of {machine}"))),
                }
            }
            machines.insert(machine, password);
        }
        Ok(Self(machines))
    }

    /// The entry of the first of these machines that is listed, else the default entry: its name and password.
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

    /// The next token, empty at the end. Quotes hold blanks together, a backslash takes the next character as it is.
    fn token(&mut self) -> String {
        let is_blank = |char: &char| matches!(char, '\n' | '\t' | '\r' | ' ');
        while self.chars.peek().is_some_and(is_blank) {
            self.next();
        }
        let quoted = self.chars.next_if_eq(&'"').is_some();
        let mut token = String::new();
        while let Some(&char) = self.chars.peek() {
            match char {
                // A blank is left in place, so that a comment can tell whether its line has ended.
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

    /// The next token that does not begin a comment.
    fn keyword(&mut self) -> String {
        loop {
            let token = self.token();
            if !token.starts_with('#') {
                return token;
            }
            self.skip_line();
        }
    }

    /// Skips the rest of the line and tells whether it was the last and had no end.
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

    /// Skips a macro up to the empty line that ends it.
    fn skip_macro(&mut self) -> Result<(), Broken> {
        self.token();
        // The rest of the line with its name.
        self.skip_line();
        loop {
            match self.skip_line() {
                (0, false) => return Ok(()),
                (_, true) => return Err(self.broken("the macro does not end with an empty line".to_owned())),
                _ => {}
            }
        }
    }

    fn broken(&self, reason: String) -> Broken {
        Broken { line: self.line, reason }
    }
}

#[cfg(test)]
impl Netrc {
    pub(super) fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        let owned = |&(machine, password): &(&str, &str)| (machine.to_owned(), password.to_owned());
        Self(pairs.iter().map(owned).collect())
    }
}
