//! Rows and changes of summaries as most are, without messages being made of them: those have an allocation for each
//! item, which nobody needs where all items have one key.

use prost::decode_length_delimiter;

/// Items none of whose keys lead into objects, where they lie in their record, and the step of a row.
#[derive(Debug, PartialEq)]
pub(crate) struct Flat<'r> {
    pub(crate) cells: Vec<(&'r [u8], &'r [u8])>,
    pub(crate) step: Option<i64>,
}

// Numbers of fields, and how their values are written.
const ITEM: usize = 1 << 3 | DELIMITED;
const STEP: usize = 2 << 3 | DELIMITED;
const KEY: usize = 1 << 3 | DELIMITED;
const NESTED_KEY: usize = 2 << 3 | DELIMITED;
const VALUE: usize = 16 << 3 | DELIMITED;
const NUM: usize = 1 << 3;
const DELIMITED: usize = 2;

/// Reads a `HistoryRecord`, or a `SummaryRecord` that removes nothing, which is written alike. `None` if there is anything
/// unusual about it, right or wrong: then it has to be read as a message. `expected` is a guess at the number of items.
pub(crate) fn flat(record: &[u8], expected: usize) -> Option<Flat<'_>> {
    let mut fields = Fields(record);
    let mut row = Flat { cells: Vec::with_capacity(expected), step: None };
    while !fields.is_over() {
        match fields.number()? {
            ITEM => row.cells.push(cell(fields.delimited()?)?),
            STEP if row.step.is_none() => row.step = Some(step(fields.delimited()?)?),
            _ => return None,
        }
    }
    Some(row)
}

/// Reads only the step of a `HistoryRecord`. `None` as of [`flat`].
pub(crate) fn flat_step(record: &[u8]) -> Option<Flat<'_>> {
    let mut fields = Fields(record);
    let mut row = Flat { cells: Vec::new(), step: None };
    while !fields.is_over() {
        match (fields.number()?, fields.delimited()?) {
            (ITEM, _) => {}
            (STEP, message) if row.step.is_none() => row.step = Some(step(message)?),
            _ => return None,
        }
    }
    Some(row)
}

/// The only key of an item, and its JSON text; neither has been looked at.
fn cell(item: &[u8]) -> Option<(&[u8], &[u8])> {
    // Most are a short key and a short value, with nothing around them.
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

/// What is left of a message.
struct Fields<'r>(&'r [u8]);

impl<'r> Fields<'r> {
    fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// A number, also that of the next field with the kind of its value. Most are of one byte or of two.
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
        assert_eq!(flat(&record, 0), Some(Flat { cells, step: Some(300) }));
        let record = row(&[("", &["loss"], &"1".repeat(300))], Some(0));
        assert_eq!(flat(&record, 1).map(|row| (row.step, row.cells[0].1.len())), Some((Some(0), 300)));
        assert_eq!(flat(&row(&[], None), 9), Some(Flat { cells: Vec::new(), step: None }));
    }

    #[test]
    fn whatever_is_unusual_is_left() {
        for (items, step) in [
            (&[("", &["a", "b"][..], "1")][..], None),
            (&[("a", &["b"], "1")], None),
            (&[("a", &[], "")], None),
            (&[("", &[], "1")], None),
            (&[("a", &[], "1")], Some(-1)),
        ] {
            assert_eq!(flat(&row(items, step), 1), None, "{items:?} {step:?}");
        }
        let mut twice = row(&[], Some(1));
        twice.extend(row(&[], Some(2)));
        assert_eq!(flat(&twice, 1), None);
        assert_eq!(flat(b"\x0a\x05\x0a\x01\xff\x82\x01", 1), None, "this ends too early");
    }

    proptest! {
        /// What is read is what the message says.
        #[test]
        fn the_same_is_read_as_of_messages(record in prop::collection::vec(
            prop_oneof![Just(0x0a_u8), Just(0x12), Just(0x82), Just(0x01), Just(0x02), Just(0x08), any::<u8>()], 0..24,
        )) {
            if let Some(row) = flat(&record, 4) {
                let message = History::decode(&record[..]).expect("it has been read");
                prop_assert_eq!(flat_step(&record).map(|alone| alone.step), Some(row.step));
                prop_assert_eq!(row.step, message.step.map(|step| step.num));
                let cells: Vec<_> = message.item.iter().map(|item| (item.only_key(), &item.value_json[..])).collect();
                let own: Vec<_> = row.cells.iter().map(|(key, json)| (Some(*key), *json)).collect();
                prop_assert_eq!(own, cells);
            }
        }
    }
}
