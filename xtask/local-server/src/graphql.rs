//! GraphQL: the schema, query validation, and query execution.

mod answer;
mod dialect;
mod execute;
mod served;

pub use dialect::{Dialect, Wording};
pub use served::SchemaError;

pub(crate) use answer::{Answer, Arguments, Object, Resolved, StaticObject};
pub(crate) use execute::execute;
pub(crate) use served::{Query, ServedSchema};
