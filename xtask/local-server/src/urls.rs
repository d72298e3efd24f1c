//! Signed URLs of the storage port, and the prefix of the API's routes.

use std::time::{SystemTime, UNIX_EPOCH};

use md5::{Digest as _, Md5};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::options::Options;
use crate::store::{DirectUrls, Shared};

pub(crate) const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
pub(crate) const PATH: &AsciiSet = &SEGMENT.remove(b'/');

/// The path prefix of every route: empty, or with a leading and without a trailing slash.
pub(crate) fn prefix(options: &Options) -> String {
    match options.path_prefix.as_deref().map(|prefix| prefix.trim_matches('/')) {
        None | Some("") => String::new(),
        Some(prefix) => format!("/{prefix}"),
    }
}

/// Signs a URL that allows one method on a blob until it expires.
pub(crate) fn signed(shared: &Shared, method: &str, key: &str) -> String {
    let expires = now() + shared.options.url_lifetime.as_secs();
    let signature = signature(shared, method, key, expires);
    // Clients normalize `..` in paths, so such a key has its slashes encoded.
    let has_dots = key.split('/').any(|part| matches!(part, "." | ".."));
    let path = utf8_percent_encode(key, if has_dots { SEGMENT } else { PATH });
    format!("{}/{path}?expires={expires}&signature={signature}", shared.storage_url())
}

/// The bucket URL of a file, which may be set up to fail.
pub(crate) fn direct(shared: &Shared, key: &str) -> String {
    bucket(shared, key, shared.storage().direct)
}

/// The bucket URL of a manifest, which may be set up to fail.
pub(crate) fn manifest(shared: &Shared, key: &str) -> String {
    bucket(shared, key, shared.storage().manifests)
}

fn bucket(shared: &Shared, key: &str, fate: DirectUrls) -> String {
    let signed = signed(shared, "GET", key);
    match fate {
        DirectUrls::Served => signed,
        DirectUrls::Refused => format!("{signed}&{DIRECT}=1"),
        DirectUrls::Unreachable => signed.replacen(shared.storage_url(), shared.unreachable_url(), 1),
    }
}

/// Query parameter that marks the direct URLs that are denied.
const DIRECT: &str = "direct";

/// Why a signed URL is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    Signature,
    Expired,
    Closed,
}

/// Verifies the path and query of a request to the storage port, and returns the blob's key.
pub(crate) fn verify(shared: &Shared, method: &str, path: &str, query: &str) -> Result<String, Denied> {
    let key =
        percent_decode_str(path.trim_start_matches('/')).decode_utf8().map_err(|_| Denied::Signature)?;
    let parameter = |wanted: &str| {
        url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == wanted).map(|(_, value)| value)
    };
    let expires = parameter("expires").and_then(|text| text.parse().ok()).ok_or(Denied::Signature)?;
    // A URL signed for GET also allows HEAD.
    let method = if method == "HEAD" { "GET" } else { method };
    if parameter("signature").as_deref() != Some(&signature(shared, method, &key, expires)) {
        return Err(Denied::Signature);
    }
    if expires <= now() {
        return Err(Denied::Expired);
    }
    if parameter(DIRECT).is_some() {
        return Err(Denied::Closed);
    }
    Ok(key.into_owned())
}

/// Detects URLs that this server did not sign. Not secure against attackers.
fn signature(shared: &Shared, method: &str, key: &str, expires: u64) -> String {
    use std::fmt::Write as _;
    let digest = Md5::digest(format!("{:x}\n{method}\n{key}\n{expires}", shared.url_secret));
    digest.iter().fold(String::with_capacity(32), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
