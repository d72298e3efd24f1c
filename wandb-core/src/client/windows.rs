//! The loop for windows: requests known ahead, several in flight, answers in order, a refused window split.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, FuturesUnordered, Stream};
use futures_util::{FutureExt, StreamExt};

use super::Client;
use super::call::{Answered, Divisible, Failed};
use super::width::Width;
use crate::error::Error;
use crate::operation::{Operation, Windowed};

/// The answer to one window of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window<A> {
    /// The steps that were asked for, end exclusive.
    pub steps: Range<i64>,
    /// The answer.
    pub answer: A,
    /// Whether the answer is certainly whole. It is not where a single step has more rows than can be
    /// [trusted](Windowed::trusted_rows).
    pub is_whole: bool,
}

impl Client {
    /// Asks for a range in windows, as many at once as the client's [`concurrency`](Client::concurrency), and
    /// returns their answers in order of steps, whatever order they arrive in. The windows cover the range without
    /// gap or overlap. A window that the server refuses as too much, or that times out, is asked for in halves; so is one
    /// whose answer holds more rows than can be trusted.
    ///
    /// The stream ends after the last window, or after the first error. At most twice as many windows as may be in
    /// flight are held in memory. Dropping the stream gives up what is in flight.
    pub fn windows<W>(
        &self,
        windowed: W,
    ) -> impl Stream<Item = Result<Window<Answer<W>>, Error>> + Send + use<W>
    where
        W: Windowed + 'static,
        W::Part: 'static,
        Answer<W>: 'static,
    {
        stream::unfold(Some(Loop::new(self.clone(), windowed)), |state| async move {
            let mut state = state?;
            match state.next().await? {
                Ok(window) => Some((Ok(window), Some(state))),
                Err(error) => Some((Err(error), None)),
            }
        })
    }
}

type Answer<W> = <<W as Windowed>::Part as Operation>::Answer;

struct Loop<W: Windowed> {
    client: Client,
    windowed: W,
    width: Width,
    /// Where the next window begins, if any is left.
    next: i64,
    end: i64,
    /// The windows not handed on yet, in order and without gap.
    slots: VecDeque<Slot<W>>,
    in_flight: FuturesUnordered<BoxFuture<'static, Landed<W>>>,
}

struct Slot<W: Windowed> {
    steps: Range<i64>,
    state: State<W>,
}

enum State<W: Windowed> {
    Waiting,
    InFlight,
    Answered { answer: Answer<W>, is_whole: bool },
    Failed(Error),
}

struct Landed<W: Windowed> {
    start: i64,
    part: Arc<W::Part>,
    outcome: Result<Answered<Answer<W>>, Failed>,
    took: Duration,
}

impl<W> Loop<W>
where
    W: Windowed + 'static,
    W::Part: 'static,
    Answer<W>: 'static,
{
    fn new(client: Client, windowed: W) -> Self {
        let Range { start, end } = windowed.steps();
        let width = Width::new(windowed.page_size());
        Self {
            client,
            windowed,
            width,
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
                    State::Answered { answer, is_whole } => {
                        return Some(Ok(Window { steps: first.steps, answer, is_whole }));
                    }
                    State::Failed(error) => return Some(Err(error)),
                    State::Waiting | State::InFlight => self.slots.push_front(first),
                }
            }
            self.launch();
            let landed = self.in_flight.next().await?;
            self.land(landed);
        }
    }

    /// Fills the flight: first what was split, then new windows, and none beyond what may be held in memory.
    fn launch(&mut self) {
        let most = self.client.concurrency();
        while self.in_flight.len() < most {
            let waiting = self.slots.iter_mut().find(|slot| matches!(slot.state, State::Waiting));
            let steps = if let Some(slot) = waiting {
                slot.state = State::InFlight;
                slot.steps.clone()
            } else {
                let failed = self.slots.iter().any(|slot| matches!(slot.state, State::Failed(_)));
                if failed || self.next >= self.end || self.slots.len() >= most * 2 {
                    return;
                }
                let width = i64::try_from(self.width.now()).unwrap_or(i64::MAX);
                let end = self.next.saturating_add(width).min(self.end);
                let steps = self.next..end;
                self.next = end;
                self.slots.push_back(Slot { steps: steps.clone(), state: State::InFlight });
                steps
            };
            self.send(steps);
        }
    }

    fn send(&mut self, steps: Range<i64>) {
        let (client, start) = (self.client.clone(), steps.start);
        let divisible = if width_of(&steps) > 1 { Divisible::Yes } else { Divisible::No };
        let part = Arc::new(self.windowed.part(steps));
        self.in_flight.push(Box::pin(async move {
            let sent = client.shared.transport.now();
            let read = |response| {
                let part = Arc::clone(&part);
                client.shared.reading.read(move || part.answer(response)).boxed()
            };
            let outcome = client.attempt_reading(&*part, divisible, read).await;
            let took = client.shared.transport.now() - sent;
            Landed { start, part, outcome, took }
        }));
    }

    fn land(&mut self, landed: Landed<W>) {
        let Some(index) = self.slots.iter().position(|slot| slot.steps.start == landed.start) else { return };
        let width = width_of(&self.slots[index].steps);
        match landed.outcome {
            Ok(Answered { answer, bytes }) => {
                let rows = self.windowed.rows(&answer);
                let is_whole = rows <= self.windowed.trusted_rows(width);
                if is_whole || width == 1 {
                    let trusted_rows = |width| self.windowed.trusted_rows(width);
                    self.width.answered(width, rows, bytes, landed.took, trusted_rows);
                    self.slots[index].state = State::Answered { answer, is_whole };
                } else {
                    self.width.too_dense(width);
                    self.split(index);
                }
            }
            Err(failed) if width > 1 && failed.failure.suggests_less(failed.attempts) => {
                if failed.failure.demands_less() {
                    self.width.refused(width);
                } else {
                    self.width.failed(width);
                }
                self.split(index);
            }
            Err(failed) => {
                self.slots[index].state = State::Failed(self.client.error(&*landed.part, failed));
            }
        }
    }

    /// Puts two halves in the place of a window.
    fn split(&mut self, index: usize) {
        let Range { start, end } = self.slots[index].steps.clone();
        let half = i64::try_from(width_of(&(start..end)) / 2).unwrap_or(i64::MAX);
        let middle = start.saturating_add(half);
        self.slots[index] = Slot { steps: start..middle, state: State::Waiting };
        self.slots.insert(index + 1, Slot { steps: middle..end, state: State::Waiting });
    }
}

/// The number of steps in a range, which may be more than an i64 holds.
fn width_of(steps: &Range<i64>) -> u64 {
    if steps.end <= steps.start { 0 } else { steps.end.abs_diff(steps.start) }
}
