//! What the runs of a comparison are called.

use std::collections::HashSet;

use wandb_core::model::Run;

/// The columns that are there before those of runs.
const TAKEN: [&str; 2] = ["section", "key"];

/// A name a run, all of them distinct: the run's name, else with its id, else with its whole path.
pub(super) fn names(runs: &[Run]) -> Vec<String> {
    let forms = [
        |run: &Run| run.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| run.id.clone()),
        |run: &Run| with(run, &run.id),
        |run: &Run| with(run, &format!("{}/{}/{}", run.entity, run.project, run.id)),
    ];
    let mut names: Vec<Option<String>> = vec![None; runs.len()];
    for form in forms {
        let given: HashSet<&str> = names.iter().flatten().map(String::as_str).chain(TAKEN).collect();
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
    // Left is the same run again.
    let numbered =
        |(at, name): (usize, Option<String>)| name.unwrap_or_else(|| format!("{} #{}", runs[at].id, at + 1));
    names.into_iter().enumerate().map(numbered).collect()
}

fn with(run: &Run, id: &str) -> String {
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
    fn a_name_is_enough_where_no_other_run_has_it() {
        let runs = [run("p", "a", Some("sun")), run("p", "b", None), run("p", "c", Some(""))];
        assert_eq!(names(&runs), ["sun", "b", "c"]);
    }

    #[test]
    fn runs_of_the_same_name_are_told_apart() {
        let runs = [run("p", "a", Some("sun")), run("p", "b", Some("sun")), run("p", "c", Some("moon"))];
        assert_eq!(names(&runs), ["sun (a)", "sun (b)", "moon"]);
        let runs = [run("p", "a", Some("sun")), run("q", "a", Some("sun")), run("p", "x", Some("sun (a)"))];
        assert_eq!(names(&runs), ["sun (team/p/a)", "sun (team/q/a)", "sun (a)"]);
        let runs = [run("p", "a", Some("sun")), run("p", "a", Some("sun"))];
        assert_eq!(names(&runs), ["a #1", "a #2"]);
    }

    #[test]
    fn a_run_cannot_take_the_name_of_another_column() {
        assert_eq!(names(&[run("p", "a", Some("key")), run("p", "section", None)]), ["key (a)", "(section)"]);
    }
}
