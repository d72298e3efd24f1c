//! The requested fields of collections of artifacts.

use wandb_core::model::{ArtifactCollection, Timestamp};
use wandb_core::operation::{Field, UnreadableEntry};

use super::artifact_fields::{ProjectName, TagName, TypeName};
use super::entry::{connection, unnamed_entry};
use super::list_page::ListPage;
use super::membership_fields::collection_kind;
use crate::envelope::EntryErrors;
use crate::schema::{DateTime, sdl as schema};

/// The optional fields of a collection, and of the list around it.
pub(super) const OPTIONAL_FIELDS: &[Field] = &[
    Field::new("ArtifactCollectionConnection", "totalCount"),
    Field::new("ArtifactCollection", "description"),
    Field::new("ArtifactCollection", "createdAt"),
    Field::new("ArtifactCollection", "updatedAt"),
    Field::new("ArtifactCollection", "defaultArtifactType"),
    Field::new("ArtifactCollection", "tags"),
];

connection!(
    ArtifactCollectionConnection,
    edges: [ArtifactCollectionEdge],
    node: CollectionFields,
    counted: "ArtifactCollectionConnection.totalCount"
);

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollection")]
pub(super) struct CollectionFields {
    __typename: String,
    id: Option<cynic::Id>,
    name: Option<String>,
    project: Option<ProjectName>,
    #[cynic(feature = "ArtifactCollection.description")]
    description: Option<String>,
    #[cynic(feature = "ArtifactCollection.createdAt")]
    created_at: Option<DateTime>,
    #[cynic(feature = "ArtifactCollection.updatedAt")]
    updated_at: Option<DateTime>,
    #[cynic(feature = "ArtifactCollection.defaultArtifactType")]
    default_artifact_type: Option<TypeName>,
    #[cynic(feature = "ArtifactCollection.tags")]
    tags: Option<TagConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct TagConnection {
    edges: Option<Vec<Option<TagEdge>>>,
}

#[derive(cynic::QueryFragment, Debug)]
struct TagEdge {
    node: Option<TagName>,
}

impl CollectionFields {
    /// Converts the fields. Names that the server withholds are taken from `asked`, entity and project.
    ///
    /// # Errors
    /// If the collection has no name, which later requests need.
    fn into_collection(self, asked: [&str; 2]) -> Result<ArtifactCollection, UnreadableEntry> {
        let id = self.id.map(cynic::Id::into_inner).unwrap_or_default();
        let Some(name) = self.name.filter(|name| !name.is_empty()) else {
            return Err(unnamed_entry("collection", &id));
        };
        let [entity, project] = match self.project {
            Some(project) => project.into_names(asked),
            None => asked.map(str::to_owned),
        };
        let mut collection = ArtifactCollection::new(id, entity, project, name);
        collection.kind = collection_kind(&self.__typename);
        collection.type_name = self.default_artifact_type.and_then(|of| of.name);
        collection.description = self.description;
        collection.tags = self.tags.map(|tags| {
            let nodes = tags.edges.into_iter().flatten().flatten().filter_map(|edge| edge.node);
            nodes.filter_map(|tag| tag.name).collect()
        });
        collection.created_at = self.created_at.map(|time| Timestamp::from(time.0));
        collection.updated_at = self.updated_at.map(|time| Timestamp::from(time.0));
        Ok(collection)
    }
}

impl ArtifactCollectionConnection {
    /// Reads the page. `asked` is the entity and project, `errors` are the answer's errors.
    pub(super) fn into_page(self, asked: [&str; 2], errors: &EntryErrors) -> ListPage<ArtifactCollection> {
        ListPage::read(self, errors, |fields| fields.into_collection(asked))
    }
}
