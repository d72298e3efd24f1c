//! Circles in the graph of imports.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::path::{Path, PathBuf};

use super::imports::Imports;

/// Imports that lead from a file through other folders back to it.
#[derive(Debug)]
pub(crate) struct Circle {
    /// Importing file, imported file, and a path that makes it an import.
    imports: Vec<(PathBuf, PathBuf, String)>,
}

impl fmt::Display for Circle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (from, to, path)) in self.imports.iter().enumerate() {
            let end = if number == 0 { "" } else { "\n" };
            write!(formatter, "{end}{} imports {} ({path})", from.display(), to.display())?;
        }
        Ok(())
    }
}

/// Finds a shortest circle through each pair of folders of which one imports the other as a part of a circle.
pub(super) fn circles(files: &[PathBuf], imports: &Imports) -> Vec<Circle> {
    let mut next: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (from, to) in imports.keys() {
        next.entry(*from).or_default().push(*to);
    }
    let (mut seen, mut found) = (BTreeSet::new(), BTreeSet::new());
    let mut circles = Vec::new();
    for (from, to) in imports.keys().filter(|(from, to)| !share_folder(&files[*from], &files[*to])) {
        let mut pair = [files[*from].parent(), files[*to].parent()];
        pair.sort();
        if seen.contains(&pair) {
            continue;
        }
        if let Some(back) = shortest_way(&next, *to, *from) {
            seen.insert(pair);
            let stations: Vec<usize> = std::iter::once(*from).chain(back).collect();
            // A circle is found again from each of its files.
            if !found.insert(stations.iter().copied().collect::<BTreeSet<_>>()) {
                continue;
            }
            let circle = stations.windows(2).map(|pair| {
                let path = imports[&(pair[0], pair[1])].clone();
                (files[pair[0]].clone(), files[pair[1]].clone(), path)
            });
            circles.push(Circle { imports: circle.collect() });
        }
    }
    circles
}

/// Whether both files are in one folder, where `x.rs` is both in its own folder `x` and in the folder around it.
fn share_folder(one: &Path, other: &Path) -> bool {
    let folders = |file: &Path| [file.parent().map(Path::to_owned), Some(file.with_extension(""))];
    let others = folders(other);
    folders(one).iter().any(|folder| others.contains(folder))
}

/// The files on a shortest way, both ends included.
fn shortest_way(next: &BTreeMap<usize, Vec<usize>>, from: usize, to: usize) -> Option<Vec<usize>> {
    let mut before = BTreeMap::from([(from, from)]);
    let mut open = VecDeque::from([from]);
    while let Some(at) = open.pop_front() {
        if at == to {
            let mut way = vec![at];
            while let Some(&last) = way.last()
                && last != from
            {
                way.push(before[&last]);
            }
            way.reverse();
            return Some(way);
        }
        for &other in next.get(&at).into_iter().flatten() {
            before.entry(other).or_insert_with(|| {
                open.push_back(other);
                at
            });
        }
    }
    None
}
