//! Artifacts: versions, collections, types, memberships, files, registries, and the mutations that log them.

mod collection;
mod collection_mutation;
mod fields;
mod files;
mod link_mutation;
mod lists;
mod membership;
mod mutation;
mod project;
mod registry;
mod version;

pub(super) use collection::CollectionObject;
pub(super) use lists::{logged_by, used_by};
pub(super) use mutation::mutate;
pub(super) use project::of_project;
pub(super) use registry::of_entity;
pub(super) use version::ArtifactObject;
