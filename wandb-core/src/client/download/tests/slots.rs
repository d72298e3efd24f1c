//! Tests of the slots that downloads take.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{join, join_all};
use http::header::LOCATION;

use super::*;
use crate::client::ClientBuilder;
use crate::transport::TransportErrorKind;

const STORAGE: &str = "https://storage.example.org/direct";
const THROUGH: &str = "https://api.example.org/through";

fn builder(script: &Script) -> ClientBuilder {
    Client::builder(Arc::new(script.clone()), BaseUrl::parse("https://api.example.org").expect("a URL"))
}

async fn open(client: &Client, url: &str) -> Result<Download, Error> {
    client.download(&[Url::parse(url).expect("a URL")], "a file").await
}

async fn read(mut download: Download) {
    while download.chunk().await.expect("a body").is_some() {}
}

fn redirect() -> Response<Bytes> {
    let response = Response::builder().status(StatusCode::FOUND).header(LOCATION, STORAGE);
    response.body(Bytes::new()).expect("a response")
}

fn status(status: u16) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::new()).expect("a response")
}

/// Returns whether a file can be opened now.
fn can_open(client: &Client, url: &str) -> bool {
    open(client, url).now_or_never().is_some_and(|opened| opened.is_ok())
}

/// The number of files that can be opened at once.
fn width(client: &Client) -> usize {
    let open = |_| open(client, STORAGE).now_or_never();
    let opened: Vec<_> = (0..100).map_while(open).collect();
    opened.into_iter().flatten().count()
}

fn files(script: Script, count: usize) -> Script {
    (0..count).fold(script, |script, _| script.on_response("/direct", whole("\"1\"")))
}

#[test]
fn slot_is_held_until_the_body_has_ended() {
    let script = files(Script::new(), 3);
    let client = builder(&script).downloads(1).build();
    let first = block_on(open(&client, STORAGE)).expect("a file");
    assert!(!can_open(&client, STORAGE), "the first is in flight");
    block_on(read(first));
    let second = block_on(open(&client, STORAGE)).expect("a file");
    drop(second);
    assert!(can_open(&client, STORAGE), "a dropped download is no longer in flight");
    script.finish();
}

#[test]
fn redirect_frees_the_slot_of_the_server() {
    let script = Script::new()
        .on_response("/through", redirect())
        .on_response("/direct", whole("\"1\""))
        .on_response("/through", whole("\"1\""));
    let client = builder(&script).concurrency(1).downloads(1).build();
    let redirected = block_on(open(&client, THROUGH)).expect("a file");
    assert!(!can_open(&client, STORAGE), "the body comes from the storage");
    let direct = open(&client, THROUGH).now_or_never().expect("a free slot").expect("a file");
    assert!(!can_open(&client, THROUGH), "the body comes from the server");
    drop((redirected, direct));
    script.finish();
}

#[test]
fn waiting_for_the_storage_holds_no_slot_of_the_server() {
    let script = Script::new()
        .on_response("/direct", whole("\"1\""))
        .on_response("/through", redirect())
        .on_response("/through", whole("\"1\""))
        .on_response("/direct", whole("\"1\""));
    let client = builder(&script).concurrency(1).downloads(1).build();
    block_on(async {
        let first = open(&client, STORAGE).await.expect("a file");
        let mut redirected = Box::pin(open(&client, THROUGH));
        assert!((&mut redirected).now_or_never().is_none(), "the storage has no slot");
        drop(open(&client, THROUGH).now_or_never().expect("a free slot of the server"));
        drop(first);
        read(redirected.await.expect("a file")).await;
    });
    script.finish();
}

#[test]
fn retried_download_waits_without_a_slot() {
    let script = Script::new()
        .on_response("/direct", part(0, 4, "\"1\""))
        .on_response("/direct", whole("\"2\""))
        .on_response("/direct", whole("\"2\""));
    let client = builder(&script).downloads(1).build();
    let url = Url::parse(STORAGE).expect("a URL");
    let version = FileVersion { etag: Some("\"2\"".to_owned()), length: None, md5: None };
    let partial = Partial::new(3, version);
    // The rest is refused, and the file is another one: each time, the download opens it again.
    let download = client.resume_download(&[url], "a file", &partial).now_or_never();
    block_on(read(download.expect("no slot is held meanwhile").expect("a file")));
    assert_eq!(script.requests().len(), 2);
}

#[test]
fn overloads_narrow_the_window_and_completed_files_widen_it() {
    for overload in [429, 500, 502, 503, 504] {
        let script = files(Script::new().on_response("/direct", status(overload)), 1_000);
        let client = builder(&script).downloads(32).build();
        block_on(async { read(open(&client, STORAGE).await.expect("a file")).await });
        assert_eq!(width(&client), 16, "{overload}");
        block_on(async {
            for _ in 0..(16..32).sum() {
                read(open(&client, STORAGE).await.expect("a file")).await;
            }
        });
        assert_eq!(width(&client), 32, "{overload}");
    }
}

#[test]
fn timeouts_narrow_the_window() {
    let phases = [crate::transport::Phase::FirstByte, crate::transport::Phase::Stall];
    for phase in phases {
        let script = Script::new().on_failure("/direct", TransportErrorKind::Timeout(phase));
        let client = builder(&files(script, 40)).downloads(32).build();
        block_on(open(&client, STORAGE)).expect("a file");
        assert_eq!(width(&client), 16);
    }
}

#[test]
fn refusals_do_not_narrow_the_window() {
    for refusal in [400, 401, 403, 404, 410] {
        let script = files(Script::new().on_response("/direct", status(refusal)), 40);
        let client = builder(&script).downloads(32).build();
        block_on(open(&client, STORAGE)).expect_err("a refusal");
        assert_eq!(width(&client), 32, "{refusal}");
    }
    let script = Script::new().on_failure("/direct", TransportErrorKind::Interrupted);
    let client = builder(&files(script, 40)).downloads(32).build();
    block_on(open(&client, STORAGE)).expect("a file");
    assert_eq!(width(&client), 32, "an interruption");
}

#[test]
fn overload_of_the_server_does_not_narrow_the_window() {
    let script = Script::new().on_response("/through", status(503)).on_response("/through", whole("\"1\""));
    let client = builder(&files(script, 40)).downloads(32).build();
    block_on(open(&client, THROUGH)).expect("a file");
    assert_eq!(width(&client), 32);
}

#[test]
fn waiting_downloads_start_as_others_end() {
    let client = builder(&files(Script::new(), 100)).downloads(3).build();
    let all = join_all((0..100).map(|_| async { read(open(&client, STORAGE).await.expect("a file")).await }));
    let limit = client.sleep(Duration::from_secs(1));
    assert_eq!(block_on(join(all, limit)).0.len(), 100);
}
