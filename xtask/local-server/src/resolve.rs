//! Resolvers of the GraphQL fields, as objects over the store.

mod artifacts;
mod context;
mod files;
mod logs;
mod mutation;
mod organization;
mod page;
mod people;
mod project;
mod query;
mod run;
mod run_data;
mod sweep;
mod upsert;

pub(crate) use context::Context;
pub(crate) use mutation::Mutation;
pub(crate) use query::Query;
