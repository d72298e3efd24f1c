//! What is remembered of a download that the server's list cannot confirm later.

use wandb_core::client::FileVersion;
use wandb_core::model::File;

/// What the server's list said of a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Listed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    md5: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
}

/// A file as it was downloaded, where its list entry has no digest or one that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Receipt {
    /// What the list said.
    pub(crate) listed: Listed,
    /// What the storage said.
    pub(crate) stored: FileVersion,
    /// The size of what came.
    pub(crate) bytes: u64,
    /// The MD5 digest of what came, in base64.
    pub(crate) md5: String,
}

impl Listed {
    pub(crate) fn of(file: &File) -> Self {
        let updated_at = file.updated_at.as_ref().map(ToString::to_string);
        Self { size: file.size, md5: file.md5.clone(), updated_at }
    }
}

impl Receipt {
    /// Whether the list still says the same. When the file was uploaded matters only where the storage can tell by nothing
    /// but the length that it is another one.
    pub(crate) fn is_listed_as(&self, file: &File) -> bool {
        let now = Listed::of(file);
        let is_told_apart = self.stored.etag.is_some() || self.stored.md5.is_some();
        (now.size, &now.md5) == (self.listed.size, &self.listed.md5)
            && (is_told_apart || now.updated_at == self.listed.updated_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upload_time_matters_where_the_storage_has_no_tag() {
        let mut file = File::new("RmlsZQ==", "a");
        let stored = FileVersion { length: Some(3), ..FileVersion::default() };
        let untagged = Receipt { listed: Listed::of(&file), stored, bytes: 3, md5: "x".to_owned() };
        let mut tagged = untagged.clone();
        tagged.stored.etag = Some("\"1\"".to_owned());
        assert!(untagged.is_listed_as(&file) && tagged.is_listed_as(&file));
        file.updated_at = Some("2026-01-01T00:00:00Z".to_owned().into());
        assert!(!untagged.is_listed_as(&file) && tagged.is_listed_as(&file));
        file.size = Some(4);
        assert!(!untagged.is_listed_as(&file) && !tagged.is_listed_as(&file));
    }
}
