//! Options of the storage port.

/// How the storage behaves. The default is Google's, as of the public service, except for suffix ranges, which Azure
/// ignores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent switch")]
#[non_exhaustive]
pub struct StorageBehaviour {
    /// Whether responses have an `ETag`. Default: yes. Proxies may remove it.
    pub tags: bool,
    /// Whether responses have the MD5 digest of the whole file (`x-goog-hash`). Default: yes.
    pub digests: bool,
    /// Whether `Range` is supported. Default: yes.
    pub ranges: bool,
    /// Whether suffix ranges (`bytes=-N`) are supported. Default: no; Azure responds with the whole file.
    pub suffix_ranges: bool,
    /// Whether responses have a length. Default: yes. Otherwise they are chunked.
    pub lengths: bool,
    /// Whether clients can use the `directUrl` of a file. Default: [`DirectUrls::Served`].
    pub direct: DirectUrls,
    /// Whether clients can use the `directUrl` of a manifest. Default: [`DirectUrls::Served`].
    pub manifests: DirectUrls,
    /// Whether the first byte of each file of an artifact is altered when it is sent. Default: no.
    pub damaged: bool,
}

/// What happens to a request for the `directUrl` of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DirectUrls {
    /// The file is served.
    Served,
    /// The bucket denies access: 403.
    Refused,
    /// The connection is refused.
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
            manifests: DirectUrls::Served,
            damaged: false,
        }
    }
}
