//! GraphQL: the schema, the check of a query against it, and the walk over a checked query.

mod answer;
mod dialect;
mod execute;
mod served;

pub use dialect::{Dialect, Wording};
pub use served::SchemaError;

pub(crate) use answer::{Answer, Arguments, Facts, Object, Resolved};
pub(crate) use execute::execute;
pub(crate) use served::{Query, ServedSchema};
