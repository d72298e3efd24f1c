//! A fast parser for rows and summary changes in their usual form.
//!
//! Decoded messages allocate memory for each item. This parser does not, and covers items with a single key.

use prost::decode_length_delimiter;

/// The cells of a record whose items all have single keys, borrowed from it, and the step of a row.
#[derive(Debug, PartialEq)]
pub(crate) struct FlatRow<'r> {
    pub(crate) cells: Vec<(&'r [u8], &'r [u8])>,
    pub(crate) step: Option<i64>,
}

// Protobuf tags: field numbers with wire types.
const ITEM: usize = 1 << 3 | DELIMITED;
const STEP: usize = 2 << 3 | DELIMITED;
const KEY: usize = 1 << 3 | DELIMITED;
const NESTED_KEY: usize = 2 << 3 | DELIMITED;
const VALUE: usize = 16 << 3 | DELIMITED;
const NUM: usize = 1 << 3;
const DELIMITED: usize = 2;

/// Parses a `HistoryRecord`, or a `SummaryRecord` without removals, which has the same format.
///
/// Returns `None` for anything unusual, valid or not: decode the message instead. `expected` estimates the number of
/// items.
pub(crate) fn parse_flat(record: &[u8], expected: usize) -> Option<FlatRow<'_>> {
    let mut fields = Fields(record);
    let mut row = FlatRow { cells: Vec::with_capacity(expected), step: None };
    while !fields.is_over() {
        match fields.number()? {
            ITEM => row.cells.push(cell(fields.delimited()?)?),
            STEP if row.step.is_none() => row.step = Some(step(fields.delimited()?)?),
            _ => return None,
        }
    }
    Some(row)
}

/// Parses only the step of a `HistoryRecord`. Returns `None` as [`parse_flat`] does.
pub(crate) fn parse_flat_step(record: &[u8]) -> Option<FlatRow<'_>> {
    let mut fields = Fields(record);
    let mut row = FlatRow { cells: Vec::new(), step: None };
    while !fields.is_over() {
        match (fields.number()?, fields.delimited()?) {
            (ITEM, _) => {}
            (STEP, message) if row.step.is_none() => row.step = Some(step(message)?),
            _ => return None,
        }
    }
    Some(row)
}

/// The single key of an item and its JSON text, both unchecked.
fn cell(item: &[u8]) -> Option<(&[u8], &[u8])> {
    // Fast path: a short key and a short value, with nothing else.
    if let [tag, length @ ..0x80, rest @ ..] = item
        && [KEY, NESTED_KEY].contains(&usize::from(*tag))
        && let Some((key, [0x82, 0x01, length @ ..0x80, json @ ..])) =
            rest.split_at_checked(usize::from(*length))
        && json.len() == usize::from(*length)
    {
        return Some((key, json));
    }
    let mut fields = Fields(item);
    let (mut key, mut json) = (None, None);
    while !fields.is_over() {
        let place = match fields.number()? {
            KEY | NESTED_KEY => &mut key,
            VALUE => &mut json,
            _ => return None,
        };
        if place.replace(fields.delimited()?).is_some() {
            return None;
        }
    }
    key.zip(json)
}

fn step(message: &[u8]) -> Option<i64> {
    let mut fields = Fields(message);
    let mut num = 0;
    while !fields.is_over() {
        num = (fields.number()? == NUM).then(|| fields.number())??;
    }
    i64::try_from(num).ok()
}

/// The unread rest of a message.
struct Fields<'r>(&'r [u8]);

impl<'r> Fields<'r> {
    fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a varint: a length, a number, or a field's tag. Most take one or two bytes.
    #[inline]
    fn number(&mut self) -> Option<usize> {
        let (number, rest) = match self.0 {
            [byte @ ..0x80, rest @ ..] => (usize::from(*byte), rest),
            [low, high @ 1..0x80, rest @ ..] => (usize::from(*low) & 0x7f | usize::from(*high) << 7, rest),
            _ => return decode_length_delimiter(&mut self.0).ok(),
        };
        self.0 = rest;
        Some(number)
    }

    fn delimited(&mut self) -> Option<&'r [u8]> {
        let length = self.number()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message;

    use super::*;
    use crate::proto::{self, History, Item};

    fn row(items: &[(&str, &[&str], &str)], step: Option<i64>) -> Vec<u8> {
        let item = |(key, nested, json): &(&str, &[&str], &str)| Item {
            key: (*key).to_owned().into(),
            nested_key: nested.iter().map(|key| (*key).to_owned().into()).collect(),
            value_json: (*json).to_owned().into(),
        };
        let step = step.map(|num| proto::Step { num });
        History { item: items.iter().map(item).collect(), step }.encode_to_vec()
    }

    #[test]
    fn rows_with_single_keys_are_read() {
        let record = row(&[("", &["loss"], "0.5"), ("ümläut", &[], "\"漢\"")], Some(300));
        let cells = vec![(&b"loss"[..], &b"0.5"[..]), ("ümläut".as_bytes(), "\"漢\"".as_bytes())];
        assert_eq!(parse_flat(&record, 0), Some(FlatRow { cells, step: Some(300) }));
        let record = row(&[("", &["loss"], &"1".repeat(300))], Some(0));
        assert_eq!(parse_flat(&record, 1).map(|row| (row.step, row.cells[0].1.len())), Some((Some(0), 300)));
        assert_eq!(parse_flat(&row(&[], None), 9), Some(FlatRow { cells: Vec::new(), step: None }));
    }

    #[test]
    fn unusual_records_are_rejected() {
        for (items, step) in [
            (&[("", &["a", "b"][..], "1")][..], None),
            (&[("a", &["b"], "1")], None),
            (&[("a", &[], "")], None),
            (&[("", &[], "1")], None),
            (&[("a", &[], "1")], Some(-1)),
        ] {
            assert_eq!(parse_flat(&row(items, step), 1), None, "{items:?} {step:?}");
        }
        let mut twice = row(&[], Some(1));
        twice.extend(row(&[], Some(2)));
        assert_eq!(parse_flat(&twice, 1), None);
        assert_eq!(parse_flat(b"\x0a\x05\x0a\x01\xff\x82\x01", 1), None, "truncated");
    }

    proptest! {
        /// Agrees with the decoded message.
        #[test]
        fn flat_rows_agree_with_messages(record in prop::collection::vec(
            prop_oneof![Just(0x0a_u8), Just(0x12), Just(0x82), Just(0x01), Just(0x02), Just(0x08), any::<u8>()], 0..24,
        )) {
            if let Some(row) = parse_flat(&record, 4) {
                let message = History::decode(&record[..]).expect("it has been read");
                prop_assert_eq!(parse_flat_step(&record).map(|alone| alone.step), Some(row.step));
                prop_assert_eq!(row.step, message.step.map(|step| step.num));
                let cells: Vec<_> = message.item.iter().map(|item| (item.only_key(), &item.value_json[..])).collect();
                let own: Vec<_> = row.cells.iter().map(|(key, json)| (Some(*key), *json)).collect();
                prop_assert_eq!(own, cells);
            }
        }
    }
}
