//! `Filter::matcher` and `Order::compare`, which hold runs at hand against filters and orders, beside this server, which
//! has its own notion of both: random runs, random questions, the same answers.
//!
//! The two differ on purpose in some places, where "here" means this server. None of the questions goes there:
//!
//! - A null that is there exists, as in `MongoDB`; here it does not. `$gte` and `$lte` null let null through; here they let
//!   nothing. So no null is asked for by any of these.
//! - A list passes `$gt` and its like by one of its items, as in `MongoDB`; here it does not.
//! - Integers beyond 2^53 are compared exactly; here as floats, and those beyond 64 bits are not told apart. `1` and `1.0`
//!   are equal also inside lists and maps; here only outside.
//! - `"Infinity"` is a number that is greater than others, and `"NaN"` one that is ordered before booleans and texts; here
//!   both are texts.
//! - Only `created_at` and `heartbeat_at` are times; here any two texts that look like times are.
//! - A path takes the longest key that holds dots, and leads into lists; here it takes the shortest, and does not.
//! - An unknown field, and an operand that its operator makes no sense of, are errors; here no run has them, or they let
//!   nothing through. `host`, `updated_at` and `tags.TAG` are such fields.
//! - `$regex` takes `$options`; here there are none. Its classes are ASCII; here they are Unicode. It does not see a NaN
//!   that was logged without quotes; here that is a text.
//! - Ordered by time, texts that tell none come after those that do; here they are compared as texts, and every run has
//!   its times.

mod questions;
mod random;

use fastrand::Rng;
use wandb_core::model::Run;
use wandb_core::operation::{Endpoint, Lacks, Operation as _};
use wandb_graphql::ops::{Detail, ListRuns};
use wandb_graphql::{Filter, Order};
use wandb_local_server::{Options, Store};

use self::questions::FIELDS;
use self::random::pick;
use crate::client::Client;

const WORLDS: u64 = 25;
const QUESTIONS: usize = 50;
const RUNS: usize = 12;

/// What the server lists.
fn list(store: &Store, filter: &Filter, order: &Order, detail: Detail) -> Vec<Run> {
    let operation =
        ListRuns::new("e/p".parse().unwrap()).filter(filter.clone()).order(order.clone()).detail(detail);
    let endpoint = Endpoint::new("http://server.test".parse().unwrap());
    let mut request = operation.request(&endpoint, &Lacks::default()).unwrap();
    let key = Client::basic(Options::DEFAULT_API_KEY).parse().unwrap();
    request.headers_mut().insert("authorization", key);
    operation.answer(store.answer(&request)).unwrap().runs
}

fn ids<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Vec<&'a str> {
    runs.into_iter().map(|run| run.id.as_str()).collect()
}

/// A store of random runs.
fn world(rng: &mut Rng) -> Store {
    let store = Store::without_server(Options::default()).unwrap();
    for number in 0..RUNS {
        store.add_run(random::run(rng, &format!("run{number}")));
    }
    store
}

#[test]
fn runs_at_hand_are_filtered_as_by_the_server() {
    let mut some = 0;
    for seed in 0..WORLDS {
        let mut rng = Rng::with_seed(seed);
        let store = world(&mut rng);
        let runs = list(&store, &Filter::all(), &Order::default(), Detail::Full);
        assert_eq!(runs.len(), RUNS);
        for _ in 0..QUESTIONS {
            let filter: Filter = questions::filter(&mut rng, 2).to_string().parse().unwrap();
            let matcher = filter.matcher().unwrap_or_else(|error| panic!("seed {seed}, {filter}: {error}"));
            let own: Vec<&Run> = runs.iter().filter(|run| matcher.matches(run)).collect();
            let theirs = list(&store, &filter, &Order::default(), Detail::Light);
            assert_eq!(ids(own.iter().copied()), ids(&theirs), "seed {seed}, {filter}");
            some += usize::from((1..RUNS).contains(&own.len()));
        }
    }
    // Questions that all runs pass, or none, would show little.
    let questions = usize::try_from(WORLDS).unwrap() * QUESTIONS;
    assert!(some * 4 > questions, "only {some} of {questions} filters let some of the runs through");
}

#[test]
fn runs_at_hand_are_ordered_as_by_the_server() {
    for seed in 0..WORLDS {
        let mut rng = Rng::with_seed(seed);
        let store = world(&mut rng);
        let mut runs = list(&store, &Filter::all(), &Order::default(), Detail::Full);
        for _ in 0..QUESTIONS {
            let mut field = || {
                let (field, _) = pick(&mut rng, FIELDS);
                format!("{}{field}", pick(&mut rng, &["+", "-", ""]))
            };
            // Ties need not come in the same order, so at last comes what no two runs share.
            let order = format!("{},{},-name", field(), field());
            let order: Order = order.parse().unwrap();
            order.check_fields().unwrap();
            runs.sort_by(|one, other| order.compare(one, other));
            let theirs = list(&store, &Filter::all(), &order, Detail::Light);
            assert_eq!(ids(&runs), ids(&theirs), "seed {seed}, {order}");
        }
    }
}
