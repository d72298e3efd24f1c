//! The storage port: blobs at signed URLs.

use http::{HeaderValue, Method, StatusCode, header};

use super::body::{Reply, reply};
use super::connection::ReceivedRequest;
use super::range::{SelectedRange, select_range};
use crate::store::{Blob, Shared, is_artifact_blob, is_artifact_file, md5_base64};
use crate::urls::{self, Denied};

pub(crate) fn answer(shared: &Shared, received: &ReceivedRequest) -> Reply {
    let deny = |status, code: &str| {
        reply(status, "application/xml", format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>"))
    };
    let key = match urls::verify(shared, received.method.as_str(), &received.path, &received.query) {
        Ok(key) => key,
        Err(Denied::Signature) => return deny(StatusCode::FORBIDDEN, "SignatureDoesNotMatch"),
        Err(Denied::Expired) => return deny(StatusCode::FORBIDDEN, "ExpiredToken"),
        Err(Denied::Closed) => return deny(StatusCode::FORBIDDEN, "AccessDenied"),
    };
    match received.method {
        Method::PUT => {
            put(shared, &key, received);
            let mut reply = reply(StatusCode::OK, "text/plain", "");
            if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", md5_base64(&received.body))) {
                reply.headers_mut().insert(header::ETAG, tag);
            }
            reply
        }
        Method::GET | Method::HEAD => {
            let behaviour = shared.storage();
            let state = shared.read();
            let Some(blob) = state.blobs.get(&key).cloned() else {
                return deny(StatusCode::NOT_FOUND, "NoSuchKey");
            };
            let digest = state.file_digest(&key).filter(|_| behaviour.digests).map(str::to_owned);
            drop(state);
            let header =
                |name| received.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
            let tag = tag(&blob);
            let blob = if behaviour.damaged && is_artifact_file(&key) { damage(&blob) } else { blob };
            // A range of another version of the file would not fit the part that the client has.
            let is_same = header(header::IF_RANGE).is_none_or(|wanted| behaviour.tags && wanted == tag);
            let header = header(header::RANGE).filter(|range| {
                let is_understood = behaviour.suffix_ranges || !range.starts_with("bytes=-");
                is_same && behaviour.ranges && is_understood
            });
            let length = blob.len();
            let kind = mime_guess::from_path(&key).first_raw().unwrap_or("application/octet-stream");
            let mut reply = match select_range(header, length) {
                SelectedRange::Whole => reply(StatusCode::OK, kind, blob),
                SelectedRange::Part(range) => {
                    let content = format!("bytes {}-{}/{length}", range.start, range.end - 1);
                    let mut reply = reply(StatusCode::PARTIAL_CONTENT, kind, blob.slice(range));
                    if let Ok(content) = HeaderValue::from_str(&content) {
                        reply.headers_mut().insert(header::CONTENT_RANGE, content);
                    }
                    reply
                }
                SelectedRange::Unsatisfiable => deny(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange"),
            };
            let headers = reply.headers_mut();
            if behaviour.ranges {
                headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
            }
            if let Some(tag) = HeaderValue::from_str(&tag).ok().filter(|_| behaviour.tags) {
                headers.insert(header::ETAG, tag);
            }
            if let Some(hash) = digest.and_then(|md5| HeaderValue::from_str(&format!("md5={md5}")).ok()) {
                headers.insert("x-goog-hash", hash);
            }
            if !behaviour.lengths {
                headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            }
            reply
        }
        _ => deny(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
    }
}

/// The entity tag of a blob: its address in memory and its length. The address is unique while the blob exists, and a
/// digest would take long for each range of a large blob.
fn tag(blob: &Blob) -> String {
    format!("\"{:x}-{:x}\"", blob.address(), blob.len())
}

/// Alters the first byte of a file.
fn damage(blob: &Blob) -> Blob {
    let mut bytes = blob.to_vec();
    if let Some(first) = bytes.first_mut() {
        *first ^= 1;
    }
    bytes.into()
}

/// Stores a blob. A run's file is also added to the run's list.
fn put(shared: &Shared, key: &str, received: &ReceivedRequest) {
    let mut state = shared.write();
    let parts: Vec<&str> = key.splitn(5, '/').collect();
    if let ["runs", entity, project, run, file] = parts[..]
        && state.put_file(entity, project, run, file, received.body.clone())
    {
        return;
    }
    if is_artifact_blob(key) {
        state.put_artifact_blob(key, received.body.clone());
    } else {
        state.blobs.insert(key.to_owned(), received.body.clone().into());
    }
}
