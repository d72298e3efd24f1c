//! The requests for the histories of a run, as users refine and read them.

use futures_util::stream::BoxStream;
use serde::de::DeserializeOwned;
use wandb_core::{Row, RunPath};
use wandb_tables::Sink;

use super::{HistoryReader, HistoryRequest, HistorySource};
use crate::api::WriteReport;
use crate::error::Error;
use crate::source::history::Amount;

/// The methods that every history has.
macro_rules! read_methods {
    () => {
        /// Returns the run's path.
        pub fn path(&self) -> &RunPath {
            self.0.run.path()
        }

        /// Stops after the first `rows` rows. Requests no more pages than they take.
        pub fn limit(mut self, rows: u64) -> Self {
            self.0.query.limit = Some(rows);
            self
        }

        /// Opens the history for reading.
        ///
        /// # Errors
        /// If the value of an option is invalid, such as an empty range of steps, or the run does not exist.
        pub async fn open(self) -> Result<HistoryReader, Error> {
            self.0.open().await
        }

        /// Collects the rows.
        pub async fn rows(self) -> Result<Vec<Row>, Error> {
            self.0.rows().await
        }

        /// Collects the rows, each converted to a `T`. Non-finite numbers may be floats or W&B's strings for them.
        /// Both deserialize into `f64`.
        ///
        /// # Errors
        /// [`Error::Type`] with the row and the key that do not fit.
        pub async fn rows_as<T: DeserializeOwned>(self) -> Result<Vec<T>, Error> {
            self.0.rows_as().await
        }

        /// Streams the rows as they arrive, in order. The stream ends after the first error.
        pub fn stream(self) -> BoxStream<'static, Result<Row, Error>> {
            self.0.stream()
        }

        /// Writes the rows to `sink`. The report counts them, and lists missing rows.
        pub async fn write(self, sink: Box<dyn Sink>) -> Result<WriteReport, Error> {
            self.0.write(sink).await
        }

        /// Collects the rows as Arrow record batches with a common schema. Rows that do not fit into memory are
        /// spooled to disk until the last row completes the schema.
        #[cfg(feature = "parquet")]
        pub async fn record_batches(self) -> Result<wandb_tables::RecordBatches, Error> {
            self.0.record_batches().await
        }
    };
}

/// A request for samples of the metrics that a run logged, like `run.history()` in Python. Defaults to 500 samples of
/// every key.
///
/// For every row, use [`ScanHistory`]; for the machine's load, [`SystemMetrics`].
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// let api = wandb_export::Api::connect()?;
/// let history = api.history("my-team/my-project/abc123").await?;
/// for row in history.keys(["loss"]).samples(100).rows().await? {
///     println!("{:?} {:?}", row.step(), row.get("loss"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct History(HistoryRequest);

impl History {
    pub(crate) fn new(mut request: HistoryRequest) -> Self {
        request.query.amount = Amount::Samples(500);
        Self(request)
    }

    /// Selects only these keys, and only rows that hold all of them, as in Python. Default: everything.
    pub fn keys<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.0.query.keys = keys.into_iter().map(Into::into).collect();
        self
    }

    /// Reads at most `rows` rows, sampled by the server from the whole history. Default 500.
    pub fn samples(mut self, rows: u64) -> Self {
        self.0.query.amount = Amount::Samples(rows);
        self
    }

    /// Samples along a key other than `_step`, like `run.history(x_axis=…)` in Python. The rows also hold this key.
    /// Needs [`keys`](Self::keys).
    pub fn x_axis(mut self, key: impl Into<String>) -> Self {
        self.0.query.x_axis = Some(key.into());
        self
    }

    read_methods!();
}

/// A request for every row that a run logged, like `run.scan_history()` in Python. A run that is still logging is read
/// up to the last step that it had at the start.
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// #[derive(serde::Deserialize)]
/// struct Step {
///     #[serde(rename = "_step")]
///     step: i64,
///     loss: f64,
/// }
///
/// let api = wandb_export::Api::connect()?;
/// let history = api.scan_history("my-team/my-project/abc123").await?;
/// for row in history.keys(["loss"]).rows_as::<Step>().await? {
///     println!("{} {}", row.step, row.loss);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ScanHistory(pub(super) HistoryRequest);

impl ScanHistory {
    pub(crate) fn new(request: HistoryRequest) -> Self {
        Self(request)
    }

    /// Selects only these keys, and only rows that hold all of them, as in Python. Default: everything.
    pub fn keys<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.0.query.keys = keys.into_iter().map(Into::into).collect();
        self
    }

    /// Selects rows that hold any of the [`keys`](Self::keys) instead of all.
    pub fn any(mut self) -> Self {
        self.0.query.any = true;
        self
    }

    /// Sets the source of the rows. Default: [`HistorySource::Live`].
    pub fn source(mut self, source: HistorySource) -> Self {
        self.0.query.source = source;
        self
    }

    /// Starts at this step.
    pub fn min_step(mut self, step: i64) -> Self {
        self.0.query.min_step = Some(step);
        self
    }

    /// Stops before this step.
    pub fn max_step(mut self, step: i64) -> Self {
        self.0.query.max_step = Some(step);
        self
    }

    /// Includes the rows of the parent run up to the step of the fork, and of its parents in turn. Otherwise a fork
    /// has only the rows that it logged itself.
    pub fn with_parent(mut self) -> Self {
        self.0.query.with_parent = true;
        self
    }

    /// Sets the number of steps per request. Default: starts at 1 000, and grows to 5 000 while the server is fast.
    pub fn page_size(mut self, steps: u64) -> Self {
        self.0.query.page_size = Some(steps);
        self
    }

    read_methods!();
}

/// A request for the system metrics of the machine that a run ran on, such as `system.cpu`, like
/// `run.history(stream="system")` in Python. Defaults to every row of every key.
///
/// The rows have no steps. They are in the order of their time, `_runtime` and `_timestamp`.
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// let api = wandb_export::Api::connect()?;
/// let metrics = api.system_metrics("my-team/my-project/abc123").await?;
/// for row in metrics.keys(["system.cpu"]).rows().await? {
///     println!("{:?} {:?}", row.get("_runtime"), row.get("system.cpu"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct SystemMetrics(HistoryRequest);

impl SystemMetrics {
    pub(crate) fn new(request: HistoryRequest) -> Self {
        Self(request)
    }

    /// Selects only these keys with `_runtime` and `_timestamp`, and only rows that hold all of them. Default:
    /// everything.
    pub fn keys<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.0.query.keys = keys.into_iter().map(Into::into).collect();
        self
    }

    /// Selects rows that hold any of the [`keys`](Self::keys) instead of all.
    pub fn any(mut self) -> Self {
        self.0.query.any = true;
        self
    }

    /// Reads at most `rows` rows, sampled by the server. Default: all.
    pub fn samples(mut self, rows: u64) -> Self {
        self.0.query.amount = Amount::Samples(rows);
        self
    }

    read_methods!();
}
