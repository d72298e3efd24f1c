//! A file of a run.

use serde::Serialize;

use super::Timestamp;

/// A file that a run has saved (`File`).
///
/// Its name is a path that the server gives, which nothing may be derived from without checking it.
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
    /// When it was uploaded last (`updatedAt`).
    pub updated_at: Option<Timestamp>,
    /// Where the server hands it out, which takes the key; may be relative to the base URL (`url`).
    #[serde(skip)]
    pub url: Option<String>,
    /// Where the storage hands it out, signed and valid for a while (`directUrl`).
    #[serde(skip)]
    pub direct_url: Option<String>,
}

impl File {
    /// A file of which only its id and name are known.
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gives_access_is_not_written_out() {
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
