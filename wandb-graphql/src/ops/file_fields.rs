//! The requested fields of files.

use wandb_core::model::{File, Timestamp};
use wandb_core::operation::{Field, UnreadableEntry};

use super::entry::{connection, unnamed_entry};
use super::list_page::ListPage;
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

connection!(FileConnection, edges: [FileEdge], node: FileFields, cursor);

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "File")]
pub(super) struct FileFields {
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
            return Err(unnamed_entry("file", &id));
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
    /// Reads the page. `total` is the run's `fileCount`, `errors` are the answer's errors.
    pub(super) fn into_page(self, total: Option<i32>, errors: &EntryErrors) -> ListPage<File> {
        ListPage::read(self, errors, FileFields::into_file).with_total(total)
    }
}
