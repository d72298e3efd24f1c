//! How the storage behind signed URLs behaves.

/// How the storage behaves. The default is Google's, as behind the `SaaS`, but for suffix ranges, which Azure ignores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch by itself")]
#[non_exhaustive]
pub struct StorageBehaviour {
    /// Whether answers have an `ETag`. Default: yes. Proxies drop it.
    pub tags: bool,
    /// Whether answers tell the MD5 digest of the whole file (`x-goog-hash`). Default: yes.
    pub digests: bool,
    /// Whether `Range` is understood. Default: yes.
    pub ranges: bool,
    /// Whether suffix ranges (`bytes=-N`) are understood. Default: no; Azure answers one with the whole file.
    pub suffix_ranges: bool,
    /// Whether answers say how long they are. Default: yes. Otherwise they come in chunks.
    pub lengths: bool,
    /// Whether clients can use `directUrl` of a file. Default: [`DirectUrls::Served`].
    pub direct: DirectUrls,
}

/// What becomes of a request at the `directUrl` of a run's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DirectUrls {
    /// It is answered.
    Served,
    /// The bucket is closed to the client: 403.
    Refused,
    /// Nothing answers there: the connection is refused.
    Unreachable,
}

impl Default for StorageBehaviour {
    fn default() -> Self {
        Self {
            tags: true,
            digests: true,
            ranges: true,
            suffix_ranges: false,
            lengths: true,
            direct: DirectUrls::Served,
        }
    }
}
