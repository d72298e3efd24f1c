//! `WholeRuns`: several small runs with their history, files and logs, in one answer.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http::Response;
use wandb_core::ProjectPath;
use wandb_core::model::{File, Run};
use wandb_core::operation::{AnswerError, Argument, Endpoint, Field, Operation, Paged, UnsupportedFields};
use wandb_core::transport::Request;

use super::entry::Entry;
use super::file_fields::{self, FileConnection};
use super::get_history_window::sort_rows;
use super::list_page::ListPage;
use super::log_fields::{
    IMPROVED, LINE_COUNT, LINE_NUMBER, LogLineConnection, LogPage, convert_refused_pagination,
};
use super::path_query::{project_list_data, project_request};
use super::run_fields::{Detail, RunFields};
use crate::envelope::{EntryErrors, is_time_limit};
use crate::row::rows;
use crate::schema::{JsonText, sdl as schema};
use crate::{Filter, HistoryRow, Samples};

/// Reads full runs together with their history, system metrics, first files and first log lines.
///
/// For many small runs, one request replaces four requests per run. The server samples rows down to the requested
/// number; a caller detects this by the number of rows received.
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
    /// How many of the ids earlier requests covered.
    done: usize,
    batch_size: usize,
    samples: Samples,
    excluded: UnsupportedFields,
}

/// A run with its data. `None` marks data that was not requested or that the server lacks.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WholeRun {
    /// The run, in full.
    pub run: Run,
    /// The history rows by step; complete if there are fewer than requested.
    pub history: Option<Vec<HistoryRow>>,
    /// The rows of system metrics; complete if there are fewer than requested.
    pub events: Option<Vec<HistoryRow>>,
    /// How many rows of system metrics there are, if the server counts them.
    pub events_line_count: Option<u64>,
    /// The first files.
    pub files: Option<ListPage<File>>,
    /// The first log lines.
    pub log: Option<LogPage>,
}

/// The runs of one answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WholeRunPage {
    /// The requested runs that exist, without unreadable ones.
    pub runs: Vec<WholeRun>,
    asked_for: usize,
}

impl WholeRunPage {
    /// How many runs this answer covers. Fewer than all if the server could not answer for all at once.
    pub fn asked_for(&self) -> usize {
        self.asked_for
    }
}

const HISTORY: Field = Field::new("Run", "history");
const EVENTS: Field = Field::new("Run", "events");
const EVENTS_LINE_COUNT: Field = Field::new("Run", "eventsLineCount");
const FILES: Field = Field::new("Run", "files");
const LOG_LINES: Field = Field::new("Run", "logLines");

/// The optional fields: the data of the runs, and whatever is optional in the separate requests for it.
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

/// How many files of each run are requested. Few runs have more.
const FILES_EACH: i32 = 100;

/// How many log lines of each run are requested.
const LINES_EACH: i32 = 1_000;

impl GetWholeRuns {
    /// Reads the runs with these ids in the project at `path`. Splits the request if it is too much for the server.
    pub fn new<I: Into<String>>(path: ProjectPath, ids: impl IntoIterator<Item = I>) -> Self {
        let ids: Arc<[String]> = ids.into_iter().map(Into::into).collect();
        let batch_size = ids.len();
        Self {
            path,
            ids,
            done: 0,
            batch_size,
            samples: Samples::default(),
            excluded: UnsupportedFields::nothing(),
        }
    }

    /// Sets the maximum number of rows of each run's history and of its system metrics. Default: 500.
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

    /// Leaves the logs out.
    #[must_use]
    pub fn without_logs(self) -> Self {
        self.without(LOG_LINES)
    }

    fn without(mut self, field: Field) -> Self {
        self.excluded.insert(field);
        self
    }

    /// The ids in this request.
    fn current_ids(&self) -> &[String] {
        let end = self.done.saturating_add(self.batch_size).min(self.ids.len());
        &self.ids[self.done.min(end)..end]
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct Variables {
    filters: JsonText,
    per_page: i32,
    samples: i32,
    files: i32,
    lines: i32,
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
    /// The same node again under an alias: cynic cannot flatten two fragments into one struct.
    #[cynic(rename = "node", alias)]
    belongings: Option<Belongings>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run", variables = "Variables")]
struct Belongings {
    #[expect(dead_code, reason = "a selection needs at least one field")]
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
        match self.current_ids() {
            [id] => format!("{}/{id}", self.path),
            ids => format!("{} runs of {}", ids.len(), self.path),
        }
    }

    fn optional_fields(&self) -> &'static [Field] {
        &OPTIONAL_FIELDS
    }

    /// Without these arguments, the server chooses how many files and lines it sends.
    fn optional_arguments(&self) -> Vec<Argument> {
        vec![Argument::new("Run", "files", "first"), Argument::new("Run", "logLines", "first")]
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let ids = self.current_ids();
        if ids.is_empty() {
            return Err(AnswerError::InvalidRequest { message: "no run was given".to_owned() });
        }
        let variables = Variables {
            filters: JsonText(Filter::ids(ids).json().into()),
            per_page: i32::try_from(ids.len()).unwrap_or(i32::MAX),
            samples: self.samples.get(),
            files: FILES_EACH,
            lines: LINES_EACH,
        };
        let mut unsupported = unsupported.clone();
        unsupported.extend(&self.excluded);
        if unsupported.contains(&IMPROVED) {
            unsupported.insert(LOG_LINES);
        }
        if unsupported.contains(&LOG_LINES) {
            unsupported.insert(LINE_COUNT);
        }
        project_request::<Project, _>(self, &self.path, variables, endpoint, &unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<WholeRunPage, AnswerError> {
        let what = || format!("project {}", self.path);
        let (project, errors): (Project, _) =
            project_list_data(&response, what).map_err(|error| match error {
                // Fewer runs may finish within the server's time limit.
                AnswerError::Failed { message }
                    if self.current_ids().len() > 1 && is_time_limit(&message) =>
                {
                    AnswerError::TooLarge { message }
                }
                error => convert_refused_pagination(error, response.body()),
            })?;
        let Some(runs) = project.runs else {
            return Err(AnswerError::malformed("it holds a project without runs", response.body()));
        };
        let edges = runs.edges.into_iter().enumerate();
        let nodes = edges.filter_map(|(index, edge)| match edge {
            Entry::Read(edge) if errors.at(index).is_none() => edge.node.zip(edge.belongings),
            // The caller requests a missing run separately and gets the error from there.
            Entry::Read(_) | Entry::Unreadable(_) => None,
        });
        let runs = nodes.map(|(run, belongings)| {
            belongings.into_whole_run(run.into_run(self.path.entity(), self.path.project()))
        });
        Ok(WholeRunPage { runs: runs.collect(), asked_for: self.current_ids().len() })
    }
}

impl Belongings {
    fn into_whole_run(self, run: Run) -> WholeRun {
        WholeRun {
            run,
            history: self.history.map(rows).map(|rows| sort_rows(rows, &(i64::MIN..i64::MAX))),
            events: self.events.map(rows),
            events_line_count: self.events_line_count.and_then(|count| u64::try_from(count).ok()),
            files: self.files.map(|files| files.into_page(None, &EntryErrors::default())),
            // A run without output has no connection but may have a line count.
            log: (self.log_lines.is_some() || self.log_line_count.is_some()).then(|| {
                LogPage::from_connection(self.log_lines, self.log_line_count, &EntryErrors::default())
            }),
        }
    }
}

impl Paged for GetWholeRuns {
    type Item = WholeRun;

    fn next(&self, _: &WholeRunPage) -> Option<Self> {
        let done = self.done + self.current_ids().len();
        (done < self.ids.len()).then(|| Self { done, ..self.clone() })
    }

    fn items(answer: WholeRunPage) -> Vec<WholeRun> {
        answer.runs
    }

    fn smaller(&self) -> Option<Self> {
        let count = self.current_ids().len();
        (count > 1).then(|| Self { batch_size: count / 2, ..self.clone() })
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
    fn whole_runs_request() {
        insta::assert_snapshot!(request(&get(), &[]));
    }

    #[test]
    fn excluded_data_is_not_requested() {
        let bare = get().without_history().without_system_metrics().without_files().without_logs();
        let request = request(&bare.samples(Samples::new(7).unwrap()), &[]);
        for field in ["history(", "events(", "files(", "logLines("] {
            assert!(!request.contains(field), "{field} {request}");
        }
        assert!(request.contains("config") && request.contains(r#""samples": 7"#), "{request}");
    }

    #[test]
    fn too_many_runs_are_split_in_halves() {
        let half = get().smaller().unwrap();
        assert_eq!(half.current_ids(), ["r1"]);
        assert_eq!(half.smaller(), None);
        let page = WholeRunPage { runs: Vec::new(), asked_for: 0 };
        let second = half.next(&page).unwrap();
        assert_eq!(second.current_ids(), ["r\"2"]);
        assert_eq!(second.next(&page).unwrap().current_ids(), ["r3"]);
        assert_eq!(second.next(&page).unwrap().next(&page), None);
        assert_eq!(get().next(&page), None);
    }

    #[test]
    fn all_data_of_a_run_is_read() {
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
        assert_eq!(steps, [Some(0), Some(1)], "by step");
        assert_eq!(one.events.as_ref().unwrap().len(), 1);
        let files = one.files.as_ref().unwrap();
        assert_eq!((files.items[0].size, files.next_page.cursor()), (Some(3), Some("x")));
        assert_eq!(one.log.as_ref().unwrap().lines[0].text, "hi");
        assert_eq!((&three.history, &three.events, &three.files), (&None, &None, &None));
        assert_eq!(three.log, Some(LogPage { total: Some(0), ..LogPage::default() }), "no output");
    }

    #[test]
    fn logs_are_left_out_without_pagination() {
        let request = request(&get(), &[IMPROVED]);
        assert!(!request.contains("logLine"), "{request}");
        let body = r#"{"errors": [
            {"message": "Unknown argument \"useImprovedPagination\" on field \"logLines\""},
            {"message": "Cannot query field \"tags\" on type \"Run\"."}]}"#;
        let lacking = [Field::new("Run", "tags"), IMPROVED].into_iter().collect();
        assert_eq!(answer(&get(), body), Err(AnswerError::UnsupportedFields(lacking)));
    }

    #[test]
    fn empty_list_of_runs_is_rejected() {
        let none = GetWholeRuns::new("team/project".parse().unwrap(), [""; 0]);
        let error =
            none.request(&crate::ops::testing::endpoint(), &UnsupportedFields::nothing()).unwrap_err();
        assert!(matches!(error, AnswerError::InvalidRequest { .. }), "{error}");
    }
}
