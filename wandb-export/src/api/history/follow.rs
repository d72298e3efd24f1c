//! Follows a run and returns rows as they are logged.

use wandb_core::{Row, RunPath};

use super::{HistoryRequest, HistorySource, ScanHistory};
use crate::error::Error;
use crate::issue::Issue;
use crate::source::history::Follower;

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
pub struct HistoryFollower {
    path: RunPath,
    follower: Box<dyn Follower>,
}

impl ScanHistory {
    /// Reads all existing rows, then polls for new ones until the run has ended or reached
    /// [`max_step`](Self::max_step). A run on disk is polled twice a second, one on a server every two seconds.
    ///
    /// A run on disk whose process was killed never ends, so the caller has to stop following it.
    ///
    /// # Errors
    /// If the request is invalid. Rows are requested only when they are read.
    pub async fn follow(self) -> Result<HistoryFollower, Error> {
        let HistoryRequest { run, query, .. } = self.0;
        query.check()?;
        if query.source != HistorySource::Live || query.with_parent {
            return Err(Error::usage("only the live history of a run without its parent's can be followed"));
        }
        if query.limit.is_some() {
            return Err(Error::usage("a followed history cannot be limited to a number of rows"));
        }
        let path = run.path().clone();
        Ok(HistoryFollower { path, follower: run.follow(query).await? })
    }
}

impl HistoryFollower {
    /// Waits for the next rows, at least one. `None` when the run has ended, or has reached the requested step.
    ///
    /// # Errors
    /// Same as for any other history. The next call after an error polls again. Cancelling this future loses no rows.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<Row>>, Error> {
        self.follower.next_batch().await
    }

    /// Returns the issues of the rows so far.
    pub fn issues(&self) -> &[Issue] {
        self.follower.issues()
    }
}

impl std::fmt::Debug for HistoryFollower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HistoryFollower").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::time::Duration;

    use futures_util::future::{Either, select};
    use wandb_core::PathDefaults;
    use wandb_core::client::Client;
    use wandb_core::simulation::{Faults, Simulation};
    use wandb_core::transport::Request;
    use wandb_local_server::{NewRun, Options, RowLimits, RunState, Store};

    use super::*;
    use crate::api::Api;

    const RUN: &str = "local-team/p/r";

    /// Redirects a request for any steps to the first ten.
    fn redirect_to_start(request: &Request) -> Request {
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
    fn follow_run(last_step: impl Fn(i64) -> i64 + Send + Sync + 'static) -> (Vec<i64>, Option<Error>) {
        let store = Store::without_server(Options::default()).expect("a schema");
        let history = (0..10).map(|step| format!(r#"{{"_step":{step},"loss":1}}"#)).collect();
        let state = RunState::Running;
        store.add_run(NewRun { state, history, ..NewRun::new("local-team", "p", "r") });
        let (served, requests) = (store.clone(), AtomicI64::new(0));
        let simulation = Simulation::new(1, Faults::none(), move |request| {
            let last_step = Some(last_step(requests.fetch_add(1, Ordering::Relaxed)));
            served.limit_rows(RUN, RowLimits { last_step, ..RowLimits::default() }).expect("a run");
            served.answer(&redirect_to_start(request))
        });
        let key = Options::DEFAULT_API_KEY.parse().expect("a key");
        let client = Client::builder(simulation.transport(), "http://server.test".parse().expect("a URL"));
        let api = Api::with_client(client.api_key(&key).build(), PathDefaults::default());
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
            let (steps, error) = follow_run(claim);
            assert_eq!(steps, (0..10).collect::<Vec<_>>(), "none comes twice");
            assert!(
                matches!(&error, Some(Error::EndlessList { list }) if list == "rows of local-team/p/r"),
                "{error:?}"
            );
        }
    }
}
