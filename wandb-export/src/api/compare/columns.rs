//! Chooses a distinct column name for each run of a comparison.

use std::collections::HashSet;

use wandb_core::model::Run;

/// Names of the columns that precede those of the runs.
const RESERVED: [&str; 2] = ["section", "key"];

/// Returns a distinct name per run: the run's name, or name and id, or name and full path.
pub(super) fn column_names(runs: &[Run]) -> Vec<String> {
    let forms = [
        |run: &Run| run.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| run.id.clone()),
        |run: &Run| name_with_id(run, &run.id),
        |run: &Run| name_with_id(run, &format!("{}/{}/{}", run.entity, run.project, run.id)),
    ];
    let mut names: Vec<Option<String>> = vec![None; runs.len()];
    for form in forms {
        let given: HashSet<&str> = names.iter().flatten().map(String::as_str).chain(RESERVED).collect();
        let candidates: Vec<_> = runs.iter().map(form).collect();
        let is_free = |at: usize, candidate: &String| {
            let others = candidates.iter().enumerate().filter(|(other, _)| *other != at);
            !given.contains(candidate.as_str())
                && !others.into_iter().any(|(other, name)| names[other].is_none() && name == candidate)
        };
        let free: Vec<_> = candidates.iter().enumerate().map(|(at, name)| is_free(at, name)).collect();
        for (at, candidate) in candidates.into_iter().enumerate() {
            if free[at] && names[at].is_none() {
                names[at] = Some(candidate);
            }
        }
    }
    // Only repetitions of the same run are left.
    let numbered =
        |(at, name): (usize, Option<String>)| name.unwrap_or_else(|| format!("{} #{}", runs[at].id, at + 1));
    names.into_iter().enumerate().map(numbered).collect()
}

fn name_with_id(run: &Run, id: &str) -> String {
    match &run.name {
        Some(name) if !name.is_empty() => format!("{name} ({id})"),
        _ => format!("({id})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(project: &str, id: &str, name: Option<&str>) -> Run {
        let mut run = Run::new("team", project, id, "");
        run.name = name.map(str::to_owned);
        run
    }

    #[test]
    fn unique_names_are_kept() {
        let runs = [run("p", "a", Some("sun")), run("p", "b", None), run("p", "c", Some(""))];
        assert_eq!(column_names(&runs), ["sun", "b", "c"]);
    }

    #[test]
    fn runs_with_equal_names_get_distinct_columns() {
        let runs = [run("p", "a", Some("sun")), run("p", "b", Some("sun")), run("p", "c", Some("moon"))];
        assert_eq!(column_names(&runs), ["sun (a)", "sun (b)", "moon"]);
        let runs = [run("p", "a", Some("sun")), run("q", "a", Some("sun")), run("p", "x", Some("sun (a)"))];
        assert_eq!(column_names(&runs), ["sun (team/p/a)", "sun (team/q/a)", "sun (a)"]);
        let runs = [run("p", "a", Some("sun")), run("p", "a", Some("sun"))];
        assert_eq!(column_names(&runs), ["a #1", "a #2"]);
    }

    #[test]
    fn runs_never_use_the_name_of_another_column() {
        assert_eq!(
            column_names(&[run("p", "a", Some("key")), run("p", "section", None)]),
            ["key (a)", "(section)"]
        );
    }
}
