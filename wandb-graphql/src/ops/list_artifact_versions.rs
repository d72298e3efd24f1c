//! `ProjectArtifacts`: the versions of a collection of artifacts.

use bytes::Bytes;
use http::Response;
use wandb_core::ProjectPath;
use wandb_core::model::Artifact;
use wandb_core::operation::{AnswerError, Argument, Endpoint, Field, Operation, PageSize, UnsupportedFields};
use wandb_core::transport::Request;

use super::artifact_fields::{ArtifactFields, OPTIONAL_FIELDS_OF_COLLECTION, View};
use super::entry::{Connection, Edge, Entry};
use super::list_page::{ListPage, paged_list};
use super::page::{PageInfo, PagePosition, page_size_argument, paging_arguments};
use super::path_query::{project_list_data, project_request};
use crate::envelope::not_found;
use crate::schema::{JsonText, sdl as schema};

/// The filter that leaves out versions that are not complete yet, or deleted, as in the Python SDK.
const COMMITTED: &str = r#"{"state": "COMMITTED"}"#;

/// Lists the committed versions of a collection, page by page (`ProjectArtifacts` in the Python SDK). The server lists the
/// newest first.
///
/// ```
/// use wandb_graphql::ops::ListArtifactVersions;
///
/// let versions = ListArtifactVersions::new("team/project".parse()?, "model", "resnet");
/// # Ok::<(), wandb_core::PathError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListArtifactVersions {
    path: ProjectPath,
    type_name: String,
    collection: String,
    page_size: PageSize,
    position: PagePosition,
}

impl ListArtifactVersions {
    /// Default number of versions per page. The Python SDK uses 50.
    pub const PAGE_SIZE: PageSize = PageSize::fixed(100);

    /// Lists the versions of a collection with this type in the project at `path`.
    pub fn new(path: ProjectPath, type_name: impl Into<String>, collection: impl Into<String>) -> Self {
        let (type_name, collection) = (type_name.into(), collection.into());
        Self { path, type_name, collection, page_size: Self::PAGE_SIZE, position: PagePosition::default() }
    }

    /// Sets the number of versions per page.
    #[must_use]
    pub fn page_size(self, page_size: PageSize) -> Self {
        Self { page_size, ..self }
    }

    fn size(&self) -> PageSize {
        self.page_size
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    #[cynic(rename = "type")]
    type_name: &'a str,
    collection: &'a str,
    filters: JsonText,
    cursor: Option<&'a str>,
    per_page: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Project {
    #[arguments(name: $type_name)]
    artifact_type: Option<ArtifactType>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct ArtifactType {
    #[arguments(name: $collection)]
    artifact_collection: Option<ArtifactCollection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct ArtifactCollection {
    #[arguments(after: $cursor, first: $per_page, filters: $filters)]
    artifacts: Option<VersionedArtifactConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
struct VersionedArtifactConnection {
    #[cynic(feature = "VersionedArtifactConnection.totalCount")]
    total_count: Option<i32>,
    edges: Option<Vec<Option<Entry<VersionedArtifactEdge>>>>,
    page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
struct VersionedArtifactEdge {
    version: Option<String>,
    node: Option<Entry<ArtifactFields>>,
}

impl Connection for VersionedArtifactConnection {
    type Edge = VersionedArtifactEdge;

    fn into_parts(self) -> (impl Iterator<Item = Option<Entry<VersionedArtifactEdge>>>, PageInfo) {
        (self.edges.into_iter().flatten(), self.page_info)
    }

    fn total(&self) -> Option<i32> {
        self.total_count
    }
}

/// The version belongs to the edge.
impl Edge for VersionedArtifactEdge {
    type Node = (Option<String>, ArtifactFields);

    fn into_parts(self) -> (Option<Entry<Self::Node>>, Option<String>) {
        let node = self.node.map(|node| match node {
            Entry::Read(node) => Entry::Read((self.version, node)),
            Entry::Unreadable(entry) => Entry::Unreadable(entry),
        });
        (node, None)
    }
}

impl Operation for ListArtifactVersions {
    type Answer = ListPage<Artifact>;

    fn name(&self) -> &'static str {
        "ProjectArtifacts"
    }

    fn subject(&self) -> String {
        self.position.subject(format_args!("{}/{}", self.path, self.collection))
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS_OF_COLLECTION
    }

    fn optional_arguments(&self) -> Vec<Argument> {
        paging_arguments("ArtifactCollection", "artifacts", self.position.after())
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let variables = Variables {
            type_name: &self.type_name,
            collection: &self.collection,
            filters: JsonText(COMMITTED.into()),
            cursor: self.position.after(),
            per_page: page_size_argument(self.page_size),
        };
        project_request::<Project, _>(self, &self.path, variables, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<ListPage<Artifact>, AnswerError> {
        let what = || format!("artifact {}/{}", self.path, self.collection);
        let (project, errors): (Project, _) = project_list_data(&response, what)?;
        let collection = project.artifact_type.and_then(|of_type| of_type.artifact_collection);
        let Some(versions) = collection.ok_or_else(|| not_found(what()))?.artifacts else {
            return Err(AnswerError::malformed("it holds a collection without versions", response.body()));
        };
        let asked = [self.path.entity(), self.path.project()];
        let collection = [self.path.entity(), self.path.project(), &self.collection].map(str::to_owned);
        Ok(ListPage::read(versions, &errors, |(version, fields)| {
            let version = version.filter(|version| !version.is_empty());
            let view = View { collection: Some(collection.clone()), version, ..View::default() };
            fields.into_artifact(asked, view)
        }))
    }
}

paged_list!(ListArtifactVersions of Artifact, key: |artifact| format!("{}/{}", artifact.id, artifact.version); total);

#[cfg(test)]
mod tests {
    use wandb_core::operation::Paged as _;

    use super::*;
    use crate::ops::testing::{answer, request};

    fn list() -> ListArtifactVersions {
        ListArtifactVersions::new("team/my project".parse().unwrap(), "model", "best")
    }

    #[test]
    fn versions_request() {
        insta::assert_snapshot!(request(&list(), &[]));
    }

    #[test]
    fn version_is_that_of_the_edge() {
        let page = answer(
            &list(),
            r#"{"data": {"project": {"artifactType": {"artifactCollection": {"artifacts": {"totalCount": 2,
                "pageInfo": {"endCursor": "c1", "hasNextPage": true}, "edges": [
                {"version": "v3", "node": {"id": "1", "versionIndex": 9, "artifactSequence": {"name": "resnet",
                    "project": {"name": "lab", "entity": {"name": "other"}}}, "aliases": [
                        {"alias": "prod", "artifactCollection": {"__typename": "ArtifactPortfolio", "name": "best",
                            "project": {"name": "my project", "entity": {"name": "team"}}}},
                        {"alias": "latest", "artifactCollection": {"__typename": "ArtifactSequence", "name": "resnet",
                            "project": {"name": "lab", "entity": {"name": "other"}}}}]}},
                {"version": "v2", "node": {"id": 5}}]}}}}}}"#,
        )
        .unwrap();
        let [artifact] = &page.items[..] else { panic!("one version") };
        assert_eq!(artifact.path().unwrap().to_string(), "team/my project/best:v3");
        assert_eq!(artifact.source.path().unwrap().to_string(), "other/lab/resnet:v9");
        assert_eq!(artifact.aliases, ["prod"]);
        assert_eq!((page.unreadable.len(), ListArtifactVersions::total(&page)), (1, Some(2)));
        assert!(request(&list().next(&page).unwrap(), &[]).contains(r#""cursor": "c1""#));
    }

    #[test]
    fn missing_collection_is_not_found() {
        for body in [
            r#"{"data": {"project": {"artifactType": null}}}"#,
            r#"{"data": {"project": {"artifactType": {"artifactCollection": null}}}}"#,
        ] {
            let what = "artifact team/my project/best".to_owned();
            assert_eq!(answer(&list(), body).unwrap_err(), AnswerError::NotFound { what });
        }
    }
}
