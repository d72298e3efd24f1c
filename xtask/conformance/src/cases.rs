//! The cases, by what they are about. Each panics where the transport falls short.

pub mod answers;
pub mod bodies;
pub mod connections;
pub mod failures;
pub mod proxies;
pub mod secure;
pub mod timeouts;

use crate::client::Subject;

/// Not a case: the process that cases about the environment start.
pub fn child<S: Subject>() {
    crate::client::child::<S>();
}
