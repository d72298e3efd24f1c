//! Rows that several sources have of one step.

use std::collections::HashMap;
use std::hash::Hash;

/// Joins the rows that two sources have of one step. Rows with the same `content` are the same row as often as both
/// sources have it, and the second source's is taken; so each row is there as often as the source that has it most.
/// The rows of the first source alone come first.
///
/// A run that was resumed, or that several processes write to, can log a step several times, also with equal content.
/// So rows of one step are not the same row unless different sources have them.
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
    fn each_row_comes_as_often_as_one_source_has_it() {
        assert_eq!(joined("", ""), "");
        assert_eq!(joined("aab", ""), "aab");
        assert_eq!(joined("", "bb"), "bb");
        assert_eq!(joined("a", "a"), "a");
        assert_eq!(joined("aa", "a"), "aa");
        assert_eq!(joined("a", "aab"), "aab");
        assert_eq!(joined("xay", "ab"), "xyab");
    }
}
