//! Receipts of downloads that the server's list cannot verify later.

use serde::{Deserialize, Serialize};

use super::FileVersion;
use crate::model::{DigestAlgorithm, File, ManifestEntry};

/// A file's entry in the server's list, as far as it identifies the content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedFile {
    /// The size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The MD5 digest in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
    /// The XXH128 digest in base64, which some artifacts have instead of MD5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xxh128: Option<String>,
    /// The upload time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated_at: Option<String>,
}

/// A record of a downloaded file whose list entry has no digest or a wrong one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadReceipt {
    /// The list entry.
    pub listed: ListedFile,
    /// The version reported by the storage.
    pub stored: FileVersion,
    /// Size of the downloaded file in bytes.
    pub bytes: u64,
    /// MD5 digest of the downloaded file, in base64.
    pub md5: String,
}

impl ListedFile {
    /// Describes a file that the server has listed.
    pub fn of(file: &File) -> Self {
        let updated_at = file.updated_at.as_ref().map(ToString::to_string);
        Self { size: file.size, md5: file.md5.clone(), xxh128: None, updated_at }
    }

    /// Describes an entry of an artifact's manifest.
    pub fn of_entry(entry: &ManifestEntry) -> Self {
        let digest = Some(entry.digest().to_owned()).filter(|digest| !digest.is_empty());
        let (md5, xxh128) = match entry.digest_algorithm() {
            DigestAlgorithm::Xxh128 => (None, digest),
            DigestAlgorithm::Md5 => (digest, None),
        };
        Self { size: entry.size(), md5, xxh128, updated_at: None }
    }

    /// Returns true if the entry has a digest of the content.
    pub fn has_digest(&self) -> bool {
        self.md5.is_some() || self.xxh128.is_some()
    }
}

impl DownloadReceipt {
    /// Returns whether the list entry is unchanged. The upload time is compared only if the storage reported
    /// neither tag nor digest, as the length alone cannot tell versions apart.
    pub fn is_listed_as(&self, now: &ListedFile) -> bool {
        let has_version = self.stored.etag.is_some() || self.stored.md5.is_some();
        (now.size, &now.md5, &now.xxh128) == (self.listed.size, &self.listed.md5, &self.listed.xxh128)
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
        let untagged =
            DownloadReceipt { listed: ListedFile::of(&file), stored, bytes: 3, md5: "x".to_owned() };
        let mut tagged = untagged.clone();
        tagged.stored.etag = Some("\"1\"".to_owned());
        let is_listed = |receipt: &DownloadReceipt, file: &File| receipt.is_listed_as(&ListedFile::of(file));
        assert!(is_listed(&untagged, &file) && is_listed(&tagged, &file));
        file.updated_at = Some("2026-01-01T00:00:00Z".to_owned().into());
        assert!(!is_listed(&untagged, &file) && is_listed(&tagged, &file));
        file.size = Some(4);
        assert!(!is_listed(&untagged, &file) && !is_listed(&tagged, &file));
    }
}
