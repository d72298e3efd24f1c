//! Merges the rows of one step from several sources.

use std::collections::HashMap;
use std::hash::Hash;

/// Merges the rows of one step from two sources.
///
/// Rows with equal `content` in both sources are paired, and the second source's row is kept. So each row appears as
/// often as in the source that has it most often. Unpaired rows of the first source come first.
///
/// Equal rows within one source are distinct: a resumed run, or several processes, can log a step more than once with
/// equal content.
///
/// ```
/// use wandb_graphql::plan::join;
///
/// let exported = vec![('a', 1), ('b', 1), ('b', 1)];
/// let live = vec![('b', 2), ('c', 2)];
/// assert_eq!(join(exported, live, |(name, _)| *name), [('a', 1), ('b', 1), ('b', 2), ('c', 2)]);
/// ```
pub fn join<T, K: Eq + Hash>(first: Vec<T>, second: Vec<T>, content: impl Fn(&T) -> K) -> Vec<T> {
    if first.is_empty() {
        return second;
    }
    if second.is_empty() {
        return first;
    }
    let mut left: HashMap<K, u64> = HashMap::new();
    for row in &second {
        *left.entry(content(row)).or_default() += 1;
    }
    let is_other = |row: &T| match left.get_mut(&content(row)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    let mut rows: Vec<T> = first.into_iter().filter(is_other).collect();
    rows.extend(second);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(first: &str, second: &str) -> String {
        join(first.chars().collect(), second.chars().collect(), |row| *row).into_iter().collect()
    }

    #[test]
    fn rows_appear_as_often_as_in_the_larger_source() {
        assert_eq!(joined("", ""), "");
        assert_eq!(joined("aab", ""), "aab");
        assert_eq!(joined("", "bb"), "bb");
        assert_eq!(joined("a", "a"), "a");
        assert_eq!(joined("aa", "a"), "aa");
        assert_eq!(joined("a", "aab"), "aab");
        assert_eq!(joined("xay", "ab"), "xyab");
    }
}
