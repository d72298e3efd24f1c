//! `RunFullHistory` with `events`: a run's system metrics.

use bytes::Bytes;
use http::Response;
use wandb_core::RunPath;
use wandb_core::operation::{AnswerError, Argument, Endpoint, Field, Operation, Streamed, UnsupportedFields};
use wandb_core::transport::Request;

use super::path_query::{run_data, run_request};
use crate::envelope::list_of_rows;
use crate::row::rows;
use crate::schema::{JsonText, sdl as schema};
use crate::{HistoryRow, Samples};

/// Rows of a run's system metrics.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SampledEvents {
    /// The rows, in the server's order.
    pub rows: Vec<HistoryRow>,
    /// The number of rows that the server has (`eventsLineCount`), if it counts them.
    pub line_count: Option<u64>,
}

/// Reads a run's system metrics, sampled by the server (`RunFullHistory` with `stream="system"` in the Python SDK).
///
/// The server may send fewer rows than requested even though it has more (wandb/wandb #12067, #3680); compare
/// [`SampledEvents::line_count`].
///
/// Keys look like `system.cpu` and `system.gpu.0.gpu`. Rows have `_runtime` and `_timestamp`, but no step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleEvents {
    path: RunPath,
    samples: Samples,
}

impl SampleEvents {
    /// Reads at most 500 rows of system metrics of the run at `path`.
    pub fn new(path: RunPath) -> Self {
        Self { path, samples: Samples::default() }
    }

    /// Sets the maximum number of rows.
    #[must_use]
    pub fn samples(self, samples: Samples) -> Self {
        Self { samples, ..self }
    }
}

const OPTIONAL_FIELDS: &[Field] = &[Field::new("Run", "eventsLineCount")];

#[derive(cynic::QueryVariables, Debug)]
struct Variables {
    samples: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Run {
    #[cynic(feature = "Run.eventsLineCount")]
    events_line_count: Option<i32>,
    #[arguments(samples: $samples)]
    events: Option<Vec<Option<JsonText>>>,
}

impl Operation for SampleEvents {
    type Answer = SampledEvents;

    fn name(&self) -> &'static str {
        "RunFullHistory"
    }

    fn subject(&self) -> String {
        format!("{}, {} samples of system metrics", self.path, self.samples)
    }

    /// Without `samples`, the server chooses how many rows it sends.
    fn optional_arguments(&self) -> Vec<Argument> {
        vec![Argument::new("Run", "events", "samples")]
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        run_request::<Run, _>(
            self,
            &self.path,
            Variables { samples: self.samples.get() },
            endpoint,
            unsupported,
        )
    }

    fn answer(&self, response: Response<Bytes>) -> Result<SampledEvents, AnswerError> {
        let run: Run = run_data(&response, &self.path)?;
        let line_count = run.events_line_count.and_then(|count| u64::try_from(count).ok());
        match run.events {
            Some(events) => Ok(SampledEvents { rows: rows(events), line_count }),
            None => Err(AnswerError::malformed("it holds a run without events", response.body())),
        }
    }
}

/// Maximum number of rows to accept. A server may send more than requested, for example if it ignores `samples`.
const MAX_ROWS: u64 = 10_000_000;

impl Streamed for SampleEvents {
    type Item = HistoryRow;

    fn list_path(&self) -> &'static [&'static str] {
        &["data", "project", "run", "events"]
    }

    fn most_items(&self) -> u64 {
        u64::from(self.samples.get().unsigned_abs()).max(MAX_ROWS)
    }

    fn items(&self, elements: &[u8]) -> Result<Vec<HistoryRow>, AnswerError> {
        list_of_rows(elements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{answer, request};

    fn sample() -> SampleEvents {
        SampleEvents::new("team/project/abc".parse().unwrap()).samples(Samples::new(1_000).unwrap())
    }

    #[test]
    fn request_sets_the_number_of_rows() {
        insta::assert_snapshot!(request(&sample(), &[]));
    }

    #[test]
    fn list_parts_are_read_as_rows() {
        let rows = sample().items(br#"["{\"system.cpu\":NaN}", null]"#).unwrap();
        assert_eq!(rows.iter().map(HistoryRow::json).collect::<Vec<_>>(), [r#"{"system.cpu":NaN}"#, "null"]);
        assert!(matches!(sample().items(b"[1"), Err(AnswerError::Malformed { .. })));
    }

    #[test]
    fn rows_are_kept_as_text() {
        let row = r#"{"system.cpu":1.5,"_runtime":2,"_timestamp":1714564800.5}"#;
        let body = serde_json::json!({"data": {"project": {"run": {"events": [row]}}}}).to_string();
        let events = answer(&sample(), &body).unwrap();
        assert_eq!(events, SampledEvents { rows: vec![HistoryRow::new(row)], line_count: None });
        let counted = body.replace(r#""events""#, r#""eventsLineCount":7,"events""#);
        assert_eq!(answer(&sample(), &counted).unwrap().line_count, Some(7));
        let error = answer(&sample(), r#"{"data": {"project": {"run": {"events": null}}}}"#).unwrap_err();
        assert!(error.to_string().contains("it holds a run without events"), "{error}");
    }
}
