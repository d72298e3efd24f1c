//! What is asked of files.

use wandb_core::model::{File, Timestamp};
use wandb_core::operation::Field;

use super::page::{Onward, PageInfo};
use crate::schema::{DateTime, Int64, sdl as schema};

/// What can be left out of a question for files, and of one for the run that they belong to.
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
    /// How many files the run has, where the server tells.
    pub total: Option<u64>,
    /// How many entries were null.
    pub null_entries: u64,
    pub(super) onward: Onward,
}

#[derive(cynic::QueryFragment, Debug)]
pub(super) struct FileConnection {
    edges: Option<Vec<Option<FileEdge>>>,
    page_info: PageInfo,
}

#[derive(cynic::QueryFragment, Debug)]
struct FileEdge {
    node: Option<FileFields>,
    cursor: Option<String>,
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
    /// `None` for one without a name.
    fn into_file(self) -> Option<File> {
        let fields = self;
        let mut file = File::new(fields.id.map(cynic::Id::into_inner).unwrap_or_default(), fields.name?);
        file.size = fields.size_bytes.and_then(|size| u64::try_from(size.0).ok());
        file.md5 = fields.md5.filter(|digest| !digest.is_empty());
        file.mime_type = fields.mimetype;
        file.updated_at = fields.updated_at.map(|time| Timestamp::from(time.0));
        file.url = fields.url.filter(|url| !url.is_empty());
        file.direct_url = fields.direct_url.filter(|url| !url.is_empty());
        Some(file)
    }
}

impl FileConnection {
    /// The page in an answer.
    pub(super) fn into_page(self, total: Option<u64>) -> FilePage {
        let edges: Vec<Option<FileEdge>> = self.edges.unwrap_or_default();
        let last = edges.iter().rev().flatten().next().and_then(|edge| edge.cursor.clone());
        let onward = self.page_info.onward(last);
        let entries = edges.len();
        let files: Vec<_> = edges.into_iter().flatten().filter_map(|edge| edge.node?.into_file()).collect();
        FilePage { null_entries: (entries - files.len()) as u64, files, total, onward }
    }
}

impl FilePage {
    /// Whether no page follows.
    pub fn is_last(&self) -> bool {
        self.onward == Onward::End
    }

    pub(super) fn entries(&self) -> usize {
        self.files.len() + usize::try_from(self.null_entries).unwrap_or(usize::MAX)
    }
}
