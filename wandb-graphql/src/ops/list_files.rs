//! `RunFiles`: the files of a run.

use bytes::Bytes;
use http::Response;
use wandb_core::RunPath;
use wandb_core::model::File;
use wandb_core::operation::{AnswerError, Argument, Endpoint, Field, Operation, PageSize, UnsupportedFields};
use wandb_core::transport::Request;

use super::file_fields::{FileConnection, OPTIONAL_FIELDS};
use super::list_page::{ListPage, paged_list};
use super::page::{PagePosition, page_size_argument, paging_arguments};
use super::path_query::{run_list_data, run_request};
use crate::LikePattern;
use crate::schema::sdl as schema;

/// Lists the files of a run, page by page (`RunFiles` in the Python SDK).
///
/// The URLs in the answer expire. List the files again to get new ones.
///
/// ```
/// use wandb_graphql::ops::ListFiles;
///
/// let all = ListFiles::new("team/project/run".parse()?);
/// let some = all.clone().names(["model.h5", "config.yaml"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFiles {
    path: RunPath,
    wanted: FileSelection,
    page_size: PageSize,
    position: PagePosition,
}

/// The selected files. The server accepts either names or a pattern, not both.
#[derive(Debug, Clone, PartialEq, Eq)]
enum FileSelection {
    All,
    Named(Vec<String>),
    Like(LikePattern),
}

impl ListFiles {
    /// Default number of files per page. The Python SDK uses 50.
    pub const PAGE_SIZE: PageSize = PageSize::fixed(500);

    /// Lists all files of the run at `path`.
    pub fn new(path: RunPath) -> Self {
        Self {
            path,
            wanted: FileSelection::All,
            page_size: Self::PAGE_SIZE,
            position: PagePosition::default(),
        }
    }

    /// Lists only the files with these names; replaces a pattern. An empty list selects nothing. A server that cannot
    /// filter lists all files.
    #[must_use]
    pub fn names<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        Self { wanted: FileSelection::Named(names.into_iter().map(Into::into).collect()), ..self }
    }

    /// Lists only the files whose names match; replaces names. A server that cannot filter lists all files.
    #[must_use]
    pub fn like(self, pattern: LikePattern) -> Self {
        Self { wanted: FileSelection::Like(pattern), ..self }
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

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    names: Option<Vec<Option<&'a str>>>,
    pattern: Option<&'a str>,
    cursor: Option<&'a str>,
    per_page: i32,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Run {
    #[cynic(feature = "Run.fileCount")]
    file_count: Option<i32>,
    #[arguments(names: $names, pattern: $pattern, after: $cursor, first: $per_page)]
    files: Option<FileConnection>,
}

impl Operation for ListFiles {
    type Answer = ListPage<File>;

    fn name(&self) -> &'static str {
        "RunFiles"
    }

    fn subject(&self) -> String {
        match &self.wanted {
            FileSelection::Named(names) if names.len() == 1 => format!("{} of {}", names[0], self.path),
            _ => self.position.subject(&self.path),
        }
    }

    fn optional_fields(&self) -> &'static [Field] {
        OPTIONAL_FIELDS
    }

    /// Without `names` or `pattern`, the server sends all files and the caller has to filter them.
    fn optional_arguments(&self) -> Vec<Argument> {
        let mut arguments = paging_arguments("Run", "files", self.position.after());
        arguments.extend(["names", "pattern"].map(|name| Argument::new("Run", "files", name)));
        arguments
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let (names, pattern) = match &self.wanted {
            FileSelection::All => (None, None),
            // The server takes an empty list to mean all files.
            FileSelection::Named(names) if names.is_empty() => {
                return Err(AnswerError::InvalidRequest { message: "no file was given".to_owned() });
            }
            FileSelection::Named(names) => {
                (Some(names.iter().map(|name| Some(name.as_str())).collect()), None)
            }
            FileSelection::Like(pattern) => (None, Some(pattern.text())),
        };
        let variables = Variables {
            names,
            pattern,
            cursor: self.position.after(),
            per_page: page_size_argument(self.page_size),
        };
        run_request::<Run, _>(self, &self.path, variables, endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<ListPage<File>, AnswerError> {
        let (run, errors): (Run, _) = run_list_data(&response, &self.path)?;
        let Some(files) = run.files else {
            return Err(AnswerError::malformed("it holds a run without files", response.body()));
        };
        Ok(files.into_page(run.file_count, &errors))
    }
}

paged_list!(ListFiles of File, key: |file| format!("{}/{}", file.id, file.name));

#[cfg(test)]
mod tests {
    use wandb_core::operation::Paged as _;

    use super::*;
    use crate::ops::testing::{answer, request};

    fn list() -> ListFiles {
        ListFiles::new("team/my project/abc".parse().unwrap())
    }

    #[test]
    fn files_request() {
        insta::assert_snapshot!(request(&list(), &[]));
    }

    #[test]
    fn request_for_names_to_an_old_server() {
        insta::assert_snapshot!(request(&list().names(["a.txt", "größe/b"]), OPTIONAL_FIELDS));
    }

    #[test]
    fn request_for_a_pattern() {
        let request = request(&list().names(["x"]).like(LikePattern::containing("50%_")), &[]);
        assert!(request.contains(r#""pattern": "%50\\%\\_%""#) && request.contains(r#""names": null"#));
    }

    #[test]
    fn empty_list_of_names_is_rejected() {
        let endpoint = crate::ops::testing::endpoint();
        let error = list().names([""; 0]).request(&endpoint, &UnsupportedFields::nothing()).unwrap_err();
        assert!(matches!(error, AnswerError::InvalidRequest { .. }), "{error}");
    }

    #[test]
    fn page_of_files_is_read() {
        let body = r#"{"data": {"project": {"run": {"fileCount": 3, "files": {"edges": [
            {"node": {"id": "1", "name": "media/a.png", "url": "/files/a", "directUrl": "https://s/a?x", "sizeBytes": "5000000000",
                "mimetype": "image/png", "updatedAt": "2024-05-01T12:00:00Z", "md5": "XUFAKrxLKna5cZ2REBfFkg=="}, "cursor": "c1"},
            {"node": null, "cursor": "c2"},
            {"node": {"id": "2", "name": "../x", "url": "", "directUrl": null, "sizeBytes": null,
                "mimetype": null, "updatedAt": null, "md5": ""}, "cursor": "c3"}],
            "pageInfo": {"endCursor": "c3", "hasNextPage": true}}}}}}"#;
        let page = answer(&list(), body).unwrap();
        assert_eq!((page.items.len(), page.total, page.next_page.cursor()), (2, Some(3), Some("c3")));
        let file = &page.items[0];
        assert_eq!((file.size, file.md5.as_deref()), (Some(5_000_000_000), Some("XUFAKrxLKna5cZ2REBfFkg==")));
        assert_eq!(file.direct_url.as_deref(), Some("https://s/a?x"));
        let mut bare = File::new("2", "../x");
        bare.size = None;
        assert_eq!(page.items[1], bare, "empty texts are missing values");
        let next = list().next(&page).unwrap();
        assert!(request(&next, &[]).contains(r#""cursor": "c3""#));
    }

    #[test]
    fn null_run_is_not_found() {
        let error = answer(&list(), r#"{"data": {"project": {"run": null}}}"#).unwrap_err();
        assert_eq!(error, AnswerError::NotFound { what: "run team/my project/abc".to_owned() });
    }
}
