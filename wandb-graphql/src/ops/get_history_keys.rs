//! `RunHistoryKeys`: the metrics and the last step of a run.

use bytes::Bytes;
use http::Response;
use wandb_core::model::{HistoryKeys, RunState};
use wandb_core::operation::{AnswerError, Argument, Endpoint, Field, Operation, Paged, UnsupportedFields};
use wandb_core::transport::Request;
use wandb_core::{RunPath, Value};

use super::path_query::{run_data, run_request};
use super::sampled::{SpecsVariables, SpecsVariablesFields, key_lists, read, specs};
use crate::row::{STEP, rows};
use crate::schema::{Int64, JsonText, sdl as schema};
use crate::{HistoryRow, Samples, Selection};

/// Reads which metrics a run has logged, and its last step (`RunHistoryKeys` in the Python SDK).
///
/// With a [probe](Self::probe), the answer also includes the size of rows. As a [`Paged`] operation, it is retried
/// without the probe if the server fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetHistoryKeys {
    path: RunPath,
    probe: Option<Probe>,
}

/// A few rows to read for their size.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Probe {
    selection: Selection,
    first_step: i64,
}

/// How many steps a probe reads.
const PROBED_STEPS: i64 = 4;

/// The extent of a run's history, as counted by the server.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct HistoryExtent {
    /// The metrics and the last step (`historyKeys`). `None` if the server gives none, as for a run without history.
    pub keys: Option<HistoryKeys>,
    /// How many rows there are (`historyLineCount`), if the server counts them.
    pub line_count: Option<u64>,
    /// The state of the run. Only a finished run no longer grows.
    pub state: Option<RunState>,
    /// The size in bytes of the largest [probed](GetHistoryKeys::probe) row.
    pub row_bytes: Option<u64>,
}

impl GetHistoryKeys {
    /// Reads the metrics of the run at `path`.
    pub fn new(path: RunPath) -> Self {
        Self { path, probe: None }
    }

    /// Also reads the rows of a few steps from `first_step` on, reduced to `selection`, to measure their size.
    #[must_use]
    pub fn probe(self, selection: Selection, first_step: i64) -> Self {
        Self { probe: Some(Probe { selection, first_step }), ..self }
    }
}

impl HistoryExtent {
    /// An unknown extent.
    pub fn new() -> Self {
        Self::default()
    }

    /// The last step, if the server gives it.
    pub fn last_step(&self) -> Option<i64> {
        self.keys.as_ref().and_then(|keys| keys.last_step)
    }

    /// The names in `keys` that the run has not logged. Empty if the server does not list the run's keys.
    ///
    /// Never includes W&B's internal keys, which begin with an underscore, because servers do not list all of them.
    pub fn unlogged(&self, keys: &[String]) -> Vec<String> {
        let Some(logged) = &self.keys else { return Vec::new() };
        let is_unlogged = |key: &&String| !key.starts_with('_') && !logged.keys.contains_key(*key);
        keys.iter().filter(is_unlogged).cloned().collect()
    }
}

const HISTORY: Field = Field::new("Run", "history");
const SAMPLED_HISTORY: Field = Field::new("Run", "sampledHistory");

const OPTIONAL_FIELDS: &[Field] = &[
    Field::new("Run", "historyKeys"),
    Field::new("Run", "historyLineCount"),
    Field::new("Run", "state"),
    HISTORY,
    SAMPLED_HISTORY,
];

/// The number of optional fields that are also used without a probe.
const WITHOUT_PROBE: usize = 3;

/// The arguments that a probe needs.
const PROBE_ARGUMENTS: [Argument; 4] = [
    Argument::new("Run", "history", "minStep"),
    Argument::new("Run", "history", "maxStep"),
    Argument::new("Run", "history", "samples"),
    Argument::new("Run", "sampledHistory", "specs"),
];

#[derive(cynic::QueryFragment, Debug)]
struct Run {
    #[cynic(feature = "Run.state")]
    state: Option<String>,
    #[cynic(feature = "Run.historyLineCount")]
    history_line_count: Option<i32>,
    #[cynic(feature = "Run.historyKeys")]
    history_keys: Option<JsonText>,
}

#[derive(cynic::QueryVariables, Debug)]
struct ProbeVariables {
    min_step: Int64,
    max_step: Int64,
    samples: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run", variables = "ProbeVariables")]
struct ProbeRun {
    #[cynic(feature = "Run.state")]
    state: Option<String>,
    #[cynic(feature = "Run.historyLineCount")]
    history_line_count: Option<i32>,
    #[cynic(feature = "Run.historyKeys")]
    history_keys: Option<JsonText>,
    #[arguments(minStep: $min_step, maxStep: $max_step, samples: $samples)]
    #[cynic(feature = "Run.history")]
    history: Option<Vec<Option<JsonText>>>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run", variables = "SpecsVariables")]
struct KeysProbeRun {
    #[cynic(feature = "Run.state")]
    state: Option<String>,
    #[cynic(feature = "Run.historyLineCount")]
    history_line_count: Option<i32>,
    #[cynic(feature = "Run.historyKeys")]
    history_keys: Option<JsonText>,
    #[arguments(specs: $specs)]
    #[cynic(feature = "Run.sampledHistory")]
    sampled_history: Option<Vec<Option<JsonText>>>,
}

impl Operation for GetHistoryKeys {
    type Answer = HistoryExtent;

    fn name(&self) -> &'static str {
        "RunHistoryKeys"
    }

    fn subject(&self) -> String {
        self.path.to_string()
    }

    fn optional_fields(&self) -> &'static [Field] {
        if self.probe.is_some() { OPTIONAL_FIELDS } else { &OPTIONAL_FIELDS[..WITHOUT_PROBE] }
    }

    fn optional_arguments(&self) -> Vec<Argument> {
        if self.probe.is_some() { PROBE_ARGUMENTS.to_vec() } else { Vec::new() }
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let field = match &self.probe {
            Some(Probe { selection: Selection::Everything, .. }) => HISTORY,
            _ => SAMPLED_HISTORY,
        };
        let is_lacking = unsupported.contains(&field)
            || PROBE_ARGUMENTS.iter().any(|of| *of.field() == field && unsupported.contains_argument(of));
        let Some(Probe { selection, first_step }) = self.probe.as_ref().filter(|_| !is_lacking) else {
            return run_request::<Run, _>(self, &self.path, (), endpoint, unsupported);
        };
        let end = first_step.saturating_add(PROBED_STEPS);
        let samples = Samples::enough_for(PROBED_STEPS.unsigned_abs());
        if let Some(specs) = specs(selection, (*first_step, end.saturating_sub(1)), samples)? {
            let variables = SpecsVariables { specs };
            return run_request::<KeysProbeRun, _>(self, &self.path, variables, endpoint, unsupported);
        }
        let (min_step, max_step, samples) = (Int64(*first_step), Int64(end), samples.get());
        let variables = ProbeVariables { min_step, max_step, samples };
        run_request::<ProbeRun, _>(self, &self.path, variables, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<HistoryExtent, AnswerError> {
        let lists = self.probe.as_ref().map(|probe| key_lists(&probe.selection, STEP));
        let (run, probed) = match lists {
            None => (run_data(&response, &self.path)?, Vec::new()),
            Some(None) => {
                let ProbeRun { state, history_line_count, history_keys, history } =
                    run_data(&response, &self.path)?;
                (Run { state, history_line_count, history_keys }, history.map(rows).unwrap_or_default())
            }
            Some(Some(lists)) => {
                let KeysProbeRun { state, history_line_count, history_keys, sampled_history } =
                    run_data(&response, &self.path)?;
                // Unreadable rows do not matter here. The later read reports them.
                let probed = read(sampled_history, lists.len()).unwrap_or_default();
                (Run { state, history_line_count, history_keys }, probed)
            }
        };
        let keys = run.history_keys.map(|JsonText(text)| Value::parse(text.as_bytes())).transpose();
        let keys =
            keys.map_err(|error| AnswerError::malformed(format!("historyKeys: {error}"), response.body()))?;
        let row_bytes = probed.iter().map(HistoryRow::json).map(str::len).max();
        Ok(HistoryExtent {
            keys: keys.filter(|keys| !keys.is_null()).map(|keys| HistoryKeys::from_value(&keys)),
            line_count: run.history_line_count.and_then(|count| u64::try_from(count).ok()),
            state: run.state.as_deref().map(RunState::from),
            row_bytes: row_bytes.map(|bytes| bytes as u64),
        })
    }
}

impl Paged for GetHistoryKeys {
    type Item = HistoryExtent;

    fn next(&self, _: &HistoryExtent) -> Option<Self> {
        None
    }

    fn items(answer: HistoryExtent) -> Vec<HistoryExtent> {
        vec![answer]
    }

    /// Drops the probe.
    fn smaller(&self) -> Option<Self> {
        self.probe.as_ref().map(|_| Self::new(self.path.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Keys;
    use crate::ops::testing::{answer, request};

    fn get() -> GetHistoryKeys {
        GetHistoryKeys::new("team/project/abc".parse().unwrap())
    }

    #[test]
    fn request_asks_for_everything() {
        insta::assert_snapshot!(request(&get(), &[]));
    }

    #[test]
    fn probe_is_requested_with_the_keys() {
        let probing = get().probe(Selection::Everything, 40);
        let asked = request(&probing, &[]);
        assert!(
            asked.contains("history(minStep: $minStep, maxStep: $maxStep, samples: $samples)"),
            "{asked}"
        );
        assert!(asked.contains(r#""minStep": 40"#) && asked.contains(r#""maxStep": 44"#), "{asked}");
        let keys = Selection::AllOf(Keys::new(["loss"]).unwrap());
        let asked = request(&get().probe(keys, 0), &[]);
        assert!(asked.contains("sampledHistory(specs: $specs)"), "{asked}");
        assert!(asked.contains(r#"\"maxStep\":3"#) && !asked.contains("history("), "{asked}");
        assert!(!request(&get(), &[]).contains("istory("));
    }

    #[test]
    fn probe_is_dropped_if_the_server_lacks_it() {
        let probing = get().probe(Selection::Everything, 0);
        assert!(!request(&probing, &[HISTORY]).contains("history("));
        let endpoint = crate::ops::testing::endpoint();
        let unsupported = [PROBE_ARGUMENTS[1].clone()].into_iter().collect();
        let asked = probing.request(&endpoint, &unsupported).unwrap();
        assert!(!String::from_utf8_lossy(asked.body()).contains("history("));
        assert_eq!(probing.smaller(), Some(get()));
        assert_eq!(get().smaller(), None);
    }

    #[test]
    fn largest_probed_row_is_reported() {
        let body = r#"{"data": {"project": {"run": {"state": null, "historyLineCount": 3, "historyKeys": null,
            "history": ["{\"_step\":0}", "{\"_step\":1,\"a\":1}", null]}}}}"#;
        let probing = get().probe(Selection::Everything, 0);
        assert_eq!(answer(&probing, body).unwrap().row_bytes, Some(17));
        let body = body.replace(r#""history""#, r#""sampledHistory""#);
        let extent = answer(&get().probe(Selection::AllOf(Keys::new(["a"]).unwrap()), 0), &body).unwrap();
        assert_eq!((extent.row_bytes, extent.line_count), (None, Some(3)), "not the requested list");
        let body =
            body.replace(r#"["{\"_step\":0}", "{\"_step\":1,\"a\":1}", null]"#, r#"[[{"_step":1,"a":1}]]"#);
        let extent = answer(&get().probe(Selection::AllOf(Keys::new(["a"]).unwrap()), 0), &body).unwrap();
        assert_eq!(extent.row_bytes, Some(17));
    }

    #[test]
    fn extent_is_read() {
        let extent = answer(
            &get(),
            r#"{"data": {"project": {"run": {"state": "running", "historyLineCount": 90, "historyKeys":
                {"lastStep": 99, "sets": [], "keys": {"loss": {"typeCounts": [{"type": "number", "count": 90}]}}}}}}}"#,
        )
        .unwrap();
        assert_eq!((extent.last_step(), extent.line_count), (Some(99), Some(90)));
        assert_eq!(extent.state, Some(RunState::Running));
        assert_eq!(extent.keys.unwrap().keys["loss"].count(), 90);
    }

    #[test]
    fn run_without_history_has_an_unknown_extent() {
        let body = r#"{"data": {"project": {"run": {"state": null, "historyLineCount": null, "historyKeys": null}}}}"#;
        assert_eq!(answer(&get(), body).unwrap(), HistoryExtent::new());
        let error = answer(&get(), r#"{"data": {"project": null}}"#).unwrap_err();
        assert!(matches!(error, AnswerError::NotFound { .. }), "{error}");
    }
}
