//! Tests of files with several addresses.

use super::*;
use crate::transport::TransportErrorKind;

fn fetch(client: &Client, names: &[&str]) -> Result<Vec<u8>, Error> {
    let urls: Vec<Url> = names.iter().map(|name| Url::parse(name).expect("a URL")).collect();
    block_on(async {
        let mut download = client.download(&urls, "a file").await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = download.chunk().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    })
}

fn client(script: &Script) -> Client {
    let base = BaseUrl::parse("https://api.example.org").expect("a URL");
    Client::builder(Arc::new(script.clone()), base).build()
}

fn asked(script: &Script) -> Vec<String> {
    script.requests().iter().map(|request| request.uri().to_string()).collect()
}

const DIRECT: &str = "https://storage.example.org/direct";
const OTHER: &str = "https://storage.example.org/other";
const THROUGH: &str = "https://api.example.org/through";

fn status(status: u16) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from_static(b"<Error/>")).expect("a response")
}

#[test]
fn refused_address_leads_to_the_next() {
    for refusal in [400, 401, 403, 404, 405, 410, 451] {
        let script = Script::new().on_response("/direct", status(refusal)).on_response("/through", whole(""));
        assert_eq!(fetch(&client(&script), &[DIRECT, THROUGH]).expect("the file"), FILE, "{refusal}");
        script.finish();
    }
}

#[test]
fn unreachable_address_leads_to_the_next_at_once() {
    for kind in [TransportErrorKind::Connect, TransportErrorKind::Tls] {
        let script = Script::new().on_failure("/direct", kind).on_response("/through", whole(""));
        let client = client(&script);
        assert_eq!(fetch(&client, &[DIRECT, THROUGH]).expect("the file"), FILE);
        assert_eq!(client.stats().retries, 0, "no wait");
        script.finish();
    }
}

#[test]
fn failing_address_is_tried_again() {
    let script = Script::new().on_response("/direct", status(503)).on_response("/direct", whole(""));
    assert_eq!(fetch(&client(&script), &[DIRECT, THROUGH]).expect("the file"), FILE);
    script.finish();
}

#[test]
fn closed_storage_is_not_asked_first_again() {
    let script = Script::new()
        .on_response("/direct", status(403))
        .on_response("/through", whole(""))
        .on_response("/through", whole(""))
        .on_response("/through", status(404))
        .on_response("/other", whole(""))
        .on_response("/direct", whole(""));
    let client = client(&script);
    for first in [DIRECT, DIRECT, OTHER, DIRECT] {
        assert_eq!(fetch(&client, &[first, THROUGH]).expect("the file"), FILE);
    }
    assert_eq!(asked(&script), [DIRECT, THROUGH, THROUGH, THROUGH, OTHER, DIRECT]);
}

#[test]
fn missing_file_does_not_close_the_storage() {
    let script = Script::new()
        .on_response("/direct", status(404))
        .on_response("/through", whole(""))
        .on_response("/other", whole(""));
    let client = client(&script);
    for first in [DIRECT, OTHER] {
        assert_eq!(fetch(&client, &[first, THROUGH]).expect("the file"), FILE);
    }
    script.finish();
}

#[test]
fn key_is_sent_to_the_api_only() {
    let script = Script::new().on_response("/direct", status(403)).on_response("/through", whole(""));
    let base = BaseUrl::parse("https://api.example.org").expect("a URL");
    let key = crate::ApiKey::parse(&"k".repeat(40)).expect("a key");
    let client = Client::builder(Arc::new(script.clone()), base).api_key(&key).build();
    fetch(&client, &[DIRECT, THROUGH]).expect("the file");
    let sent: Vec<bool> = script
        .requests()
        .iter()
        .map(|request| request.headers().contains_key(http::header::AUTHORIZATION))
        .collect();
    assert_eq!(sent, [false, true]);
}

#[test]
fn last_refusal_is_reported() {
    let script = Script::new().on_response("/direct", status(403)).on_response("/through", status(404));
    let error = fetch(&client(&script), &[DIRECT, THROUGH]).expect_err("no address");
    assert!(error.is_not_found(), "{error}");
    assert!(fetch(&client(&script), &[]).is_err());
}
