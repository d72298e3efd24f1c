//! `ProjectViews`: the reports or saved workspaces of a project.

use bytes::Bytes;
use http::Response;
use wandb_core::ProjectPath;
use wandb_core::model::{Timestamp, View, ViewKind};
use wandb_core::operation::{
    AnswerError, Argument, Endpoint, Field, Operation, PageSize, UnreadableEntry, UnsupportedFields,
};
use wandb_core::transport::Request;

use super::entry::{connection, unnamed_entry};
use super::list_page::{ListPage, paged_list};
use super::page::{PagePosition, page_size_argument, paging_arguments};
use super::path_query::{project_list_data, project_request};
use super::user_fields::UserFields;
use crate::schema::{DateTime, JsonText, sdl as schema};

/// Lists the reports or the saved workspaces of a project, page by page (`ProjectViews` in the Python SDK).
///
/// ```
/// use wandb_core::model::ViewKind;
/// use wandb_graphql::ops::ListViews;
///
/// let reports = ListViews::new("team/project".parse()?, ViewKind::Report);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListViews {
    path: ProjectPath,
    kind: ViewKind,
    page_size: PageSize,
    position: PagePosition,
}

impl ListViews {
    /// Default number of views per page, as in the Python SDK. A view may have megabytes.
    pub const PAGE_SIZE: PageSize = PageSize::fixed(50);

    /// Lists all views of a kind.
    pub fn new(path: ProjectPath, kind: ViewKind) -> Self {
        Self { path, kind, page_size: Self::PAGE_SIZE, position: PagePosition::default() }
    }

    /// Sets the number of views per page.
    #[must_use]
    pub fn page_size(self, page_size: PageSize) -> Self {
        Self { page_size, ..self }
    }

    fn size(&self) -> PageSize {
        self.page_size
    }
}

const OPTIONAL_FIELDS: &[Field] = &[
    Field::new("View", "name"),
    Field::new("View", "description"),
    Field::new("View", "user"),
    Field::new("User", "username"),
    Field::new("User", "name"),
    Field::new("View", "createdAt"),
    Field::new("View", "updatedAt"),
    Field::new("View", "previewUrl"),
];

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    view_type: &'static str,
    cursor: Option<&'a str>,
    per_page: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Project {
    #[arguments(viewType: $view_type, after: $cursor, first: $per_page)]
    all_views: Option<ViewConnection>,
}

connection!(ViewConnection, edges: [ViewEdge], node: ViewFields, cursor);

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "View")]
pub(super) struct ViewFields {
    id: Option<cynic::Id>,
    #[cynic(feature = "View.name")]
    name: Option<String>,
    display_name: Option<String>,
    #[cynic(feature = "View.description")]
    description: Option<String>,
    #[cynic(feature = "View.user")]
    user: Option<UserFields>,
    #[cynic(feature = "View.createdAt")]
    created_at: Option<DateTime>,
    #[cynic(feature = "View.updatedAt")]
    updated_at: Option<DateTime>,
    #[cynic(feature = "View.previewUrl")]
    preview_url: Option<String>,
    spec: Option<JsonText>,
}

impl ViewFields {
    /// # Errors
    /// If the view has no id, which identifies it.
    fn into_view(self, path: &ProjectPath) -> Result<View, UnreadableEntry> {
        let Some(id) = self.id.map(cynic::Id::into_inner).filter(|id| !id.is_empty()) else {
            return Err(unnamed_entry("view", &self.display_name.unwrap_or_default()));
        };
        let mut view = View::new(path.entity(), path.project(), id);
        view.name = self.name;
        view.display_name = self.display_name;
        view.description = self.description;
        view.user = self.user.map(Into::into);
        view.created_at = self.created_at.map(|time| Timestamp::from(time.0));
        view.updated_at = self.updated_at.map(|time| Timestamp::from(time.0));
        view.preview_url = self.preview_url;
        view.spec = self.spec.map(|spec| spec.0.into());
        Ok(view)
    }
}

impl Operation for ListViews {
    type Answer = ListPage<View>;

    fn name(&self) -> &'static str {
        "ProjectViews"
    }

    fn subject(&self) -> String {
        self.position.subject(&self.path)
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    fn optional_arguments(&self) -> Vec<Argument> {
        paging_arguments("Project", "allViews", self.position.after())
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let variables = Variables {
            view_type: self.kind.view_type(),
            cursor: self.position.after(),
            per_page: page_size_argument(self.page_size),
        };
        project_request::<Project, _>(self, &self.path, variables, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<ListPage<View>, AnswerError> {
        let what = || format!("project {}", self.path);
        let (project, errors): (Project, _) = project_list_data(&response, what)?;
        let Some(views) = project.all_views else {
            return Err(AnswerError::malformed("it holds a project without views", response.body()));
        };
        Ok(ListPage::read(views, &errors, |fields| fields.into_view(&self.path)))
    }
}

paged_list!(ListViews of View, key: |view| view.id.clone());

#[cfg(test)]
mod tests {
    use wandb_core::operation::Paged as _;

    use super::*;
    use crate::ops::testing::{answer, request};

    fn list() -> ListViews {
        ListViews::new("team/my project".parse().unwrap(), ViewKind::Report)
    }

    #[test]
    fn views_request() {
        insta::assert_snapshot!(request(&list(), &[]));
    }

    #[test]
    fn workspaces_are_views_of_another_type() {
        let list = ListViews::new("team/project".parse().unwrap(), ViewKind::Workspace);
        assert!(request(&list, &[]).contains(r#""viewType": "project-view""#));
    }

    #[test]
    fn page_of_views_is_read() {
        let page = answer(
            &list(),
            r#"{"data": {"project": {"allViews": {
                "pageInfo": {"endCursor": "c3", "hasNextPage": true},
                "edges": [
                    {"cursor": "c1", "node": {"id": "Vmlldzox", "name": "abc", "displayName": "Results", "description": "",
                        "user": {"username": "ada", "name": "Ada"}, "createdAt": "2024-05-01T12:00:00",
                        "updatedAt": "2024-05-02T12:00:00", "previewUrl": null, "spec": "{\"version\":5,\"blocks\":[]}"}},
                    {"cursor": "c2", "node": {"id": "Vmlldzoy", "displayName": null, "spec": {"version": 5}}},
                    {"cursor": "c3", "node": {"id": null, "displayName": "lost", "spec": null}}]}}}}"#,
        )
        .unwrap();
        assert_eq!((page.items.len(), page.unreadable.len()), (2, 1));
        let view = &page.items[0];
        assert_eq!((view.title(), view.spec.as_deref()), ("Results", Some(r#"{"version":5,"blocks":[]}"#)));
        assert_eq!(view.user.as_ref().and_then(|user| user.username.as_deref()), Some("ada"));
        assert_eq!(page.items[1].spec.as_deref(), Some(r#"{"version": 5}"#), "inline JSON is the same");
        let second = list().next(&page).unwrap();
        assert!(request(&second, &[]).contains(r#""cursor": "c3""#));
    }

    #[test]
    fn missing_project_and_missing_views_are_errors() {
        let missing = answer(&list(), r#"{"data": {"project": null}}"#).unwrap_err();
        assert!(missing.to_string().contains("does not exist"), "{missing}");
        let withheld = answer(&list(), r#"{"data": {"project": {"allViews": null}}}"#).unwrap_err();
        assert!(matches!(withheld, AnswerError::Malformed { .. }), "{withheld}");
    }
}
