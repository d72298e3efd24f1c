//! Follows a run and returns rows as they are logged.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use wandb_core::Row;
use wandb_core::client::Client;
use wandb_graphql::Filter;

use super::{HistoryQuery, ScanHistory, Source};
use crate::error::Error;
use crate::issue::Issue;
use crate::source::disk::{News, Tail, Wanted};

/// Poll interval for a run on a server, about as long as the SDK's upload interval.
const PATIENCE: Duration = Duration::from_secs(2);

/// Poll interval for a local file, which is cheap to check.
const PATIENCE_ON_DISK: Duration = Duration::from_millis(500);

/// Maximum number of consecutive polls without new rows although the server reports steps; see [`Follow::end_look`].
const MOST_STALE_LOOKS: u32 = 3;

/// A poll of local files in progress.
type Looking = BoxFuture<'static, (Result<News, Error>, Box<dyn Tail>)>;

/// A reader that follows a run; see [`ScanHistory::follow`].
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// let api = wandb_export::Api::connect()?;
/// let mut following = api.scan_history("my-team/my-project/abc123").await?.follow().await?;
/// while let Some(rows) = following.next_batch().await? {
///     println!("{} more rows", rows.len());
/// }
/// # Ok(())
/// # }
/// ```
pub struct Follow {
    history: HistoryQuery,
    /// The files, if the run is on disk. `None` also during a poll.
    files: Option<Box<dyn Tail>>,
    looking: Option<Looking>,
    reader: Option<super::HistoryReader>,
    is_over: bool,
    /// Whether this poll has returned new rows, and rows that were returned before.
    has_news: bool,
    has_old: bool,
    /// Number of consecutive polls without progress.
    stale_looks: u32,
    issues: Vec<Issue>,
}

impl ScanHistory {
    /// Reads all existing rows, then polls for new ones until the run has ended or reached
    /// [`max_step`](Self::max_step). A run on disk is polled twice a second, one on a server every two seconds.
    ///
    /// A run on disk whose process was killed never ends, so the caller has to stop following it.
    ///
    /// # Errors
    /// If the request is invalid. Rows are requested only when they are read.
    pub async fn follow(self) -> Result<Follow, Error> {
        let history = self.0;
        history.check()?;
        if history.source != Source::Live || history.with_parent {
            return Err(Error::usage("only the live history of a run without its parent's can be followed"));
        }
        if history.limit.is_some() {
            return Err(Error::usage("a followed history cannot be limited to a number of rows"));
        }
        let files = match &history.local {
            Some(run) => {
                let (run, ask) = (run.clone(), history.ask()?);
                let Wanted::Logged(selection) = ask.wanted else {
                    return Err(Error::usage("only the metrics that a run logs can be followed"));
                };
                Some(history.api.client.work(move || run.follow(selection)).await?)
            }
            None => None,
        };
        Ok(Follow {
            history,
            files,
            looking: None,
            reader: None,
            is_over: false,
            has_news: false,
            has_old: false,
            stale_looks: 0,
            issues: Vec::new(),
        })
    }
}

impl Follow {
    /// Waits for the next rows, at least one. `None` when the run has ended, or has reached the requested step.
    ///
    /// # Errors
    /// Same as for any other history. The next call after an error polls again. Cancelling this future loses no rows.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<Row>>, Error> {
        if self.history.local.is_some() { self.next_on_disk().await } else { self.next_on_server().await }
    }

    /// Returns the issues of the rows so far.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    async fn next_on_disk(&mut self) -> Result<Option<Vec<Row>>, Error> {
        loop {
            // Keep the running poll in `self`, so that cancelling this future loses no rows.
            let looking = match (&mut self.looking, self.files.take()) {
                (Some(looking), _) => looking,
                (none, Some(files)) => none.insert(look(self.history.api.client.clone(), files)),
                (None, None) => return Ok(None),
            };
            let (news, files) = looking.await;
            self.looking = None;
            self.issues = files.issues().to_vec();
            self.files = Some(files);
            match news? {
                News::Rows(rows) => return Ok(Some(rows)),
                News::Nothing => {}
                News::Over => return Ok(None),
            }
        }
    }

    async fn next_on_server(&mut self) -> Result<Option<Vec<Row>>, Error> {
        loop {
            if let Some(reader) = &mut self.reader {
                match reader.next_batch().await {
                    Ok(Some(mut rows)) => {
                        // A server whose last step moves back sends old rows again.
                        let before = rows.len();
                        let first = self.history.min_step;
                        rows.retain(|row| {
                            row.step().is_none_or(|step| first.is_none_or(|first| first <= step))
                        });
                        self.has_old |= rows.len() < before;
                        if rows.is_empty() {
                            continue;
                        }
                        self.has_news = true;
                        self.go_on_behind(rows.iter().filter_map(Row::step).max());
                        return Ok(Some(rows));
                    }
                    Ok(None) => {}
                    Err(error) => {
                        // The next call requests the unread rows again.
                        (self.reader, self.is_over) = (None, false);
                        return Err(error);
                    }
                }
                let read_to = reader.read_to();
                self.end_look(read_to)?;
                self.go_on_behind(read_to);
                let next = self.history.min_step;
                self.is_over |= self.history.max_step.is_some_and(|end| next.is_some_and(|next| end <= next));
                if let Some(reader) = self.reader.take() {
                    self.issues.extend(reader.finish().await?.issues);
                }
                if !self.is_over {
                    self.history.api.client.sleep(PATIENCE).await;
                }
            }
            if self.is_over {
                return Ok(None);
            }
            // Check for the end of the run first, so that rows logged between the two requests are not missed.
            let is_over = self.has_ended().await?;
            self.reader = Some(self.history.clone().open().await?);
            self.is_over = is_over;
        }
    }

    /// Ends a poll of a run whose last step was `last`.
    ///
    /// # Errors
    /// If too many consecutive polls return no rows, although the server reports new steps with rows, or reports a
    /// last step before those already returned.
    fn end_look(&mut self, last: Option<i64>) -> Result<(), Error> {
        let (has_news, has_old) = (std::mem::take(&mut self.has_news), std::mem::take(&mut self.has_old));
        let next = self.history.min_step.unwrap_or(0);
        let has_gone_back = last.is_some_and(|last| last.saturating_add(1) < next);
        let has_none_of_all = self.history.keys.is_empty() && last.is_some_and(|last| next <= last);
        let is_stale = !has_news && (has_old || has_gone_back || has_none_of_all);
        self.stale_looks = if is_stale { self.stale_looks + 1 } else { 0 };
        if self.stale_looks < MOST_STALE_LOOKS {
            return Ok(());
        }
        (self.reader, self.is_over) = (None, true);
        Err(Error::ListEndless { list: format!("rows of {}", self.history.path) })
    }

    /// Continues after `step`. All rows up to it have been returned or do not exist.
    fn go_on_behind(&mut self, step: Option<i64>) {
        let next = step.map(|step| step.saturating_add(1));
        self.history.min_step = self.history.min_step.max(next);
    }

    /// Returns whether the run has ended and logs nothing more.
    async fn has_ended(&self) -> Result<bool, Error> {
        let HistoryQuery { api, path, .. } = &self.history;
        let runs = api.runs(&path.project_path().to_string()).await?;
        let runs = runs.filter(Filter::ids([path.run()]).json())?.light().limit(1).collect().await?;
        let Some(run) = runs.first() else {
            // The read then fails with the reason.
            return Ok(true);
        };
        Ok(run.state.as_ref().is_some_and(wandb_core::model::RunState::is_over))
    }
}

/// Polls files on a thread that may block, and waits there if there is nothing new.
fn look(client: Client, mut files: Box<dyn Tail>) -> Looking {
    let look = move || {
        let news = files.look();
        if matches!(news, Ok(News::Nothing)) {
            std::thread::sleep(PATIENCE_ON_DISK);
        }
        (news, files)
    };
    async move { client.work(look).await }.boxed()
}

impl std::fmt::Debug for Follow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follow")
            .field("path", &self.history.path)
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use futures_util::future::{Either, select};
    use wandb_core::PathDefaults;
    use wandb_core::simulation::{Faults, Simulation};
    use wandb_core::transport::Request;
    use wandb_local_server::{NewRun, Options, RowLimits, RunState, Store};

    use super::*;
    use crate::api::Api;

    const RUN: &str = "local-team/p/r";

    /// Redirects a request for any steps to the first ten.
    fn going_back(request: &Request) -> Request {
        let mut body: serde_json::Value = serde_json::from_slice(request.body()).expect("JSON");
        if body["variables"].get("minStep").is_some() {
            (body["variables"]["minStep"], body["variables"]["maxStep"]) = (0.into(), 10.into());
        }
        let mut back = http::Request::new(body.to_string().into());
        (*back.method_mut(), *back.uri_mut()) = (request.method().clone(), request.uri().clone());
        request.headers().clone_into(back.headers_mut());
        back
    }

    /// Follows a run of ten rows on a server that reports a different last step with each request. Returns the steps
    /// received, and the final error.
    fn followed(last_step: impl Fn(i64) -> i64 + Send + Sync + 'static) -> (Vec<i64>, Option<Error>) {
        let store = Store::without_server(Options::default()).expect("a schema");
        let history = (0..10).map(|step| format!(r#"{{"_step":{step},"loss":1}}"#)).collect();
        let state = RunState::Running;
        store.add_run(NewRun { state, history, ..NewRun::new("local-team", "p", "r") });
        let (served, requests) = (store.clone(), AtomicI64::new(0));
        let simulation = Simulation::new(1, Faults::none(), move |request| {
            let last_step = Some(last_step(requests.fetch_add(1, Ordering::Relaxed)));
            served.limit_rows(RUN, RowLimits { last_step, ..RowLimits::default() }).expect("a run");
            served.answer(&going_back(request))
        });
        let key = Options::DEFAULT_API_KEY.parse().expect("a key");
        let client = Client::builder(simulation.transport(), "http://server.test".parse().expect("a URL"));
        let api = Api::over(client.api_key(&key).build(), PathDefaults::default());
        let following = async {
            let mut following = api.scan_history(RUN).await?.follow().await?;
            let mut steps = Vec::new();
            loop {
                match following.next_batch().await {
                    Ok(Some(rows)) => steps.extend(rows.iter().filter_map(Row::step)),
                    Ok(None) => return Ok::<_, Error>((steps, None)),
                    Err(error) => {
                        assert!(following.next_batch().await?.is_none());
                        return Ok((steps, Some(error)));
                    }
                }
            }
        };
        // A follower that never ends must not block the test forever.
        let limited = select(Box::pin(following), Box::pin(api.client.sleep(Duration::from_secs(60))));
        match simulation.run(limited).expect("it ends") {
            Either::Left((ended, _)) => ended.expect("rows"),
            Either::Right(_) => panic!("it still follows after a minute"),
        }
    }

    #[test]
    fn polls_without_new_rows_end_in_an_error() {
        let claims: [fn(i64) -> i64; 2] =
            [|request| 9 + 50 * request, |request| if request < 4 { 9 } else { 4 }];
        for claim in claims {
            let (steps, error) = followed(claim);
            assert_eq!(steps, (0..10).collect::<Vec<_>>(), "none comes twice");
            assert!(
                matches!(&error, Some(Error::ListEndless { list }) if list == "rows of local-team/p/r"),
                "{error:?}"
            );
        }
    }
}
