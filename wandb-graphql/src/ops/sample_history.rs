//! `RunFullHistory`, `RunSampledHistory`: a sample of a run's metrics.

use bytes::Bytes;
use http::Response;
use wandb_core::RunPath;
use wandb_core::operation::{AnswerError, Endpoint, Operation, Streamed, UnsupportedFields};
use wandb_core::transport::Request;

use super::path_query::{run_data, run_request};
use super::sampled::{Spec, SpecsRun, SpecsVariables, any_of, read};
use crate::envelope::list_of_rows;
use crate::row::{STEP, rows};
use crate::schema::{JsonText, sdl as schema};
use crate::{HistoryRow, Keys, KeysError, Samples};

/// Reads a run's metrics, sampled by the server (`RunFullHistory`, or with keys `RunSampledHistory`, in the Python
/// SDK).
///
/// The rows are in the server's order. With keys, the answer contains only rows that have all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleHistory {
    path: RunPath,
    samples: Samples,
    keys: Option<Keys>,
    any: bool,
    x_axis: String,
}

impl SampleHistory {
    /// Reads at most 500 rows, with all keys, of the run at `path`.
    pub fn new(path: RunPath) -> Self {
        Self { path, samples: Samples::default(), keys: None, any: false, x_axis: STEP.to_owned() }
    }

    /// Sets the maximum number of rows.
    #[must_use]
    pub fn samples(self, samples: Samples) -> Self {
        Self { samples, ..self }
    }

    /// Reads only rows that have all of `keys`, reduced to these keys and the x axis.
    #[must_use]
    pub fn keys(self, keys: Keys) -> Self {
        Self { keys: Some(keys), ..self }
    }

    /// With [`keys`](Self::keys): reads rows that have at least one key. The maximum then applies to each key.
    #[must_use]
    pub fn any(self) -> Self {
        Self { any: true, ..self }
    }

    fn key_lists<'a>(&'a self, keys: &'a Keys) -> Vec<Vec<&'a str>> {
        if self.any { any_of(keys, &self.x_axis) } else { vec![keys.preceded_by(&self.x_axis)] }
    }

    /// Samples along another metric than `_step`. Only has an effect with [`keys`](Self::keys), as in the Python SDK.
    ///
    /// # Errors
    /// If the name is empty.
    pub fn x_axis(self, key: impl Into<String>) -> Result<Self, KeysError> {
        let x_axis = key.into();
        if x_axis.is_empty() { Err(KeysError::Empty { position: 1 }) } else { Ok(Self { x_axis, ..self }) }
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct FullVariables {
    samples: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run", variables = "FullVariables")]
struct FullRun {
    #[arguments(samples: $samples)]
    history: Option<Vec<Option<JsonText>>>,
}

impl Operation for SampleHistory {
    type Answer = Vec<HistoryRow>;

    fn name(&self) -> &'static str {
        if self.keys.is_some() { "RunSampledHistory" } else { "RunFullHistory" }
    }

    fn subject(&self) -> String {
        format!("{}, {} samples", self.path, self.samples)
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let samples = self.samples.get();
        let Some(keys) = &self.keys else {
            return run_request::<FullRun, _>(
                self,
                &self.path,
                FullVariables { samples },
                endpoint,
                unsupported,
            );
        };
        let spec = |keys| Spec { keys, min_step: None, max_step: None, samples }.to_json();
        let specs = self.key_lists(keys).into_iter().map(spec).collect::<Result<_, _>>()?;
        run_request::<SpecsRun, _>(self, &self.path, SpecsVariables { specs }, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<Vec<HistoryRow>, AnswerError> {
        if let Some(keys) = &self.keys {
            let run: SpecsRun = run_data(&response, &self.path)?;
            return read(run.sampled_history, self.key_lists(keys).len())
                .map_err(|error| AnswerError::malformed(error, response.body()));
        }
        let run: FullRun = run_data(&response, &self.path)?;
        run.history
            .map(rows)
            .ok_or_else(|| AnswerError::malformed("it holds a run without history", response.body()))
    }
}

/// Only the answer to a request for all keys is a list of rows that can be streamed. With keys it is a list of lists.
impl Streamed for SampleHistory {
    type Item = HistoryRow;

    fn list_path(&self) -> &'static [&'static str] {
        if self.keys.is_some() { &[] } else { &["data", "project", "run", "history"] }
    }

    fn most_items(&self) -> u64 {
        u64::from(self.samples.get().unsigned_abs()).saturating_mul(2)
    }

    fn items(&self, elements: &[u8]) -> Result<Vec<HistoryRow>, AnswerError> {
        list_of_rows(elements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{answer, request};

    fn sample() -> SampleHistory {
        SampleHistory::new("team/my project/abc".parse().unwrap())
    }

    fn with_keys() -> SampleHistory {
        sample().keys(Keys::new(["loss", "epoch"]).unwrap())
    }

    #[test]
    fn request_for_all_keys() {
        insta::assert_snapshot!(request(&sample(), &[]));
    }

    #[test]
    fn any_of_the_keys_requests_a_list_for_each() {
        let any =
            SampleHistory::new("team/p/abc".parse().unwrap()).keys(Keys::new(["a", "b"]).unwrap()).any();
        let asked = request(&any, &[]);
        assert!(asked.contains(r#"\"keys\":[\"_step\",\"a\"]"#), "{asked}");
        let body = r#"{"data": {"project": {"run": {"sampledHistory": [
            [{"_step": 1, "a": 1}], [{"_step": 1, "b": 2}, {"_step": 2, "b": 3}]]}}}}"#;
        let rows: Vec<_> = answer(&any, body).unwrap().iter().map(|row| row.json().to_owned()).collect();
        assert_eq!(rows, [r#"{"_step":1,"a":1,"b":2}"#, r#"{"_step":2,"b":3}"#]);
    }

    #[test]
    fn request_for_some_keys_along_another_axis() {
        let sample = with_keys().x_axis("epoch").unwrap().samples(Samples::new(20).unwrap());
        insta::assert_snapshot!(request(&sample, &[]));
        assert_eq!(sample.x_axis("").unwrap_err(), KeysError::Empty { position: 1 });
    }

    #[test]
    fn rows_keep_text_and_order() {
        let body = r#"{"data": {"project": {"run": {"history": [
            "{\"_step\":5,\"loss\":NaN}", "{\"loss\":1}", "{\"_step\":3.0,\"x\":\"\\ud800\"}"]}}}}"#;
        let rows = answer(&sample(), body).unwrap();
        let rows: Vec<_> = rows.iter().map(|row| (row.step(), row.json())).collect();
        assert_eq!(
            rows,
            [
                (Some(5), r#"{"_step":5,"loss":NaN}"#),
                (None, r#"{"loss":1}"#),
                (Some(3), r#"{"_step":3.0,"x":"\ud800"}"#),
            ],
        );
    }

    #[test]
    fn rows_with_keys_may_have_bare_nan() {
        let body = r#"{"data": {"project": {"run": {"sampledHistory": [[
            {"epoch": 1, "loss": NaN}, {"epoch": 2, "loss": -Infinity}]]}}}}"#;
        let rows = answer(&with_keys(), body).unwrap();
        let rows: Vec<_> = rows.iter().map(HistoryRow::json).collect();
        assert_eq!(rows, [r#"{"epoch": 1, "loss": "NaN"}"#, r#"{"epoch": 2, "loss": "-Infinity"}"#]);
    }

    #[test]
    fn missing_rows_are_an_error() {
        for (sample, field) in [(sample(), "history"), (with_keys(), "sampledHistory")] {
            let error =
                answer(&sample, &format!(r#"{{"data": {{"project": {{"run": {{"{field}": null}}}}}}}}"#));
            let error = error.unwrap_err().to_string();
            assert!(error.contains(&format!("it holds a run without {field}")), "{error}");
            let error = answer(&sample, r#"{"data": {"project": {"run": null}}}"#).unwrap_err();
            assert!(matches!(error, AnswerError::NotFound { .. }), "{error}");
        }
        let body = r#"{"data": {"project": {"run": {"history": []}}}}"#;
        assert_eq!(answer(&sample(), body), Ok(Vec::new()), "a run without history");
    }
}
