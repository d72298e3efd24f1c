//! Rows from files and live rows as one history.

use std::iter::Peekable;

/// A row of a history, from a file or from the live query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined<E, L> {
    /// From a file.
    Exported(E),
    /// From the live query.
    Live(L),
}

/// Puts rows from files and live rows together, each with its step and in order of steps. A row from a file is left
/// out if there is a live row of the same step, since it is the same row.
///
/// ```
/// use wandb_graphql::plan::{Joined, join};
///
/// let rows: Vec<_> = join([(0, 'a'), (2, 'b'), (3, 'c')], [(2, 'B'), (4, 'D')]).collect();
/// assert_eq!(
///     rows,
///     [(0, Joined::Exported('a')), (2, Joined::Live('B')), (3, Joined::Exported('c')), (4, Joined::Live('D'))],
/// );
/// ```
pub fn join<E, L, X, Y>(exported: X, live: Y) -> impl Iterator<Item = (i64, Joined<E, L>)>
where
    X: IntoIterator<Item = (i64, E)>,
    Y: IntoIterator<Item = (i64, L)>,
{
    Join { exported: exported.into_iter().peekable(), live: live.into_iter().peekable(), last_live: None }
}

struct Join<X: Iterator, Y: Iterator> {
    exported: Peekable<X>,
    live: Peekable<Y>,
    last_live: Option<i64>,
}

impl<E, L, X, Y> Iterator for Join<X, Y>
where
    X: Iterator<Item = (i64, E)>,
    Y: Iterator<Item = (i64, L)>,
{
    type Item = (i64, Joined<E, L>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let next_live = self.live.peek().map(|(step, _)| *step);
            let next_exported = self.exported.peek().map(|(step, _)| *step);
            match (next_exported, next_live) {
                (Some(step), _) if self.last_live == Some(step) || next_live == Some(step) => {
                    self.exported.next();
                }
                (Some(exported), live) if live.is_none_or(|live| exported < live) => {
                    return self.exported.next().map(|(step, row)| (step, Joined::Exported(row)));
                }
                _ => {
                    self.last_live = next_live;
                    return self.live.next().map(|(step, row)| (step, Joined::Live(row)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(exported: &[i64], live: &[i64]) -> Vec<(i64, bool)> {
        let rows = |steps: &[i64]| steps.iter().map(|step| (*step, ())).collect::<Vec<_>>();
        let joined = join(rows(exported), rows(live));
        joined.map(|(step, row)| (step, matches!(row, Joined::Live(())))).collect()
    }

    #[test]
    fn either_side_may_be_empty_or_end_first() {
        assert_eq!(joined(&[], &[]), []);
        assert_eq!(joined(&[1, 2], &[]), [(1, false), (2, false)]);
        assert_eq!(joined(&[], &[1, 2]), [(1, true), (2, true)]);
        assert_eq!(joined(&[1, 5], &[3]), [(1, false), (3, true), (5, false)]);
    }

    #[test]
    fn a_step_that_both_have_comes_from_the_live_query() {
        assert_eq!(
            joined(&[1, 2, 2, 3], &[2, 2, 4]),
            [(1, false), (2, true), (2, true), (3, false), (4, true)]
        );
    }

    #[test]
    fn rows_of_one_step_are_all_kept_where_only_one_side_has_them() {
        assert_eq!(joined(&[1, 1, 2], &[3, 3]), [(1, false), (1, false), (2, false), (3, true), (3, true)]);
    }
}
