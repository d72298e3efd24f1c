//! What a run has printed.

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_graphql::ops::ListLogLines;

use super::Run;
use crate::error::Error;
use crate::issue::Issue;

impl Run {
    /// The lines that the run has printed, in order, without their line breaks (query `RunLogLines`). Of a run on disk
    /// progress bars have their last state, and lines of standard error and standard output come in the order in which they
    /// were begun.
    ///
    /// ```no_run
    /// # #[cfg(feature = "async")]
    /// # async fn example() -> Result<(), wandb_export::Error> {
    /// use futures_util::TryStreamExt;
    ///
    /// let run = wandb_export::Api::offline().run("./wandb/latest-run").await?;
    /// let lines: Vec<String> = run.console().try_collect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn console(&self) -> BoxStream<'static, Result<String, Error>> {
        let client = self.client().clone();
        let Some(run) = self.on_disk() else {
            return client.items(ListLogLines::new(self.path().clone())).map_err(Error::from).boxed();
        };
        let opening = client.clone();
        let next = move |mut console: crate::local::Console| {
            let client = client.clone();
            async move {
                let (lines, console) = client.work(move || (console.next_lines(), console)).await;
                Ok::<_, Error>(lines?.map(|lines| (stream::iter(lines.into_iter().map(Ok)), console)))
            }
        };
        let run = run.clone();
        let open = async move { opening.work(move || run.console()).await };
        let lines = move |console| stream::try_unfold(console, next.clone()).try_flatten();
        stream::once(open).map_ok(lines).try_flatten().boxed()
    }

    /// What is missing from the output of a run on disk. Empty for a run on a server.
    pub async fn console_issues(&self) -> Result<Vec<Issue>, Error> {
        let Some(run) = self.on_disk().cloned() else { return Ok(Vec::new()) };
        self.client().work(move || run.console_issues()).await
    }
}
