//! The requested fields of files.

use wandb_core::model::{File, Timestamp};
use wandb_core::operation::{Field, UnreadableEntry};

use super::entry::{self, Edge, Entry, PageItems};
use super::page::{NextPage, PageInfo};
use crate::envelope::EntryErrors;
use crate::schema::{DateTime, Int64, sdl as schema};

/// The optional fields of files, and of the run that owns them.
pub(super) const OPTIONAL_FIELDS: &[Field] = &[
    Field::new("Run", "fileCount"),
    Field::new("File", "url"),
    Field::new("File", "sizeBytes"),
    Field::new("File", "directUrl"),
    Field::new("File", "mimetype"),
    Field::new("File", "updatedAt"),
    Field::new("File", "md5"),
];

/// A page of files.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FilePage {
    /// The files, in the server's order.
    pub files: Vec<File>,
    /// The server's count of the run's files, if it gives one.
    pub total: Option<u64>,
    /// How many entries were null.
    pub null_entries: u64,
    /// The unreadable entries.
    pub unreadable: Vec<UnreadableEntry>,
    pub(super) next_page: NextPage,
}

#[derive(cynic::QueryFragment, Debug)]
pub(super) struct FileConnection {
    edges: Option<Vec<Option<Entry<FileEdge>>>>,
    page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
struct FileEdge {
    node: Option<Entry<FileFields>>,
    cursor: Option<String>,
}

impl Edge for FileEdge {
    type Node = FileFields;

    fn into_parts(self) -> (Option<Entry<FileFields>>, Option<String>) {
        (self.node, self.cursor)
    }
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "File")]
struct FileFields {
    id: Option<cynic::Id>,
    name: Option<String>,
    #[cynic(feature = "File.url")]
    url: Option<String>,
    #[cynic(feature = "File.directUrl")]
    direct_url: Option<String>,
    #[cynic(feature = "File.sizeBytes")]
    size_bytes: Option<Int64>,
    #[cynic(feature = "File.mimetype")]
    mimetype: Option<String>,
    #[cynic(feature = "File.updatedAt")]
    updated_at: Option<DateTime>,
    #[cynic(feature = "File.md5")]
    md5: Option<String>,
}

impl FileFields {
    /// # Errors
    /// If the file has no name.
    fn into_file(self) -> Result<File, UnreadableEntry> {
        let fields = self;
        let id = fields.id.map(cynic::Id::into_inner).unwrap_or_default();
        let Some(name) = fields.name.filter(|name| !name.is_empty()) else {
            return Err(entry::unnamed_entry("file", &id));
        };
        let mut file = File::new(id, name);
        file.size = fields.size_bytes.and_then(|size| u64::try_from(size.0).ok());
        file.md5 = fields.md5.filter(|digest| !digest.is_empty());
        file.mime_type = fields.mimetype;
        file.updated_at = fields.updated_at.map(|time| Timestamp::from(time.0));
        file.url = fields.url.filter(|url| !url.is_empty());
        file.direct_url = fields.direct_url.filter(|url| !url.is_empty());
        Ok(file)
    }
}

impl FileConnection {
    /// Reads the page; `errors` are the answer's errors.
    pub(super) fn into_page(self, total: Option<u64>, errors: &EntryErrors) -> FilePage {
        let read = |fields: FileFields| fields.into_file().map(Some);
        let entries = PageItems::read(self.edges.unwrap_or_default(), errors, read);
        let next_page = self.page_info.next_page(entries.last);
        let PageItems { items: files, null_entries, unreadable, .. } = entries;
        FilePage { files, total, null_entries, unreadable, next_page }
    }
}

impl FilePage {
    /// Whether this is the last page.
    pub fn is_last(&self) -> bool {
        self.next_page == NextPage::End
    }

    pub(super) fn entries(&self) -> usize {
        entry::total_entries(self.files.len(), self.null_entries, &self.unreadable)
    }
}
