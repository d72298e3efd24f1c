use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_RANGE, RANGE};
use http::{Response, StatusCode};
use url::Url;

use super::*;
use crate::BaseUrl;
use crate::blocking::block_on;
use crate::mock::Script;

const FILE: &[u8] = b"0123456789";

fn part(first: usize, end: usize, etag: &str) -> Response<Bytes> {
    Response::builder()
        .status(StatusCode::PARTIAL_CONTENT)
        .header(CONTENT_RANGE, format!("bytes {first}-{}/{}", end - 1, FILE.len()))
        .header(ETAG, etag)
        .body(Bytes::from_static(&FILE[first..end]))
        .expect("a response")
}

fn whole(etag: &str) -> Response<Bytes> {
    Response::builder()
        .header(CONTENT_LENGTH, FILE.len())
        .header(ETAG, etag)
        .body(Bytes::from_static(FILE))
        .expect("a response")
}

fn version() -> FileVersion {
    FileVersion { etag: Some("\"1\"".to_owned()), length: Some(FILE.len() as u64), md5: None }
}

/// Downloads a range. Returns the offset and the bytes.
fn download(script: &Script, range: &Range<u64>, version: &FileVersion) -> Result<(u64, Vec<u8>), Error> {
    let base = BaseUrl::parse("https://api.example.org").expect("a URL");
    let key = "0123456789abcdef0123456789abcdef01234567".parse().expect("a key");
    let client = Client::builder(Arc::new(script.clone()), base).api_key(&key).build();
    let url = Url::parse("https://storage.example.org/file").expect("a URL");
    block_on(async {
        let mut download = client.download_range(&[url], "a file", range, version).await?;
        let from = download.received();
        let mut bytes = Vec::new();
        while let Some(chunk) = download.chunk().await? {
            bytes.extend_from_slice(&chunk);
        }
        assert_eq!(download.end(), Some(download.received()));
        Ok((from, bytes))
    })
}

fn headers(script: &Script, name: &http::HeaderName) -> Vec<String> {
    let text = |request: &crate::transport::Request| {
        request.headers().get(name).map_or_else(String::new, |value| value.to_str().expect("text").to_owned())
    };
    script.requests().iter().map(text).collect()
}

#[test]
fn range_request_has_version_but_no_credentials() {
    let script = Script::new().on_response("/file", part(2, 5, "\"1\""));
    let received = download(&script, &(2..5), &version()).expect("a part");
    assert_eq!(received, (2, b"234".to_vec()));
    assert_eq!(headers(&script, &RANGE), ["bytes=2-4"]);
    assert_eq!(headers(&script, &IF_RANGE), ["\"1\""]);
    assert_eq!(headers(&script, &http::header::AUTHORIZATION), [""]);
    script.finish();
}

#[test]
fn server_without_ranges_sends_the_whole_file() {
    let script = Script::new().on_response("/file", whole("\"1\""));
    assert_eq!(download(&script, &(2..5), &version()).expect("the file"), (0, FILE.to_vec()));
}

#[test]
fn changed_version_is_not_retried() {
    let unsatisfiable =
        Response::builder().status(StatusCode::RANGE_NOT_SATISFIABLE).body(Bytes::new()).expect("a response");
    let mut shorter = part(2, 5, "");
    shorter.headers_mut().insert(CONTENT_RANGE, "bytes 2-4/9".parse().expect("a value"));
    for response in [whole("\"2\""), part(2, 5, "\"2\""), shorter, unsatisfiable] {
        let script = Script::new().on_response("/file", response);
        let error = download(&script, &(2..5), &version()).expect_err("another version");
        assert!(error.is_changed(), "{error:?}");
        script.finish();
    }
}

#[test]
fn cut_range_resumes_up_to_its_end() {
    let script =
        Script::new().on_response("/file", part(2, 4, "\"1\"")).on_response("/file", part(4, 7, "\"1\""));
    let received = download(&script, &(2..7), &version()).expect("a part");
    assert_eq!(received, (2, b"23456".to_vec()));
    assert_eq!(headers(&script, &RANGE), ["bytes=2-6", "bytes=4-6"]);
    script.finish();
}

#[test]
fn wrong_range_is_rejected() {
    let script = (0..20).fold(Script::new(), |script, _| script.on_response("/file", part(3, 5, "\"1\"")));
    let error = download(&script, &(2..5), &version()).expect_err("wrong range");
    assert!(error.to_string().contains("Download"), "{error}");
}

mod addresses;
mod bounds;
mod interruptions;
mod slots;
