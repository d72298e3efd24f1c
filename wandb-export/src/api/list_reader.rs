//! Reads a list batch by batch, and says at the end whether it was whole.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use wandb_core::client::Client;
use wandb_core::error::Error as RequestError;
use wandb_core::operation::{AnswerError, Paged};
use wandb_graphql::PageGuard;

use crate::error::Error;
use crate::issue::Issue;

/// A list that is being read.
///
/// ```no_run
/// # #[cfg(feature = "async")]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// let mut runs = wandb_export::Api::connect()?.runs("my-team/my-project").await?.open();
/// while let Some(batch) = runs.next_batch().await? {
///     println!("{} more runs", batch.len());
/// }
/// for issue in runs.issues() {
///     eprintln!("{issue}");
/// }
/// # Ok(())
/// # }
/// ```
pub struct ListReader<T> {
    batches: BoxStream<'static, Result<Vec<T>, Error>>,
    issues: Issues,
}

/// The issues of a list, which are found while it is read.
#[derive(Clone, Default)]
pub(crate) struct Issues(Arc<Mutex<Found>>);

#[derive(Default)]
struct Found {
    issues: Vec<Issue>,
    /// How many entries that cannot be read are among the issues, and how many more there are.
    unreadable: u64,
    more_unreadable: Option<(String, u64)>,
}

/// The most entries that cannot be read of which each is an issue.
const MOST_UNREADABLE: u64 = 1_000;

impl Issues {
    /// Adds issues. Of entries that cannot be read only the first thousand are kept, the others are counted.
    pub(crate) fn add(&self, issues: impl IntoIterator<Item = Issue>) {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for issue in issues {
            match issue {
                Issue::Unreadable { list, .. } if found.unreadable >= MOST_UNREADABLE => {
                    found.more_unreadable.get_or_insert((list, 0)).1 += 1;
                }
                issue => {
                    found.unreadable += u64::from(matches!(issue, Issue::Unreadable { .. }));
                    found.issues.push(issue);
                }
            }
        }
    }

    pub(crate) fn all(&self) -> Vec<Issue> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let more = found.more_unreadable.as_ref().map(|(list, count)| Issue::Unreadable {
            list: list.clone(),
            item: None,
            detail: format!("{count} more cannot be read"),
        });
        found.issues.iter().cloned().chain(more).collect()
    }
}

impl<T: Send + 'static> ListReader<T> {
    pub(crate) fn new(batches: BoxStream<'static, Result<Vec<T>, Error>>, issues: Issues) -> Self {
        Self { batches, issues }
    }

    /// The next entries, at least one; `None` at the end.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<T>>, Error> {
        while let Some(batch) = self.batches.try_next().await? {
            if !batch.is_empty() {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// What is missing from the list. Complete once [`next_batch`](Self::next_batch) has returned `None`.
    pub fn issues(&self) -> Vec<Issue> {
        self.issues.all()
    }

    /// The issues, to be looked at once the list has been read by somebody else.
    pub(crate) fn issues_later(&self) -> Issues {
        self.issues.clone()
    }

    /// All entries, and what is missing from the list.
    pub async fn collect(mut self) -> Result<(Vec<T>, Vec<Issue>), Error> {
        let mut all = Vec::new();
        while let Some(batch) = self.next_batch().await? {
            all.extend(batch);
        }
        Ok((all, self.issues()))
    }

    /// The entries that are left, one by one. Does not report what is missing; see [`issues`](Self::issues).
    pub fn into_stream(self) -> BoxStream<'static, Result<T, Error>> {
        self.batches.map_ok(|batch| stream::iter(batch.into_iter().map(Ok))).try_flatten().boxed()
    }

    /// The entries that are wanted.
    pub(crate) fn filter(self, is_wanted: impl Fn(&T) -> bool + Send + 'static) -> Self {
        let batches = self.batches.map_ok(move |mut batch| {
            batch.retain(&is_wanted);
            batch
        });
        Self { batches: batches.boxed(), issues: self.issues }
    }

    /// The same list with something else made of each entry.
    pub(crate) fn map<U: Send + 'static>(self, map: impl Fn(T) -> U + Send + 'static) -> ListReader<U> {
        let batches = self.batches.map_ok(move |batch| batch.into_iter().map(&map).collect());
        ListReader { batches: batches.boxed(), issues: self.issues }
    }
}

/// Reads lists page by page, one after the other. An item that a page before it had is left out, and null entries are
/// counted. A list whose pages lead nowhere ends with an issue. `list` says what it is: `files of team/project/run`.
pub(crate) fn paged<O: Paged + 'static>(
    client: &Client,
    requests: Vec<O>,
    list: String,
) -> ListReader<O::Item>
where
    O::Answer: 'static,
    O::Item: 'static,
{
    struct State<O: Paged> {
        pages: BoxStream<'static, Result<O::Answer, RequestError>>,
        guard: PageGuard,
        received: u64,
        null_entries: u64,
        is_over: bool,
    }
    let issues = Issues::default();
    let pages = {
        let client = client.clone();
        stream::iter(requests).flat_map(move |request| client.pages(request)).boxed()
    };
    let state =
        State::<O> { pages, guard: PageGuard::default(), received: 0, null_entries: 0, is_over: false };
    let found = issues.clone();
    let next = move |mut state: State<O>| {
        let (found, list) = (found.clone(), list.clone());
        async move {
            let next = if state.is_over { Ok(None) } else { state.pages.try_next().await };
            let broken = |detail: &str, received| {
                found.add([Issue::ListBroken { list: list.clone(), received, detail: detail.to_owned() }]);
            };
            let page = match next {
                Ok(Some(page)) => page,
                Ok(None) => {
                    if state.null_entries > 0 {
                        found.add([Issue::NullEntries { list, count: state.null_entries }]);
                    }
                    return Ok(None);
                }
                Err(RequestError::Answer { source: AnswerError::Pages { message }, .. }) => {
                    broken(message, state.received);
                    state.is_over = true;
                    return Ok(Some((Vec::new(), state)));
                }
                Err(error) => return Err(error.into()),
            };
            state.null_entries += O::null_entries(&page);
            found.add(Issue::of_entries(&list, O::unreadable(&page)));
            let mut items = O::items(page);
            items.retain(|item| {
                let Some(key) = O::key(item) else {
                    state.guard.admit_unkeyed();
                    return true;
                };
                state.guard.admit(&key)
            });
            state.received += items.len() as u64;
            if !state.guard.end_page() {
                broken(PageGuard::MESSAGE, state.received);
                state.is_over = true;
            }
            Ok(Some((items, state)))
        }
    };
    ListReader::new(stream::try_unfold(state, next).boxed(), issues)
}

impl<T> std::fmt::Debug for ListReader<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ListReader").finish_non_exhaustive()
    }
}
