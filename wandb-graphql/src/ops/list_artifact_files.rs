//! `GetArtifactMembershipFileUrls` and `ArtifactMembershipFiles`: where the files of an artifact are.

use bytes::Bytes;
use http::Response;
use wandb_core::ArtifactPath;
use wandb_core::model::File;
use wandb_core::operation::{
    AnswerError, Argument, Endpoint, Field, Operation, PageSize, UnreadableEntry, UnsupportedFields,
};
use wandb_core::transport::Request;

use super::entry::{Connection, Edge, Entry, unnamed_entry};
use super::list_page::{ListPage, paged_list};
use super::page::{PageInfo, PagePosition, page_size_argument, paging_arguments};
use super::path_query::{project_list_data, project_request};
use crate::envelope::not_found;
use crate::schema::{Int64, sdl as schema};

/// Lists the files of a version with their addresses, page by page: all of them (`GetArtifactMembershipFileUrls` in the
/// Python SDK), or those with given names (`ArtifactMembershipFiles`).
///
/// The addresses expire. The manifest says which files there are, and is the better witness of their digests.
///
/// ```
/// use wandb_graphql::ops::ListArtifactFiles;
///
/// let all = ListArtifactFiles::new("team/project/resnet:v3".parse()?);
/// let some = all.clone().names(["model.h5", "config.yaml"]);
/// # Ok::<(), wandb_core::PathError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListArtifactFiles {
    path: ArtifactPath,
    names: Option<Vec<String>>,
    page_size: PageSize,
    position: PagePosition,
}

impl ListArtifactFiles {
    /// Default number of files per page, as in the Python SDK.
    pub const PAGE_SIZE: PageSize = PageSize::fixed(5_000);

    /// Lists all files of the version at `path`, whose alias should be a version such as `v3`.
    pub fn new(path: ArtifactPath) -> Self {
        Self { path, names: None, page_size: Self::PAGE_SIZE, position: PagePosition::default() }
    }

    /// Lists only the files with these names.
    #[must_use]
    pub fn names<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        Self { names: Some(names.into_iter().map(Into::into).collect()), ..self }
    }

    /// Sets the number of files per page.
    #[must_use]
    pub fn page_size(self, page_size: PageSize) -> Self {
        Self { page_size, ..self }
    }

    fn size(&self) -> PageSize {
        self.page_size
    }
}

const OPTIONAL_FIELDS: &[Field] = &[
    Field::new("FileConnection", "totalCount"),
    Field::new("File", "url"),
    Field::new("File", "sizeBytes"),
    Field::new("File", "displayName"),
    Field::new("File", "md5"),
    Field::new("File", "digest"),
];

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    collection: &'a str,
    alias: &'a str,
    cursor: Option<&'a str>,
    per_page: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Project {
    #[arguments(name: $collection)]
    artifact_collection: Option<ArtifactCollection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct ArtifactCollection {
    #[arguments(aliasName: $alias)]
    artifact_membership: Option<ArtifactCollectionMembership>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct ArtifactCollectionMembership {
    #[arguments(after: $cursor, first: $per_page)]
    files: Option<UrlConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "FileConnection")]
struct UrlConnection {
    edges: Option<Vec<Option<Entry<UrlEdge>>>>,
    page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "FileEdge")]
struct UrlEdge {
    node: Option<Entry<UrlFields>>,
}

/// A file with its address only, because pages are long.
#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "File")]
struct UrlFields {
    name: Option<String>,
    direct_url: Option<String>,
}

#[derive(cynic::QueryVariables, Debug)]
struct VariablesOfNames<'a> {
    collection: &'a str,
    alias: &'a str,
    file_names: Option<Vec<&'a str>>,
    cursor: Option<&'a str>,
    per_page: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Project", variables = "VariablesOfNames")]
struct NamedProject {
    #[arguments(name: $collection)]
    artifact_collection: Option<NamedCollection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollection", variables = "VariablesOfNames")]
struct NamedCollection {
    #[arguments(aliasName: $alias)]
    artifact_membership: Option<NamedMembership>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "ArtifactCollectionMembership", variables = "VariablesOfNames")]
struct NamedMembership {
    #[arguments(names: $file_names, after: $cursor, first: $per_page)]
    files: Option<NamedConnection>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "FileConnection")]
struct NamedConnection {
    #[cynic(feature = "FileConnection.totalCount")]
    total_count: Option<i32>,
    edges: Option<Vec<Option<Entry<NamedEdge>>>>,
    page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "FileEdge")]
struct NamedEdge {
    node: Option<Entry<NamedFields>>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "File")]
struct NamedFields {
    id: Option<cynic::Id>,
    name: Option<String>,
    #[cynic(feature = "File.displayName")]
    display_name: Option<String>,
    #[cynic(feature = "File.url")]
    url: Option<String>,
    direct_url: Option<String>,
    #[cynic(feature = "File.sizeBytes")]
    size_bytes: Option<Int64>,
    #[cynic(feature = "File.digest")]
    digest: Option<String>,
    #[cynic(feature = "File.md5")]
    md5: Option<String>,
}

/// Implements the traits of a connection whose count is optional.
macro_rules! file_connection {
    ($connection:ident, $edge:ident, $node:ident $(, $total:ident)?) => {
        impl Connection for $connection {
            type Edge = $edge;

            fn into_parts(self) -> (impl Iterator<Item = Option<Entry<$edge>>>, PageInfo) {
                (self.edges.into_iter().flatten(), self.page_info)
            }

            $(fn total(&self) -> Option<i32> {
                self.$total
            })?
        }

        impl Edge for $edge {
            type Node = $node;

            fn into_parts(self) -> (Option<Entry<$node>>, Option<String>) {
                (self.node, None)
            }
        }
    };
}

file_connection!(UrlConnection, UrlEdge, UrlFields);
file_connection!(NamedConnection, NamedEdge, NamedFields, total_count);

/// Returns a text that is not empty.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

impl UrlFields {
    fn into_file(self) -> Result<File, UnreadableEntry> {
        let name = given(self.name).ok_or_else(|| unnamed_entry("file", ""))?;
        let mut file = File::new("", name);
        file.direct_url = given(self.direct_url);
        Ok(file)
    }
}

impl NamedFields {
    fn into_file(self) -> Result<File, UnreadableEntry> {
        let id = self.id.map(cynic::Id::into_inner).unwrap_or_default();
        let Some(name) = given(self.display_name).or_else(|| given(self.name)) else {
            return Err(unnamed_entry("file", &id));
        };
        let mut file = File::new(id, name);
        file.size = self.size_bytes.and_then(|size| u64::try_from(size.0).ok());
        file.md5 = given(self.md5).or_else(|| given(self.digest));
        file.url = given(self.url);
        file.direct_url = given(self.direct_url);
        Ok(file)
    }
}

impl Operation for ListArtifactFiles {
    type Answer = ListPage<File>;

    fn name(&self) -> &'static str {
        if self.names.is_some() { "ArtifactMembershipFiles" } else { "GetArtifactMembershipFileUrls" }
    }

    fn subject(&self) -> String {
        self.position.subject(&self.path)
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn optional_arguments(&self) -> Vec<Argument> {
        paging_arguments("ArtifactCollectionMembership", "files", self.position.after())
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let (collection, alias) = (self.path.collection(), self.path.alias());
        let (cursor, per_page) = (self.position.after(), page_size_argument(self.page_size));
        let project = self.path.project_path();
        match &self.names {
            None => {
                let variables = Variables { collection, alias, cursor, per_page };
                project_request::<Project, _>(self, project, variables, endpoint, unsupported)
            }
            // The server takes an empty list for all files.
            Some(names) if names.is_empty() => {
                Err(AnswerError::InvalidRequest { message: "no file was given".to_owned() })
            }
            Some(names) => {
                let file_names = Some(names.iter().map(String::as_str).collect());
                let variables = VariablesOfNames { collection, alias, file_names, cursor, per_page };
                project_request::<NamedProject, _>(self, project, variables, endpoint, unsupported)
            }
        }
    }

    fn answer(&self, response: Response<Bytes>) -> Result<ListPage<File>, AnswerError> {
        let what = || format!("artifact {}", self.path);
        let withheld = || AnswerError::malformed("it holds an artifact without files", response.body());
        if self.names.is_some() {
            let (project, errors): (NamedProject, _) = project_list_data(&response, what)?;
            let membership = project.artifact_collection.and_then(|of| of.artifact_membership);
            let files = membership.ok_or_else(|| not_found(what()))?.files.ok_or_else(withheld)?;
            return Ok(ListPage::read(files, &errors, NamedFields::into_file));
        }
        let (project, errors): (Project, _) = project_list_data(&response, what)?;
        let membership = project.artifact_collection.and_then(|of| of.artifact_membership);
        let files = membership.ok_or_else(|| not_found(what()))?.files.ok_or_else(withheld)?;
        Ok(ListPage::read(files, &errors, UrlFields::into_file))
    }
}

paged_list!(ListArtifactFiles of File, key: |file| file.name.clone());

#[cfg(test)]
mod tests {
    use wandb_core::operation::Paged as _;

    use super::*;
    use crate::ops::testing::{answer, endpoint, request};

    fn list() -> ListArtifactFiles {
        ListArtifactFiles::new("team/my project/resnet:v3".parse().unwrap())
    }

    #[test]
    fn addresses_request() {
        insta::assert_snapshot!(request(&list(), &[]));
    }

    #[test]
    fn request_for_named_files() {
        insta::assert_snapshot!(request(&list().names(["a", "b/c"]), &[]));
    }

    #[test]
    fn empty_list_of_names_is_rejected() {
        let error = list().names([""; 0]).request(&endpoint(), &UnsupportedFields::nothing()).unwrap_err();
        assert!(matches!(error, AnswerError::InvalidRequest { .. }), "{error}");
    }

    #[test]
    fn files_of_an_artifact_are_read() {
        let page = |list: &ListArtifactFiles, nodes: &str| {
            let body = format!(
                r#"{{"data": {{"project": {{"artifactCollection": {{"artifactMembership": {{"files": {{
                    "pageInfo": {{"endCursor": "c1", "hasNextPage": true}}, "edges": [{nodes}]}}}}}}}}}}}}"#
            );
            answer(list, &body).unwrap()
        };
        let all = page(
            &list(),
            r#"{"node": {"name": "a/b", "directUrl": "https://s/1"}}, {"node": {"name": null, "directUrl": null}}"#,
        );
        assert_eq!((all.items.len(), all.unreadable.len()), (1, 1));
        assert_eq!(all.items[0].direct_url.as_deref(), Some("https://s/1"));
        assert!(request(&list().next(&all).unwrap(), &[]).contains(r#""cursor": "c1""#));
        let named = list().names(["a/b"]);
        let some = page(
            &named,
            r#"{"node": {"id": "1", "name": "b", "displayName": "a/b", "url": "/x", "directUrl": "", "sizeBytes": "7", "digest": "d"}}"#,
        );
        let file = &some.items[0];
        assert_eq!((file.name.as_str(), file.size, file.md5.as_deref()), ("a/b", Some(7), Some("d")));
        assert_eq!((file.url.as_deref(), file.direct_url.as_deref()), (Some("/x"), None));
    }

    #[test]
    fn missing_membership_is_not_found() {
        for body in [
            r#"{"data": {"project": {"artifactCollection": null}}}"#,
            r#"{"data": {"project": {"artifactCollection": {"artifactMembership": null}}}}"#,
        ] {
            let what = "artifact team/my project/resnet:v3".to_owned();
            assert_eq!(answer(&list(), body).unwrap_err(), AnswerError::NotFound { what: what.clone() });
            assert_eq!(answer(&list().names(["a"]), body).unwrap_err(), AnswerError::NotFound { what });
        }
    }
}
