//! Receipts of downloads that the server's list cannot verify later.

use wandb_core::client::FileVersion;
use wandb_core::model::File;

use super::content::Content;

/// A file's entry in the server's list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Listed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) md5: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
}

/// A record of a downloaded file whose list entry has no digest or a wrong one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Receipt {
    /// The list entry.
    pub(crate) listed: Listed,
    /// The version reported by the storage.
    pub(crate) stored: FileVersion,
    /// Size of the downloaded file in bytes.
    pub(crate) bytes: u64,
    /// MD5 digest of the downloaded file, in base64.
    pub(crate) md5: String,
}

impl Listed {
    /// Returns the size and digest.
    pub(crate) fn content(&self) -> Content {
        Content { size: self.size, md5: self.md5.clone() }
    }

    pub(crate) fn of(file: &File) -> Self {
        let updated_at = file.updated_at.as_ref().map(ToString::to_string);
        Self { size: file.size, md5: file.md5.clone(), updated_at }
    }
}

impl Receipt {
    /// Returns whether the list entry is unchanged. The upload time is compared only if the storage reported
    /// neither tag nor digest, as the length alone cannot tell versions apart.
    pub(crate) fn is_listed_as(&self, now: &Listed) -> bool {
        let has_version = self.stored.etag.is_some() || self.stored.md5.is_some();
        (now.size, &now.md5) == (self.listed.size, &self.listed.md5)
            && (has_version || now.updated_at == self.listed.updated_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upload_time_matters_where_the_storage_has_no_tag() {
        let mut file = File::new("RmlsZQ==", "a");
        let stored = FileVersion::default().with_length(Some(3));
        let untagged = Receipt { listed: Listed::of(&file), stored, bytes: 3, md5: "x".to_owned() };
        let mut tagged = untagged.clone();
        tagged.stored.etag = Some("\"1\"".to_owned());
        let is_listed = |receipt: &Receipt, file: &File| receipt.is_listed_as(&Listed::of(file));
        assert!(is_listed(&untagged, &file) && is_listed(&tagged, &file));
        file.updated_at = Some("2026-01-01T00:00:00Z".to_owned().into());
        assert!(!is_listed(&untagged, &file) && is_listed(&tagged, &file));
        file.size = Some(4);
        assert!(!is_listed(&untagged, &file) && !is_listed(&tagged, &file));
    }
}
