//! `RunParquetHistory`: the part of a history that is exported to files.

use bytes::Bytes;
use http::Response;
use wandb_core::RunPath;
use wandb_core::operation::{AnswerError, Endpoint, Field, Operation, UnsupportedFields};
use wandb_core::transport::Request;

use super::path_query::{run_data, run_request};
use crate::HistoryRow;
use crate::row::{STEP, rows};
use crate::schema::{JsonText, sdl as schema};

/// Reads the URLs of a run's exported history and the steps that are not exported yet (`RunParquetHistory` in the
/// Python SDK). The answer is empty if the server has no exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetParquetHistory {
    path: RunPath,
}

/// The exported and the live part of a run's history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ParquetHistory {
    /// Signed URLs of the Parquet files, in no stable order. They expire, may point to other hosts, and may be relative
    /// to the server's base URL.
    pub urls: Vec<String>,
    /// The steps that are in no file, in order.
    pub live_steps: Vec<i64>,
}

impl GetParquetHistory {
    /// Reads the exported history of the run at `path`.
    pub fn new(path: RunPath) -> Self {
        Self { path }
    }
}

impl ParquetHistory {
    /// An empty history: no files, no live steps.
    pub fn new() -> Self {
        Self::default()
    }

    /// The first step that is in no file, if any.
    pub fn first_live_step(&self) -> Option<i64> {
        self.live_steps.first().copied()
    }
}

const OPTIONAL_FIELDS: &[Field] = &[Field::new("Run", "parquetHistory")];

#[derive(cynic::QueryVariables, Debug)]
struct Variables {
    live_keys: Vec<&'static str>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Run {
    // A selection needs at least one field, even if the server lacks all optional ones.
    #[expect(dead_code, reason = "a selection needs at least one field")]
    name: String,
    #[arguments(liveKeys: $live_keys)]
    #[cynic(feature = "Run.parquetHistory")]
    parquet_history: Option<Parts>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ParquetHistory")]
struct Parts {
    parquet_urls: Option<Vec<Option<String>>>,
    live_data: Option<Vec<Option<JsonText>>>,
}

impl Operation for GetParquetHistory {
    type Answer = ParquetHistory;

    fn name(&self) -> &'static str {
        "RunParquetHistory"
    }

    fn subject(&self) -> String {
        self.path.to_string()
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        run_request::<Run, _>(self, &self.path, Variables { live_keys: vec![STEP] }, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<ParquetHistory, AnswerError> {
        let run: Run = run_data(&response, &self.path)?;
        let Some(parts) = run.parquet_history else { return Ok(ParquetHistory::new()) };
        let live = rows(parts.live_data.unwrap_or_default());
        let there = live.iter().filter(|row| !row.is_null());
        let steps: Option<Vec<i64>> = there.map(HistoryRow::step).collect();
        let Some(mut live_steps) = steps else {
            return Err(AnswerError::malformed("liveData holds a row without _step", response.body()));
        };
        live_steps.sort_unstable();
        live_steps.dedup();
        Ok(ParquetHistory { urls: parts.parquet_urls.into_iter().flatten().flatten().collect(), live_steps })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{answer, request};

    fn get() -> GetParquetHistory {
        GetParquetHistory::new("team/project/abc".parse().unwrap())
    }

    #[test]
    fn request_asks_for_steps_of_live_rows() {
        insta::assert_snapshot!(request(&get(), &[]));
    }

    #[test]
    fn server_without_exports_gets_no_parquet_query() {
        insta::assert_snapshot!(request(&get(), OPTIONAL_FIELDS));
        let body = r#"{"data": {"project": {"run": {"name": "abc"}}}}"#;
        assert_eq!(answer(&get(), body).unwrap(), ParquetHistory::new());
    }

    #[test]
    fn files_and_live_steps_are_read() {
        let body = r#"{"data": {"project": {"run": {"name": "abc", "parquetHistory": {
            "parquetUrls": ["https://files.example.org/2?sig=x", "/files/1"],
            "liveData": [{"_step": 12.0}, {"_step": 10, "loss": NaN}, null, {"_step": 12}]}}}}}"#;
        let history = answer(&get(), body).unwrap();
        assert_eq!(history.urls, ["https://files.example.org/2?sig=x", "/files/1"]);
        assert_eq!(history.live_steps, [10, 12]);
        assert_eq!(history.first_live_step(), Some(10));
    }

    #[test]
    fn live_row_without_a_step_is_an_error() {
        let body = r#"{"data": {"project": {"run": {"name": "abc", "parquetHistory": {
            "parquetUrls": null, "liveData": [{"_step": "x"}]}}}}}"#;
        let error = answer(&get(), body).unwrap_err().to_string();
        assert!(error.contains("liveData holds a row without _step"), "{error}");
    }
}
