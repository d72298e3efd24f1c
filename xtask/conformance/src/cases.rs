//! The cases, by topic. Each panics if the transport fails it.

pub mod answers;
pub mod bodies;
pub mod connections;
pub mod failures;
pub mod proxies;
pub mod secure;
pub mod timeouts;

use crate::client::Subject;

/// Entry point of the process that the environment cases start; not a case itself.
pub fn child<S: Subject>() {
    crate::client::child::<S>();
}
