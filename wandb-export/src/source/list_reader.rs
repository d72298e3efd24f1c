//! Reads a list in batches and reports missing entries.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use wandb_core::client::Client;
use wandb_core::error::Error as RequestError;
use wandb_core::operation::{AnswerError, Paged};
use wandb_graphql::PageGuard;

use crate::error::Error;
use crate::issue::Issue;

/// A reader of a list.
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

/// The issues of a list, collected while it is read.
#[derive(Clone, Default)]
pub(crate) struct Issues(Arc<Mutex<CollectedIssues>>);

#[derive(Default)]
struct CollectedIssues {
    issues: Vec<Issue>,
    /// Number of unreadable entries among the issues. Further ones are only counted in `more_unreadable`.
    unreadable: u64,
    more_unreadable: Option<(String, u64)>,
}

/// Maximum number of unreadable entries that are reported one by one.
const MAX_UNREADABLE: u64 = 1_000;

impl Issues {
    /// Adds issues. Keeps the first thousand unreadable entries and counts the others.
    pub(crate) fn add(&self, issues: impl IntoIterator<Item = Issue>) {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for issue in issues {
            match issue {
                Issue::Unreadable { list, .. } if found.unreadable >= MAX_UNREADABLE => {
                    found.more_unreadable.get_or_insert((list, 0)).1 += 1;
                }
                issue => {
                    found.unreadable += u64::from(matches!(issue, Issue::Unreadable { .. }));
                    found.issues.push(issue);
                }
            }
        }
    }

    pub(crate) fn to_vec(&self) -> Vec<Issue> {
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

    /// Creates a reader of known entries and their issues.
    #[cfg(feature = "cli")]
    pub(crate) fn of_known(entries: Vec<T>, issues: Vec<Issue>) -> Self {
        let found = Issues::default();
        found.add(issues);
        Self::new(stream::iter([Ok(entries)]).boxed(), found)
    }

    /// Returns the next entries, at least one. `None` at the end.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<T>>, Error> {
        while let Some(batch) = self.batches.try_next().await? {
            if !batch.is_empty() {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// Returns the issues found so far. Complete once [`next_batch`](Self::next_batch) has returned `None`.
    pub fn issues(&self) -> Vec<Issue> {
        self.issues.to_vec()
    }

    /// Returns a shared handle to the issues, for use after the list has been consumed.
    pub(crate) fn issues_handle(&self) -> Issues {
        self.issues.clone()
    }

    /// Collects all entries, and the issues of the list.
    pub async fn collect(mut self) -> Result<(Vec<T>, Vec<Issue>), Error> {
        let mut all = Vec::new();
        while let Some(batch) = self.next_batch().await? {
            all.extend(batch);
        }
        Ok((all, self.issues()))
    }

    /// Streams the remaining entries. Does not report missing entries; see [`issues`](Self::issues).
    pub fn into_stream(self) -> BoxStream<'static, Result<T, Error>> {
        self.batches.map_ok(|batch| stream::iter(batch.into_iter().map(Ok))).try_flatten().boxed()
    }

    /// Keeps only the wanted entries.
    pub(crate) fn filter(self, is_wanted: impl Fn(&T) -> bool + Send + 'static) -> Self {
        let batches = self.batches.map_ok(move |mut batch| {
            batch.retain(&is_wanted);
            batch
        });
        Self { batches: batches.boxed(), issues: self.issues }
    }

    /// Converts each entry, and drops those that cannot be converted.
    pub(crate) fn filter_map<U: Send + 'static>(
        self,
        map: impl Fn(T) -> Option<U> + Send + 'static,
    ) -> ListReader<U> {
        let batches = self.batches.map_ok(move |batch| batch.into_iter().filter_map(&map).collect());
        ListReader { batches: batches.boxed(), issues: self.issues }
    }

    /// Streams the remaining entries in batches.
    pub(crate) fn into_batches(self) -> BoxStream<'static, Result<Vec<T>, Error>> {
        self.batches
    }

    /// Converts each entry.
    pub(crate) fn map<U: Send + 'static>(self, map: impl Fn(T) -> U + Send + 'static) -> ListReader<U> {
        let batches = self.batches.map_ok(move |batch| batch.into_iter().map(&map).collect());
        ListReader { batches: batches.boxed(), issues: self.issues }
    }
}

/// Reads one or more lists page by page; see [`read_pages_into`].
pub(crate) fn read_pages<O: Paged + 'static>(
    client: &Client,
    requests: Vec<O>,
    list: String,
) -> ListReader<O::Item>
where
    O::Answer: 'static,
    O::Item: 'static,
{
    read_pages_into(client, requests, list, Issues::default())
}

/// Reads one or more lists page by page, and adds their issues to `issues`. Skips items that an earlier page already had, and counts null entries. A
/// list with invalid or repeating pages ends with an issue, as does one with fewer entries than the server counts. `list`
/// is its name, such as `files of team/project/run`.
pub(crate) fn read_pages_into<O: Paged + 'static>(
    client: &Client,
    requests: Vec<O>,
    list: String,
    issues: Issues,
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
        /// Unreadable entries that the pages lack.
        left_out: u64,
        /// The server's count in the last page that has one.
        counted: Option<u64>,
        is_over: bool,
    }
    let has_one_list = requests.len() == 1;
    let pages = {
        let client = client.clone();
        stream::iter(requests).flat_map(move |request| client.pages(request)).boxed()
    };
    let state = State::<O> {
        pages,
        guard: PageGuard::default(),
        received: 0,
        null_entries: 0,
        left_out: 0,
        counted: None,
        is_over: false,
    };
    let found = issues.clone();
    let next = move |mut state: State<O>| {
        let (found, list) = (found.clone(), list.clone());
        async move {
            let next = if state.is_over { Ok(None) } else { state.pages.try_next().await };
            let report_broken = |detail: &str, received| {
                found.add([Issue::ListBroken { list: list.clone(), received, detail: detail.to_owned() }]);
            };
            let page = match next {
                Ok(Some(page)) => page,
                Ok(None) => {
                    let listed = state.received + state.null_entries + state.left_out;
                    // A list that was broken off has an issue already.
                    let counted = state.counted.filter(|_| has_one_list && !state.is_over);
                    if let Some(counted) = counted.filter(|counted| *counted > listed) {
                        found.add([Issue::EntriesMissing { list: list.clone(), counted, listed }]);
                    }
                    if state.null_entries > 0 {
                        found.add([Issue::NullEntries { list, count: state.null_entries }]);
                    }
                    return Ok(None);
                }
                Err(RequestError::Answer { source: AnswerError::Pages { message }, .. }) => {
                    report_broken(message, state.received);
                    state.is_over = true;
                    return Ok(Some((Vec::new(), state)));
                }
                Err(error) => return Err(error.into()),
            };
            state.null_entries += O::null_entries(&page);
            state.counted = O::total(&page).or(state.counted);
            found.add(Issue::from_unreadable_entries(&list, O::unreadable(&page)));
            state.left_out += O::unreadable(&page).iter().filter(|entry| entry.is_left_out).count() as u64;
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
                report_broken(PageGuard::MESSAGE, state.received);
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
