//! Parsing of values.

use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, NumberFloat, Peek};

use super::error::{ValueError, excerpt};
use super::repair::{Repairs, repair};
use super::{BigInt, MAX_DEPTH, Map, Value};

/// A parse error, with offsets in the repaired text.
pub(crate) enum ParseFailure {
    Json(JiterError),
    TooDeep(usize),
    NotAnObject,
}

impl ParseFailure {
    /// Returns true if repairing the text may help.
    fn is_repairable(&self) -> bool {
        let Self::Json(JiterError { error_type: JiterErrorType::JsonError(kind), .. }) = self else {
            return false;
        };
        matches!(
            kind,
            JsonErrorType::ControlCharacterWhileParsingString
                | JsonErrorType::LoneLeadingSurrogateInHexEscape
                | JsonErrorType::UnexpectedEndOfHexEscape
        )
    }

    fn into_error(self, text: &[u8], original: impl Fn(usize) -> usize) -> ValueError {
        match self {
            Self::Json(error) => {
                let offset = original(error.index);
                let excerpt = excerpt(text, offset);
                ValueError::Syntax { reason: error.error_type.to_string(), offset, excerpt }
            }
            Self::TooDeep(offset) => ValueError::TooDeep { offset: original(offset) },
            Self::NotAnObject => ValueError::NotAnObject { excerpt: excerpt(text, 0) },
        }
    }
}

impl From<JiterError> for ParseFailure {
    fn from(error: JiterError) -> Self {
        Self::Json(error)
    }
}

/// Parses a text. Repairs it and retries if that may help.
pub(crate) fn parse_with<T>(
    text: &[u8],
    read: impl Fn(&[u8]) -> Result<T, ParseFailure>,
) -> Result<(T, Repairs), ValueError> {
    match read(text) {
        Ok(read) => Ok((read, Repairs::default())),
        Err(failure) if failure.is_repairable() => {
            let repaired = repair(text);
            match read(&repaired.text) {
                Ok(read) => Ok((read, repaired.repairs)),
                Err(failure) => Err(failure.into_error(text, |offset| repaired.original(offset))),
            }
        }
        Err(failure) => Err(failure.into_error(text, |offset| offset)),
    }
}

/// Parses a text that consists of a single value.
pub(super) fn whole_value(text: &[u8]) -> Result<Value, ParseFailure> {
    let mut reader = Reader::new(text);
    let peek = reader.jiter.peek()?;
    let value = reader.value(peek, MAX_DEPTH)?;
    reader.jiter.finish()?;
    Ok(value)
}

/// Parses a text that consists of a single object, and returns its entries, including repeated keys.
pub(crate) fn whole_object(text: &[u8]) -> Result<Vec<(Box<str>, Value)>, ParseFailure> {
    let mut reader = Reader::new(text);
    if reader.jiter.peek()? != Peek::Object {
        // Report malformed text as such.
        whole_value(text)?;
        return Err(ParseFailure::NotAnObject);
    }
    let mut entries = Vec::new();
    reader.entries(MAX_DEPTH - 1, |key, value| entries.push((key, value)))?;
    reader.jiter.finish()?;
    Ok(entries)
}

/// Parses values from the start of a text.
struct Reader<'j> {
    jiter: Jiter<'j>,
}

impl<'j> Reader<'j> {
    fn new(text: &'j [u8]) -> Self {
        Self { jiter: Jiter::new(text).with_allow_inf_nan() }
    }

    /// Parses a value. `depth` is the number of levels that may still be entered.
    fn value(&mut self, peek: Peek, depth: usize) -> Result<Value, ParseFailure> {
        Ok(match peek {
            Peek::Null => {
                self.jiter.known_null()?;
                Value::Null
            }
            Peek::True | Peek::False => Value::Bool(self.jiter.known_bool(peek)?),
            Peek::String => Value::String(self.jiter.known_str()?.to_owned()),
            Peek::Array => self.list(self.inner(depth)?)?,
            Peek::Object => {
                let mut map = Map::new();
                let depth = self.inner(depth)?;
                self.entries(depth, |key: String, value| {
                    map.insert(key, value);
                })?;
                Value::Map(map)
            }
            number => self.number(number)?,
        })
    }

    fn inner(&self, depth: usize) -> Result<usize, ParseFailure> {
        depth.checked_sub(1).ok_or(ParseFailure::TooDeep(self.jiter.current_index()))
    }

    fn list(&mut self, depth: usize) -> Result<Value, ParseFailure> {
        let mut list = Vec::new();
        let mut next = self.jiter.known_array()?;
        while let Some(peek) = next {
            list.push(self.value(peek, depth)?);
            next = self.jiter.array_step()?;
        }
        Ok(Value::List(list))
    }

    fn entries<K: for<'a> From<&'a str>>(
        &mut self,
        depth: usize,
        mut put: impl FnMut(K, Value),
    ) -> Result<(), ParseFailure> {
        let mut next = self.jiter.known_object()?.map(K::from);
        while let Some(key) = next {
            let peek = self.jiter.peek()?;
            put(key, self.value(peek, depth)?);
            next = self.jiter.next_key()?.map(K::from);
        }
        Ok(())
    }

    fn number(&mut self, peek: Peek) -> Result<Value, ParseFailure> {
        let start = self.jiter.current_index();
        let bytes = self.jiter.known_number_bytes(peek)?;
        let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
        if digits.iter().all(u8::is_ascii_digit) {
            let text = String::from_utf8_lossy(bytes);
            return Ok(text.parse().map_or_else(|_| Value::BigInt(BigInt::from_digits(&text)), Value::Int));
        }
        let float = NumberFloat::from_bytes(bytes, true).map_err(|error| JiterError {
            error_type: JiterErrorType::JsonError(error.error_type),
            index: start + error.index,
        })?;
        Ok(Value::Float(float.0))
    }
}
