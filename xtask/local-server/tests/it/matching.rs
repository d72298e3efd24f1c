//! Compares `Filter::matcher` and `Order::compare`, which filter and sort runs locally, with this server's independent
//! implementation: random runs and random queries must give the same results.
//!
//! They differ on purpose in the cases below, which no query covers. "Here" means this server.
//!
//! - An explicit null exists, as in `MongoDB`; here it does not. `$gte` and `$lte` with null match null; here they match
//!   nothing. So these operators get no null.
//! - A list matches `$gt` and similar operators if one of its items does, as in `MongoDB`; here it does not.
//! - Integers beyond 2^53 are compared exactly; here as floats, and those beyond 64 bits are indistinguishable. `1` and
//!   `1.0` are equal also inside lists and maps; here only outside.
//! - `"Infinity"` is a number greater than all others, and `"NaN"` is a number that sorts before booleans and strings;
//!   here both are strings.
//! - Only `created_at` and `heartbeat_at` are times; here any two strings that look like times are.
//! - A path matches the longest key that contains dots, and can enter lists; here it matches the shortest, and cannot.
//! - An unknown field, or an operand that is invalid for its operator, is an error; here no run has the field, and the
//!   operator matches nothing. `host`, `updated_at` and `tags.TAG` are such fields.
//! - `$regex` supports `$options`; here it does not. Its classes are ASCII; here they are Unicode. It does not match a
//!   NaN that was logged bare; here that is a string.
//! - In an order by time, strings that are not times come last; here they are compared as strings. Every run has its
//!   times.

mod queries;
mod random;

use fastrand::Rng;
use wandb_core::model::Run;
use wandb_core::operation::{Endpoint, Operation as _, UnsupportedFields};
use wandb_graphql::ops::{Detail, ListRuns};
use wandb_graphql::{Filter, Order};
use wandb_local_server::{Options, Store};

use self::queries::FIELDS;
use self::random::pick;
use crate::client::Client;

const STORES: u64 = 25;
const QUERIES: usize = 50;
const RUNS: usize = 12;

/// Lists runs as the server filters and sorts them.
fn list(store: &Store, filter: &Filter, order: &Order, detail: Detail) -> Vec<Run> {
    let operation =
        ListRuns::new("e/p".parse().unwrap()).filter(filter.clone()).order(order.clone()).detail(detail);
    let endpoint = Endpoint::new("http://server.test".parse().unwrap());
    let mut request = operation.request(&endpoint, &UnsupportedFields::default()).unwrap();
    let key = Client::basic(Options::DEFAULT_API_KEY).parse().unwrap();
    request.headers_mut().insert("authorization", key);
    operation.answer(store.answer(&request)).unwrap().items
}

fn ids<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Vec<&'a str> {
    runs.into_iter().map(|run| run.id.as_str()).collect()
}

/// Creates a store with random runs.
fn random_store(rng: &mut Rng) -> Store {
    let store = Store::without_server(Options::default()).unwrap();
    for number in 0..RUNS {
        store.add_run(random::run(rng, &format!("run{number}")));
    }
    store
}

#[test]
fn matcher_agrees_with_server() {
    let mut some = 0;
    for seed in 0..STORES {
        let mut rng = Rng::with_seed(seed);
        let store = random_store(&mut rng);
        let runs = list(&store, &Filter::all(), &Order::default(), Detail::Full);
        assert_eq!(runs.len(), RUNS);
        for _ in 0..QUERIES {
            let filter: Filter = queries::filter(&mut rng, 2).to_string().parse().unwrap();
            let matcher = filter.matcher().unwrap_or_else(|error| panic!("seed {seed}, {filter}: {error}"));
            let own: Vec<&Run> = runs.iter().filter(|run| matcher.matches(run)).collect();
            let theirs = list(&store, &filter, &Order::default(), Detail::Light);
            assert_eq!(ids(own.iter().copied()), ids(&theirs), "seed {seed}, {filter}");
            some += usize::from((1..RUNS).contains(&own.len()));
        }
    }
    // Filters that match all runs or none would test little.
    let queries = usize::try_from(STORES).unwrap() * QUERIES;
    assert!(some * 4 > queries, "only {some} of {queries} filters match some but not all runs");
}

#[test]
fn order_agrees_with_server() {
    for seed in 0..STORES {
        let mut rng = Rng::with_seed(seed);
        let store = random_store(&mut rng);
        let mut runs = list(&store, &Filter::all(), &Order::default(), Detail::Full);
        for _ in 0..QUERIES {
            let mut field = || {
                let (field, _) = pick(&mut rng, FIELDS);
                format!("{}{field}", pick(&mut rng, &["+", "-", ""]))
            };
            // The order of ties may differ, so the last field is unique.
            let order = format!("{},{},-name", field(), field());
            let order: Order = order.parse().unwrap();
            order.check_fields().unwrap();
            runs.sort_by(|one, other| order.compare(one, other));
            let theirs = list(&store, &Filter::all(), &order, Detail::Light);
            assert_eq!(ids(&runs), ids(&theirs), "seed {seed}, {order}");
        }
    }
}
