//! A file of a run.

use serde::Serialize;

use super::Timestamp;

/// A file saved by a run (`File`).
///
/// Its name is a path chosen by the server. Validate it before deriving a local path from it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct File {
    /// The storage id (`id`).
    pub id: String,
    /// The name in the run, with slashes between folders (`name`).
    pub name: String,
    /// The size in bytes (`sizeBytes`).
    pub size: Option<u64>,
    /// The MD5 digest of the content in base64 (`md5`).
    pub md5: Option<String>,
    /// The kind of content (`mimetype`).
    pub mime_type: Option<String>,
    /// The time of the last upload (`updatedAt`).
    pub updated_at: Option<Timestamp>,
    /// The URL at the server, which requires the key; may be relative to the base URL (`url`).
    #[serde(skip)]
    pub url: Option<String>,
    /// The URL at the storage, signed and valid for a limited time (`directUrl`).
    #[serde(skip)]
    pub direct_url: Option<String>,
}

impl File {
    /// Creates a file with only its id and name.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            size: None,
            md5: None,
            mime_type: None,
            updated_at: None,
            url: None,
            direct_url: None,
        }
    }

    /// Returns the address of the content if the run only refers to it (`s3://…`, `gs://…`, `file://…`). The server
    /// does not serve such a file.
    ///
    /// (Both addresses of a reference are that of the object itself: `wandb/apis/public/files.py` in wandb/wandb,
    /// `File.path_uri`.)
    ///
    /// ```
    /// use wandb_core::model::File;
    ///
    /// let mut file = File::new("RmlsZQ==", "model.h5");
    /// file.url = Some("s3://bucket/model.h5".to_owned());
    /// assert_eq!(file.reference(), Some("s3://bucket/model.h5"));
    /// ```
    pub fn reference(&self) -> Option<&str> {
        let mut addresses = [&self.direct_url, &self.url].into_iter().flatten().map(String::as_str);
        let first = addresses.next()?;
        let has_other_scheme = has_other_scheme(first) && addresses.all(has_other_scheme);
        has_other_scheme.then_some(first)
    }
}

/// Returns true for an absolute address with another scheme than http or https.
fn has_other_scheme(address: &str) -> bool {
    let Some((scheme, _)) = address.split_once("://") else { return false };
    let is_scheme = scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter));
    is_scheme && !scheme.is_empty() && !["http", "https"].contains(&&*scheme.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_have_other_schemes() {
        let reference = |direct: Option<&str>, url: Option<&str>| {
            let mut file = File::new("RmlsZQ==", "a");
            (file.direct_url, file.url) = (direct.map(str::to_owned), url.map(str::to_owned));
            file.reference().map(str::to_owned)
        };
        let object = Some("gs://bucket/a");
        assert_eq!(reference(object, object).as_deref(), object);
        assert_eq!(reference(None, object).as_deref(), object);
        assert_eq!(reference(Some("file:///a"), None).as_deref(), Some("file:///a"));
        assert_eq!(reference(object, Some("https://host/files/a")), None, "the server serves it");
        assert_eq!(reference(Some("HTTPS://bucket/a"), Some("/files/s3://a")), None);
        assert_eq!(reference(None, None), None);
    }

    #[test]
    fn urls_are_not_serialized() {
        let mut file = File::new("RmlsZQ==", "a/b.txt");
        file.size = Some(3);
        file.url = Some("https://wandb.example.org/files/…".to_owned());
        file.direct_url = Some("https://storage.example.org/b?signature=x".to_owned());
        assert_eq!(
            serde_json::to_string(&file).unwrap(),
            r#"{"id":"RmlsZQ==","name":"a/b.txt","size":3,"md5":null,"mime_type":null,"updated_at":null}"#,
        );
    }
}
