//! The loop over windows: several requests in flight, answers in order, rejected windows split.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, FuturesUnordered, Stream};
use futures_util::{FutureExt, StreamExt};

use super::Client;
use super::answer_budget::AnswerBudget;
use super::budget::{HeldBytes, Rank, Reservation};
use super::call::{Answered, CanSplit, Failed};
use super::window_sizer::{TARGET_BYTES, WindowSizer};
use crate::error::Error;
use crate::operation::{Operation, Windowed};

/// The answer to one window of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window<A> {
    /// The requested steps, end exclusive.
    pub steps: Range<i64>,
    /// The answer.
    pub answer: A,
    /// Whether the answer is certainly complete. It is not if a single step has more rows than can be
    /// [trusted](Windowed::trusted_rows).
    pub is_whole: bool,
}

impl Client {
    /// Requests a range in windows, up to the client's [`concurrency`](Client::concurrency) at once, and returns the
    /// answers in order of steps, whatever order they arrive in.
    ///
    /// The windows cover the range without gap or overlap. A window that the server rejects as too large, or that
    /// times out, is requested in halves. So is one whose answer has more rows than can be trusted, or more bytes
    /// than a window should have.
    ///
    /// The stream ends after the last window or the first error. It holds at most twice as many windows in memory as
    /// may be in flight. It requests no window ahead that would take more than half of the client's
    /// [memory](Client::memory). Dropping the stream cancels the requests in flight.
    pub fn windows<W>(
        &self,
        windowed: W,
    ) -> impl Stream<Item = Result<Window<Answer<W>>, Error>> + Send + use<W>
    where
        W: Windowed + 'static,
        W::Part: 'static,
        Answer<W>: 'static,
    {
        stream::unfold(Some(WindowLoop::new(self.clone(), windowed)), |state| async move {
            let mut state = state?;
            match state.next().await? {
                Ok(window) => Some((Ok(window), Some(state))),
                Err(error) => Some((Err(error), None)),
            }
        })
    }
}

type Answer<W> = <<W as Windowed>::Part as Operation>::Answer;

struct WindowLoop<W: Windowed> {
    client: Client,
    windowed: W,
    sizer: WindowSizer,
    /// The start of the next window, unless it is `end`.
    next: i64,
    end: i64,
    /// The windows not yet returned, in order and without gaps.
    slots: VecDeque<Slot<W>>,
    in_flight: FuturesUnordered<BoxFuture<'static, Completed<W>>>,
}

struct Slot<W: Windowed> {
    steps: Range<i64>,
    /// The rank among all requests, shared by the parts of a window.
    rank: Rank,
    state: State<W>,
}

enum State<W: Windowed> {
    Waiting,
    InFlight,
    Answered {
        answer: Answer<W>,
        is_whole: bool,
        /// The bytes of the answer, held until it is returned.
        _held: HeldBytes,
    },
    Failed(Error),
}

struct Completed<W: Windowed> {
    start: i64,
    part: Arc<W::Part>,
    outcome: Result<Answered<Answer<W>>, Failed>,
    reservation: Reservation,
    took: Duration,
}

impl<W> WindowLoop<W>
where
    W: Windowed + 'static,
    W::Part: 'static,
    Answer<W>: 'static,
{
    fn new(client: Client, windowed: W) -> Self {
        let Range { start, end } = windowed.steps();
        let sizer = WindowSizer::new(
            windowed.page_size(),
            windowed.row_bytes(),
            TARGET_BYTES.min(client.max_part_bytes() / 4),
        );
        Self {
            client,
            windowed,
            sizer,
            next: start,
            end,
            slots: VecDeque::new(),
            in_flight: FuturesUnordered::new(),
        }
    }

    async fn next(&mut self) -> Option<Result<Window<Answer<W>>, Error>> {
        loop {
            if let Some(first) = self.slots.pop_front() {
                match first.state {
                    State::Answered { answer, is_whole, .. } => {
                        return Some(Ok(Window { steps: first.steps, answer, is_whole }));
                    }
                    State::Failed(error) => return Some(Err(error)),
                    State::Waiting | State::InFlight => self.slots.push_front(first),
                }
            }
            self.launch();
            let completed = self.in_flight.next().await?;
            self.complete(completed);
        }
    }

    /// Starts requests until the limits on concurrency and memory are reached: first parts of split windows, then new
    /// windows.
    fn launch(&mut self) {
        while self.in_flight.len() < self.client.concurrency() {
            let most = self.client.concurrency() * 2;
            let waiting = self.slots.iter().take(most).position(|slot| matches!(slot.state, State::Waiting));
            let launched = match waiting {
                Some(index) if self.is_too_wide(&self.slots[index].steps) => {
                    self.split_small(index);
                    continue;
                }
                Some(index) => self.launch_part(index),
                None => self.launch_next(most),
            };
            if !launched {
                return;
            }
        }
    }

    /// Returns true if a request for this window is futile, because its answer would be aborted.
    fn is_too_wide(&self, steps: &Range<i64>) -> bool {
        let width = width_of(steps);
        width > self.sizer.current() && self.sizer.expected_bytes(width) > self.client.max_part_bytes()
    }

    /// Requests a part of a split window. Returns false if there is no memory for its answer.
    fn launch_part(&mut self, index: usize) -> bool {
        let steps = self.slots[index].steps.clone();
        let Some(reservation) = self.reserve(&steps, index == 0) else { return false };
        self.slots[index].state = State::InFlight;
        let rank = self.slots[index].rank;
        self.send(steps, rank, reservation);
        true
    }

    /// Requests the next new window. Returns false if there is none, or no memory for its answer.
    fn launch_next(&mut self, most: usize) -> bool {
        let failed = self.slots.iter().any(|slot| matches!(slot.state, State::Failed(_)));
        if failed || self.next >= self.end || self.slots.len() >= most {
            return false;
        }
        let width = i64::try_from(self.sizer.current()).unwrap_or(i64::MAX);
        let steps = self.next..self.next.saturating_add(width).min(self.end);
        let Some(reservation) = self.reserve(&steps, self.slots.is_empty()) else { return false };
        self.next = steps.end;
        let rank = self.client.shared.memory.rank();
        self.slots.push_back(Slot { steps: steps.clone(), rank, state: State::InFlight });
        self.send(steps, rank, reservation);
        true
    }

    /// Reserves bytes for the answer of a window. The window that is returned next always gets them, so that the
    /// stream cannot deadlock.
    fn reserve(&self, steps: &Range<i64>, is_first: bool) -> Option<Reservation> {
        let budget = &self.client.shared.memory;
        let bytes = self.sizer.expected_bytes(width_of(steps)).min(self.client.max_part_bytes());
        if is_first { Some(budget.reserve(bytes)) } else { budget.reserve_ahead(bytes) }
    }

    fn send(&mut self, steps: Range<i64>, rank: Rank, reservation: Reservation) {
        let (client, start) = (self.client.clone(), steps.start);
        let divisible = if width_of(&steps) > 1 { CanSplit::Yes } else { CanSplit::No };
        let most = match divisible {
            CanSplit::Yes => client.max_part_bytes(),
            CanSplit::No => client.shared.body_limit,
        };
        let answer_budget = AnswerBudget::new(reservation, rank, most);
        let part = Arc::new(self.windowed.part(steps));
        self.in_flight.push(Box::pin(async move {
            let sent = client.shared.transport.now();
            let read = |response| {
                let part = Arc::clone(&part);
                client.shared.parse_mode.read(move || part.answer(response)).boxed()
            };
            let outcome = client.attempt_with_reader(&*part, divisible, &answer_budget, read).await;
            let took = client.shared.transport.now() - sent;
            Completed { start, part, outcome, reservation: answer_budget.into_reservation(), took }
        }));
    }

    fn complete(&mut self, completed: Completed<W>) {
        let Some(index) = self.slots.iter().position(|slot| slot.steps.start == completed.start) else {
            return;
        };
        let width = width_of(&self.slots[index].steps);
        match completed.outcome {
            Ok(Answered { mut answer, bytes }) => {
                let rows = self.windowed.rows(&answer);
                let is_whole = rows <= self.windowed.trusted_rows(width);
                if is_whole || width == 1 {
                    let trusted_rows = |width| self.windowed.trusted_rows(width);
                    self.sizer.answered(width, rows, bytes as u64, completed.took, trusted_rows);
                    let mut reservation = completed.reservation;
                    reservation.resize((bytes as u64).saturating_add(self.windowed.own_bytes(&answer)));
                    let held = HeldBytes::new(reservation);
                    self.windowed.hold(&mut answer, held.clone());
                    self.slots[index].state = State::Answered { answer, is_whole, _held: held };
                } else {
                    self.sizer.too_dense(width);
                    self.split(index, width / 2);
                }
            }
            Err(failed) if width > 1 && failed.failure.suggests_smaller_request(failed.attempts) => {
                let most = self.client.max_part_bytes();
                if failed.failure.is_longer_than(most) {
                    self.sizer.cut(width, most);
                    return self.split_small(index);
                }
                if failed.failure.demands_smaller_request() {
                    self.sizer.refused(width);
                } else {
                    self.sizer.failed(width);
                }
                self.split(index, width / 2);
            }
            Err(failed) => {
                self.slots[index].state = State::Failed(self.client.error(&*completed.part, failed));
            }
        }
    }

    /// Splits a window into parts of the current width.
    fn split_small(&mut self, index: usize) {
        let width = width_of(&self.slots[index].steps);
        self.split(index, self.sizer.current().clamp((width / MAX_PARTS).max(1), (width / 2).max(1)));
    }

    /// Replaces a window by parts of the given width.
    fn split(&mut self, index: usize, part: u64) {
        let Slot { steps: Range { start, end }, rank, .. } = self.slots[index];
        let part = i64::try_from(part.max(1)).unwrap_or(i64::MAX);
        let slot = |start: i64, end| Slot { steps: start..end, rank, state: State::Waiting };
        let mut middle = start.saturating_add(part).min(end);
        self.slots[index] = slot(start, middle);
        for at in index + 1.. {
            if middle >= end {
                break;
            }
            let next = middle.saturating_add(part).min(end);
            self.slots.insert(at, slot(middle, next));
            middle = next;
        }
    }
}

/// The maximum number of parts that a window is split into at once.
const MAX_PARTS: u64 = 16;

/// The number of steps in a range, which may exceed `i64::MAX`.
fn width_of(steps: &Range<i64>) -> u64 {
    if steps.end <= steps.start { 0 } else { steps.end.abs_diff(steps.start) }
}
