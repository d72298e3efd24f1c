//! Checks the claims of a footer before parsing it, since the parser trusts counts and recurses into schemas.

use super::thrift::{CompactReader, Malformed};

/// Maximum size of a footer in bytes. One with 40 000 columns in five row groups has about 30 MB.
pub(super) const MAX_FOOTER_BYTES: u64 = 64 << 20;

/// Maximum nesting of columns. A list or a map takes two levels.
const MAX_SCHEMA_LEVELS: usize = 128;

/// Maximum number of column chunks. Each takes about half a KiB once parsed.
const MAX_CHUNKS: u64 = 500_000;

/// Field ids of `FileMetaData` and `SchemaElement` (<https://github.com/apache/parquet-format>).
const SCHEMA: i64 = 2;
const ROW_GROUPS: i64 = 4;
const NUM_CHILDREN: i64 = 5;

/// Checks that parsing a footer takes no more stack and memory than its length justifies.
///
/// # Errors
/// The reason, phrased as the end of a sentence.
pub(super) fn check_claims(footer: &[u8]) -> Result<(), String> {
    let malformed = |_: Malformed| "its footer cannot be read".to_owned();
    let (mut shape, mut groups) = (SchemaShape::default(), 0);
    let visit = |footer: &mut CompactReader<'_>, id, kind| {
        match id {
            SCHEMA => {
                for _ in 0..footer.structs(kind)? {
                    let mut children = 0;
                    footer.fields(|element, id, _| {
                        if id == NUM_CHILDREN {
                            children = element.integer()?;
                        }
                        Ok(id == NUM_CHILDREN)
                    })?;
                    shape.add(children);
                }
            }
            ROW_GROUPS => {
                let count = footer.structs(kind)?;
                groups = count;
                for _ in 0..count {
                    footer.fields(|_, _, _| Ok(false))?;
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    };
    CompactReader::new(footer).fields(visit).map_err(malformed)?;
    if shape.is_too_deep {
        return Err(format!("its columns are nested deeper than {MAX_SCHEMA_LEVELS} levels"));
    }
    if !shape.is_tree() {
        return Err("its schema does not have the columns that it claims".to_owned());
    }
    let chunks = shape.leaves.saturating_mul(groups);
    if chunks > MAX_CHUNKS {
        let leaves = shape.leaves;
        return Err(format!(
            "it has {leaves} columns in {groups} row groups, and at most {MAX_CHUNKS} parts can be read"
        ));
    }
    Ok(())
}

/// The schema tree, built from its elements in depth-first order.
#[derive(Debug, Default)]
struct SchemaShape {
    /// The number of children still expected by the current element and each of its ancestors.
    open: Vec<u64>,
    elements: u64,
    leaves: u64,
    is_too_deep: bool,
}

impl SchemaShape {
    fn add(&mut self, children: i64) {
        self.elements += 1;
        if let Some(left) = self.open.last_mut() {
            *left = left.saturating_sub(1);
        }
        match u64::try_from(children) {
            Ok(0) => self.leaves += 1,
            // Rejects a negative count like one that never ends.
            Err(_) => self.open.push(u64::MAX),
            Ok(children) => self.open.push(children),
        }
        if self.open.len() > MAX_SCHEMA_LEVELS {
            self.is_too_deep = true;
            self.open.truncate(MAX_SCHEMA_LEVELS);
        }
        while self.open.last() == Some(&0) {
            self.open.pop();
        }
    }

    /// Returns whether every element has as many children as it claims.
    fn is_tree(&self) -> bool {
        self.elements > 0 && self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds a footer whose schema claims these numbers of children, and whose row groups have no fields.
    fn footer(children: &[i32], groups: u8) -> Vec<u8> {
        let varint = |mut value: u32, out: &mut Vec<u8>| {
            while value >= 0x80 {
                out.push(value.to_le_bytes()[0] | 0x80);
                value >>= 7;
            }
            out.push(value.to_le_bytes()[0]);
        };
        let mut out = vec![0x29, 0xfc];
        varint(u32::try_from(children.len()).expect("few"), &mut out);
        for &children in children {
            out.push(0x55);
            varint(((children << 1) ^ (children >> 31)).cast_unsigned(), &mut out);
            out.push(0);
        }
        out.extend([0x29, 0xfc]);
        varint(u32::from(groups), &mut out);
        out.extend(std::iter::repeat_n(0, usize::from(groups)));
        out.push(0);
        out
    }

    #[test]
    fn schemas_that_are_trees_pass() {
        for children in [&[0][..], &[2, 0, 0], &[2, 1, 1, 0, 0]] {
            assert_eq!(check_claims(&footer(children, 1)), Ok(()), "{children:?}");
        }
        let deep: Vec<i32> = std::iter::repeat_n(1, MAX_SCHEMA_LEVELS - 1).chain([0]).collect();
        assert_eq!(check_claims(&footer(&deep, 1)), Ok(()));
    }

    #[test]
    fn schemas_with_absurd_counts_are_rejected() {
        for children in [&[][..], &[i32::MAX, 0], &[-1, 0], &[1, i32::MIN], &[1, 2, 0]] {
            assert!(
                check_claims(&footer(children, 1)).expect_err("no tree").contains("schema"),
                "{children:?}"
            );
        }
        let deep: Vec<i32> = std::iter::repeat_n(1, 100_000).chain([0]).collect();
        assert!(check_claims(&footer(&deep, 1)).expect_err("too deep").contains("nested"));
        let wide: Vec<i32> = std::iter::once(10_000).chain(std::iter::repeat_n(0, 10_000)).collect();
        assert_eq!(check_claims(&footer(&wide, 50)), Ok(()));
        assert!(check_claims(&footer(&wide, 51)).expect_err("too many").contains("row groups"));
        assert!(check_claims(&[0x29, 0xfc, 0xff]).is_err());
    }
}
