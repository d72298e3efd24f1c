//! `WholeRuns`: several small runs with all that belongs to them, in one answer.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http::Response;
use wandb_core::ProjectPath;
use wandb_core::model::Run;
use wandb_core::operation::{AnswerError, Argument, Endpoint, Field, Lacks, Operation, Paged};
use wandb_core::transport::Request;

use super::entry::Entry;
use super::file_fields::{self, FileConnection, FilePage};
use super::get_history_window::in_order;
use super::log_fields::{IMPROVED, LINE_COUNT, LINE_NUMBER, LogLineConnection, LogPage, refused_pagination};
use super::run_fields::{Detail, RunFields};
use crate::envelope::{EntryErrors, RequestOf, asks_for_less, list_data, missing, post};
use crate::row::rows;
use crate::schema::{JsonText, sdl as schema};
use crate::{Filter, HistoryRow, Samples};

/// Reads runs in full together with their history, system metrics, the first files and the first lines of their logs.
///
/// One such request stands for four of each run, which is what many small runs are made of. The server thins rows out
/// to the number asked for; the reader sees by the number that came whether that was so.
///
/// ```
/// use wandb_graphql::ops::GetWholeRuns;
///
/// let runs = GetWholeRuns::new("team/project".parse()?, ["abc", "def"]).without_system_metrics();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GetWholeRuns {
    path: ProjectPath,
    ids: Arc<[String]>,
    /// How many of the ids have been asked for.
    asked: usize,
    at_once: usize,
    samples: Samples,
    left_out: Lacks,
}

/// A run and what belongs to it; `None` is what was not asked for or what the server does not have.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WholeRun {
    /// The run, in full.
    pub run: Run,
    /// The rows of its history in order of steps: all of them, if there are fewer than were asked for.
    pub history: Option<Vec<HistoryRow>>,
    /// The rows of its system metrics, likewise.
    pub events: Option<Vec<HistoryRow>>,
    /// How many rows of system metrics there are, where the server tells.
    pub events_line_count: Option<u64>,
    /// The first of its files.
    pub files: Option<FilePage>,
    /// The first lines that it printed.
    pub log: Option<LogPage>,
}

/// The runs of one answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WholeRunPage {
    /// Those of the runs asked for that there are, without any that cannot be read.
    pub runs: Vec<WholeRun>,
    asked_for: usize,
}

impl WholeRunPage {
    /// How many runs this answer was asked for: fewer than all if these were too much at once.
    pub fn asked_for(&self) -> usize {
        self.asked_for
    }
}

const HISTORY: Field = Field::new("Run", "history");
const EVENTS: Field = Field::new("Run", "events");
const EVENTS_LINE_COUNT: Field = Field::new("Run", "eventsLineCount");
const FILES: Field = Field::new("Run", "files");
const LOG_LINES: Field = Field::new("Run", "logLines");

/// What belongs to the runs, and what can be left out of these questions where each is asked by itself.
static OPTIONAL_FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
    let logs = [LOG_LINES, IMPROVED, LINE_COUNT, LINE_NUMBER];
    [
        &[HISTORY, EVENTS, EVENTS_LINE_COUNT, FILES],
        &logs[..],
        Detail::Full.optional_fields(),
        file_fields::OPTIONAL_FIELDS,
    ]
    .concat()
});

/// The files of each run that come along; a run seldom has more.
const FILES_EACH: i32 = 100;

/// The lines of each run that come along.
const LINES_EACH: i32 = 1_000;

impl GetWholeRuns {
    /// The runs of the project at `path` with these ids, all in one request unless that is too much.
    pub fn new<I: Into<String>>(path: ProjectPath, ids: impl IntoIterator<Item = I>) -> Self {
        let ids: Arc<[String]> = ids.into_iter().map(Into::into).collect();
        let at_once = ids.len();
        Self { path, ids, asked: 0, at_once, samples: Samples::default(), left_out: Lacks::nothing() }
    }

    /// So many rows of each history and of each run's system metrics, at the most. Default 500.
    #[must_use]
    pub fn samples(self, samples: Samples) -> Self {
        Self { samples, ..self }
    }

    /// Leaves the history out.
    #[must_use]
    pub fn without_history(self) -> Self {
        self.without(HISTORY)
    }

    /// Leaves the system metrics out.
    #[must_use]
    pub fn without_system_metrics(self) -> Self {
        self.without(EVENTS).without(EVENTS_LINE_COUNT)
    }

    /// Leaves the files out.
    #[must_use]
    pub fn without_files(self) -> Self {
        self.without(FILES)
    }

    /// Leaves out what was printed.
    #[must_use]
    pub fn without_logs(self) -> Self {
        self.without(LOG_LINES)
    }

    fn without(mut self, field: Field) -> Self {
        self.left_out.insert(field);
        self
    }

    /// The ids that this request is for.
    fn now(&self) -> &[String] {
        let end = self.asked.saturating_add(self.at_once).min(self.ids.len());
        &self.ids[self.asked.min(end)..end]
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    entity: &'a str,
    project: &'a str,
    filters: JsonText,
    per_page: i32,
    samples: i32,
    files: i32,
    lines: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Query {
    #[arguments(name: $project, entityName: $entity)]
    project: Option<Project>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Project {
    #[arguments(filters: $filters, first: $per_page)]
    runs: Option<RunConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct RunConnection {
    edges: Vec<Entry<RunEdge>>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct RunEdge {
    node: Option<RunFields>,
    /// The same run once more, since no type holds the fields of another one in place.
    #[cynic(rename = "node", alias)]
    belongings: Option<Belongings>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run", variables = "Variables")]
struct Belongings {
    #[expect(dead_code, reason = "a query has to ask something of an object")]
    id: cynic::Id,
    #[arguments(samples: $samples)]
    #[cynic(feature = "Run.history")]
    history: Option<Vec<Option<JsonText>>>,
    #[cynic(feature = "Run.eventsLineCount")]
    events_line_count: Option<i32>,
    #[arguments(samples: $samples)]
    #[cynic(feature = "Run.events")]
    events: Option<Vec<Option<JsonText>>>,
    #[arguments(first: $files)]
    #[cynic(feature = "Run.files")]
    files: Option<FileConnection>,
    #[cynic(feature = "Run.logLineCount")]
    log_line_count: Option<i32>,
    #[arguments(first: $lines, useImprovedPagination: true)]
    #[cynic(feature = "Run.logLines")]
    log_lines: Option<LogLineConnection>,
}

impl Operation for GetWholeRuns {
    type Answer = WholeRunPage;

    fn name(&self) -> &'static str {
        "WholeRuns"
    }

    fn subject(&self) -> String {
        match self.now() {
            [id] => format!("{}/{id}", self.path),
            ids => format!("{} runs of {}", ids.len(), self.path),
        }
    }

    fn optional_fields(&self) -> &'static [Field] {
        &OPTIONAL_FIELDS
    }

    /// The server then chooses how many of the files and lines come along.
    fn optional_arguments(&self) -> Vec<Argument> {
        vec![Argument::new("Run", "files", "first"), Argument::new("Run", "logLines", "first")]
    }

    fn request(&self, endpoint: &Endpoint, lacks: &Lacks) -> Result<Request, AnswerError> {
        let ids = self.now();
        if ids.is_empty() {
            return Err(AnswerError::Unaskable { message: "no run was named".to_owned() });
        }
        let variables = Variables {
            entity: self.path.entity(),
            project: self.path.project(),
            filters: JsonText(Filter::ids(ids).json().into()),
            per_page: i32::try_from(ids.len()).unwrap_or(i32::MAX),
            samples: self.samples.get(),
            files: FILES_EACH,
            lines: LINES_EACH,
        };
        let mut lacks = lacks.clone();
        lacks.extend(&self.left_out);
        if lacks.contains(&IMPROVED) {
            lacks.insert(LOG_LINES);
        }
        if lacks.contains(&LOG_LINES) {
            lacks.insert(LINE_COUNT);
        }
        post::<Query, _>(RequestOf::new(self, variables), endpoint, &lacks)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<WholeRunPage, AnswerError> {
        let what = || format!("project {}", self.path);
        let (query, errors): (Query, _) = list_data(&response, what).map_err(|error| match error {
            // A server that runs out of time over many runs may manage fewer.
            AnswerError::Failed { message } if self.now().len() > 1 && asks_for_less(&message) => {
                AnswerError::TooMuch { message }
            }
            error => refused_pagination(error, response.body()),
        })?;
        let project = query.project.ok_or_else(|| missing(what()))?;
        let Some(runs) = project.runs else {
            return Err(AnswerError::malformed("it holds a project without runs", response.body()));
        };
        let edges = runs.edges.into_iter().enumerate();
        let nodes = edges.filter_map(|(index, edge)| match edge {
            Entry::Read(edge) if errors.at(index).is_none() => edge.node.zip(edge.belongings),
            // Whoever misses the run asks for it alone, which says what is wrong with it.
            Entry::Read(_) | Entry::Unreadable(_) => None,
        });
        let runs = nodes
            .map(|(run, belongings)| belongings.of(run.into_run(self.path.entity(), self.path.project())));
        Ok(WholeRunPage { runs: runs.collect(), asked_for: self.now().len() })
    }
}

impl Belongings {
    fn of(self, run: Run) -> WholeRun {
        WholeRun {
            run,
            history: self.history.map(rows).map(|rows| in_order(rows, &(i64::MIN..i64::MAX))),
            events: self.events.map(rows),
            events_line_count: self.events_line_count.and_then(|count| u64::try_from(count).ok()),
            files: self.files.map(|files| files.into_page(None, &EntryErrors::default())),
            // A run that printed nothing has no connection, but its lines may be counted.
            log: (self.log_lines.is_some() || self.log_line_count.is_some())
                .then(|| LogPage::of(self.log_lines, self.log_line_count, &EntryErrors::default())),
        }
    }
}

impl Paged for GetWholeRuns {
    type Item = WholeRun;

    fn next(&self, _: &WholeRunPage) -> Option<Self> {
        let asked = self.asked + self.now().len();
        (asked < self.ids.len()).then(|| Self { asked, ..self.clone() })
    }

    fn items(answer: WholeRunPage) -> Vec<WholeRun> {
        answer.runs
    }

    fn smaller(&self) -> Option<Self> {
        let now = self.now().len();
        (now > 1).then(|| Self { at_once: now / 2, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{answer, request};

    fn get() -> GetWholeRuns {
        GetWholeRuns::new("team/my project".parse().unwrap(), ["r1", "r\"2", "r3"])
    }

    #[test]
    fn a_request() {
        insta::assert_snapshot!(request(&get(), &[]));
    }

    #[test]
    fn what_is_left_out_is_not_asked_for() {
        let bare = get().without_history().without_system_metrics().without_files().without_logs();
        let request = request(&bare.samples(Samples::new(7).unwrap()), &[]);
        for field in ["history(", "events(", "files(", "logLines("] {
            assert!(!request.contains(field), "{field} {request}");
        }
        assert!(request.contains("config") && request.contains(r#""samples": 7"#), "{request}");
    }

    #[test]
    fn too_many_runs_are_asked_for_in_halves() {
        let half = get().smaller().unwrap();
        assert_eq!(half.now(), ["r1"]);
        assert_eq!(half.smaller(), None);
        let page = WholeRunPage { runs: Vec::new(), asked_for: 0 };
        let second = half.next(&page).unwrap();
        assert_eq!(second.now(), ["r\"2"]);
        assert_eq!(second.next(&page).unwrap().now(), ["r3"]);
        assert_eq!(second.next(&page).unwrap().next(&page), None);
        assert_eq!(get().next(&page), None);
    }

    #[test]
    fn all_that_belongs_to_a_run_is_read() {
        let body = r#"{"data": {"project": {"runs": {"edges": [
            {"node": {"id": "s1", "name": "r1", "displayName": "one", "state": "finished", "createdAt": null,
                "config": "{\"lr\": {\"value\": 0.1}}", "historyLineCount": 2},
             "belongings": {"id": "s1",
                "history": ["{\"_step\": 1, \"a\": NaN}", "{\"_step\": 0}"], "events": ["{\"system.cpu\": 1}"],
                "files": {"edges": [{"node": {"id": "f", "name": "a.txt", "url": null, "sizeBytes": 3}, "cursor": "x"}],
                    "pageInfo": {"endCursor": "x", "hasNextPage": true}},
                "logLines": {"edges": [{"node": {"line": "hi\n"}, "cursor": "l"}],
                    "pageInfo": {"endCursor": "l", "hasNextPage": false}}}},
            {"node": null, "belongings": null},
            {"node": {"id": "s3", "name": "r3", "displayName": null, "state": null, "createdAt": null},
             "belongings": {"id": "s3", "history": null, "files": null, "logLineCount": 0, "logLines": null}}]}}}}"#;
        let page = answer(&get(), body).unwrap();
        let [one, three] = &page.runs[..] else { panic!("{page:?}") };
        assert_eq!((one.run.id.as_str(), one.run.history_line_count), ("r1", Some(2)));
        let steps: Vec<_> = one.history.as_ref().unwrap().iter().map(HistoryRow::step).collect();
        assert_eq!(steps, [Some(0), Some(1)], "in order");
        assert_eq!(one.events.as_ref().unwrap().len(), 1);
        let files = one.files.as_ref().unwrap();
        assert_eq!((files.files[0].size, files.onward.cursor()), (Some(3), Some("x")));
        assert_eq!(one.log.as_ref().unwrap().lines[0].text, "hi");
        assert_eq!((&three.history, &three.events, &three.files), (&None, &None, &None));
        assert_eq!(three.log, Some(LogPage { total: Some(0), ..LogPage::default() }), "it printed nothing");
    }

    #[test]
    fn logs_are_left_out_where_pagination_is_refused() {
        let request = request(&get(), &[IMPROVED]);
        assert!(!request.contains("logLine"), "{request}");
        let body = r#"{"errors": [
            {"message": "Unknown argument \"useImprovedPagination\" on field \"logLines\""},
            {"message": "Cannot query field \"tags\" on type \"Run\"."}]}"#;
        let lacking = [Field::new("Run", "tags"), IMPROVED].into_iter().collect();
        assert_eq!(answer(&get(), body), Err(AnswerError::Lacks(lacking)));
    }

    #[test]
    fn no_runs_cannot_be_asked_for() {
        let none = GetWholeRuns::new("team/project".parse().unwrap(), [""; 0]);
        let error = none.request(&crate::ops::testing::endpoint(), &Lacks::nothing()).unwrap_err();
        assert!(matches!(error, AnswerError::Unaskable { .. }), "{error}");
    }
}
