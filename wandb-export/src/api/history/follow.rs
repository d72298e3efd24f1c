//! Rows as they are logged.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use wandb_core::Row;
use wandb_core::client::Client;
use wandb_graphql::Filter;

use super::{Amount, History, Source, Stream};
use crate::error::Error;
use crate::issue::Issue;
use crate::local::{Following, News, Wanted};

/// How long to wait before a run is looked at again: about as often as the SDK sends what it has.
const PATIENCE: Duration = Duration::from_secs(2);

/// The same for a file, which costs nothing to look at.
const PATIENCE_ON_DISK: Duration = Duration::from_millis(500);

/// A look at files that goes on.
type Looking = BoxFuture<'static, (Result<News, Error>, Following)>;

/// A run that is followed; see [`History::follow`].
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// let api = wandb_export::Api::connect()?;
/// let mut following = api.history("my-team/my-project/abc123").await?.all().follow().await?;
/// while let Some(rows) = following.next_batch().await? {
///     println!("{} more rows", rows.len());
/// }
/// # Ok(())
/// # }
/// ```
pub struct Follow {
    history: History,
    /// The files, if the run is on disk. `None` also while they are looked at.
    files: Option<Following>,
    looking: Option<Looking>,
    reader: Option<super::HistoryReader>,
    is_over: bool,
    issues: Vec<Issue>,
}

impl History {
    /// Reads all rows that there are, and goes on with those that come, until the run has ended or has got as far as
    /// [`max_step`](Self::max_step). A run on disk is looked at twice a second, one on a server every two seconds. Needs
    /// [`all`](Self::all).
    ///
    /// A run on disk whose process was killed never ends; whoever follows it to its end has to stop by himself.
    ///
    /// # Errors
    /// If the request makes no sense. Rows are asked for when they are read.
    pub async fn follow(self) -> Result<Follow, Error> {
        self.check()?;
        let is_live = self.source == Source::Live && !self.with_parent;
        if self.amount != Amount::All || self.stream == Stream::System || !is_live {
            return Err(Error::usage("only the whole live history of a run can be followed"));
        }
        if self.limit.is_some() {
            return Err(Error::usage("a history that is followed has no number of rows to end with"));
        }
        let files = match &self.local {
            Some(run) => {
                let (run, ask) = (run.clone(), self.ask()?);
                let Wanted::Logged(selection) = ask.wanted else {
                    return Err(Error::usage("only what a run logs can be followed"));
                };
                Some(self.api.client.work(move || Following::open(&run, selection)).await?)
            }
            None => None,
        };
        Ok(Follow { history: self, files, looking: None, reader: None, is_over: false, issues: Vec::new() })
    }
}

impl Follow {
    /// The next rows, at least one, once there are any; `None` when the run has ended, or has got as far as was
    /// asked for.
    ///
    /// # Errors
    /// As for any other history. After one the next call looks again. Who stops waiting for it loses nothing, either.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<Row>>, Error> {
        if self.history.local.is_some() { self.next_on_disk().await } else { self.next_on_server().await }
    }

    /// What is missing from the rows so far, or inexact.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    async fn next_on_disk(&mut self) -> Result<Option<Vec<Row>>, Error> {
        loop {
            // Kept here while it goes on, so that whoever stops waiting for it loses nothing.
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
                    Ok(Some(rows)) => {
                        self.go_on_behind(rows.iter().filter_map(Row::step).max());
                        return Ok(Some(rows));
                    }
                    Ok(None) => {}
                    Err(error) => {
                        // What it has not read is asked for again.
                        (self.reader, self.is_over) = (None, false);
                        return Err(error);
                    }
                }
                let read_to = reader.read_to();
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
            // Whether it has ended is asked first, so that nothing is missed that comes in between.
            let is_over = self.has_ended().await?;
            self.reader = Some(self.history.clone().open().await?);
            self.is_over = is_over;
        }
    }

    /// Rows up to a step have been handed out, or are not there.
    fn go_on_behind(&mut self, step: Option<i64>) {
        let next = step.map(|step| step.saturating_add(1));
        self.history.min_step = self.history.min_step.max(next);
    }

    /// Whether the run will log nothing more.
    async fn has_ended(&self) -> Result<bool, Error> {
        let History { api, path, .. } = &self.history;
        let runs = api.runs(&path.project_path().to_string()).await?;
        let runs = runs.filter(Filter::ids([path.run()]).json())?.light().limit(1).collect().await?;
        let Some(run) = runs.first() else {
            // Reading says what is the matter.
            return Ok(true);
        };
        Ok(run.state.as_ref().is_some_and(wandb_core::model::RunState::is_over))
    }
}

/// Looks at files on a thread that may wait, and waits there if there is nothing new.
fn look(client: Client, mut files: Following) -> Looking {
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
            .field("path", self.history.path())
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}
