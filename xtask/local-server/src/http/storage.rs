//! The storage port: blobs behind signed URLs.

use http::{HeaderValue, Method, StatusCode, header};

use super::body::{Reply, reply};
use super::connection::Asked;
use super::range::{Ranged, ranged};
use crate::store::{Blob, Shared, md5_base64};
use crate::urls::{self, Denied};

pub(crate) fn answer(shared: &Shared, asked: &Asked) -> Reply {
    let refuse = |status, code: &str| {
        reply(status, "application/xml", format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>"))
    };
    let key = match urls::verify(shared, asked.method.as_str(), &asked.path, &asked.query) {
        Ok(key) => key,
        Err(Denied::Signature) => return refuse(StatusCode::FORBIDDEN, "SignatureDoesNotMatch"),
        Err(Denied::Expired) => return refuse(StatusCode::FORBIDDEN, "ExpiredToken"),
        Err(Denied::Closed) => return refuse(StatusCode::FORBIDDEN, "AccessDenied"),
    };
    match asked.method {
        Method::PUT => {
            put(shared, &key, asked);
            let mut reply = reply(StatusCode::OK, "text/plain", "");
            if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", md5_base64(&asked.body))) {
                reply.headers_mut().insert(header::ETAG, tag);
            }
            reply
        }
        Method::GET | Method::HEAD => {
            let behaviour = shared.storage();
            let state = shared.read();
            let Some(blob) = state.blobs.get(&key).cloned() else {
                return refuse(StatusCode::NOT_FOUND, "NoSuchKey");
            };
            let digest = state.file_digest(&key).filter(|_| behaviour.digests).map(str::to_owned);
            drop(state);
            let header = |name| asked.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
            let tag = tag(&blob);
            // The rest of another file than the one that was begun is of no use.
            let is_same = header(header::IF_RANGE).is_none_or(|wanted| behaviour.tags && wanted == tag);
            let header = header(header::RANGE).filter(|range| {
                let is_understood = behaviour.suffix_ranges || !range.starts_with("bytes=-");
                is_same && behaviour.ranges && is_understood
            });
            let length = blob.len();
            let kind = mime_guess::from_path(&key).first_raw().unwrap_or("application/octet-stream");
            let mut reply = match ranged(header, length) {
                Ranged::Whole => reply(StatusCode::OK, kind, blob),
                Ranged::Part(range) => {
                    let content = format!("bytes {}-{}/{length}", range.start, range.end - 1);
                    let mut reply = reply(StatusCode::PARTIAL_CONTENT, kind, blob.slice(range));
                    if let Ok(content) = HeaderValue::from_str(&content) {
                        reply.headers_mut().insert(header::CONTENT_RANGE, content);
                    }
                    reply
                }
                Ranged::Unsatisfiable => refuse(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange"),
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
        _ => refuse(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
    }
}

/// The tag of a blob. A digest of the whole would take long for each part of a large one, so it is where the bytes lie,
/// which they share with nothing else while they are kept.
fn tag(blob: &Blob) -> String {
    format!("\"{:x}-{:x}\"", blob.address(), blob.len())
}

/// Stores a blob; one that is a run's file is listed with the run.
fn put(shared: &Shared, key: &str, asked: &Asked) {
    let mut state = shared.write();
    let parts: Vec<&str> = key.splitn(5, '/').collect();
    if let ["runs", entity, project, run, file] = parts[..]
        && state.put_file(entity, project, run, file, asked.body.clone())
    {
        return;
    }
    state.blobs.insert(key.to_owned(), asked.body.clone().into());
}
