//! The options of the storage.

use wandb_local_server::{DirectUrls, NewRun, StorageBehaviour};

use crate::client::{Client, Reply};

fn client(change: impl FnOnce(&mut StorageBehaviour)) -> Client {
    let client = Client::start();
    let store = client.server.store();
    store.add_run(NewRun::new("e", "p", "r"));
    store.add_file("e/p/r", "a", "0123456789").unwrap();
    let mut behaviour = StorageBehaviour::default();
    change(&mut behaviour);
    store.set_storage(behaviour);
    client
}

/// Returns a URL of the file: `url` or `directUrl`.
fn address(client: &Client, field: &str) -> String {
    let files = client.run("r", &format!("files {{ edges {{ node {{ {field} }} }} }}"));
    files["files"]["edges"][0]["node"][field].as_str().unwrap().to_owned()
}

fn part(client: &Client, range: &str) -> Reply {
    client.get(&address(client, "directUrl"), &[("Range", range)])
}

#[test]
fn unsupported_ranges_return_the_whole_file() {
    let azure = client(|_| {});
    assert_eq!((part(&azure, "bytes=-3").status, part(&azure, "bytes=-3").body.len()), (200, 10));
    assert_eq!((part(&azure, "bytes=7-").status, &part(&azure, "bytes=2-3").body[..]), (206, &b"23"[..]));
    let other = client(|storage| storage.suffix_ranges = true);
    assert_eq!(part(&other, "bytes=-3").body, b"789");
    let none = client(|storage| storage.ranges = false);
    assert_eq!((part(&none, "bytes=2-3").status, part(&none, "bytes=2-3").body.len()), (200, 10));
}

#[test]
fn tags_digests_and_lengths_can_be_missing() {
    let all = part(&client(|_| {}), "bytes=2-3");
    assert!(all.headers.contains_key("etag"));
    assert_eq!(
        all.headers["x-goog-hash"], "md5=eB5eJF1ptWaXm4bijSPyxw==",
        "the digest is that of the whole file"
    );
    let bare = client(|storage| {
        (storage.tags, storage.digests, storage.lengths) = (false, false, false);
    });
    let bare = bare.get(&address(&bare, "directUrl"), &[]);
    assert_eq!(bare.body, b"0123456789");
    for name in ["etag", "x-goog-hash", "content-length"] {
        assert!(!bare.headers.contains_key(name), "{name}");
    }
}

#[test]
fn api_url_works_without_the_direct_url() {
    let refused = client(|storage| storage.direct = DirectUrls::Refused);
    assert_eq!(part(&refused, "bytes=0-").status, 403);
    let unreachable = client(|storage| storage.direct = DirectUrls::Unreachable);
    let direct = address(&unreachable, "directUrl");
    let port = direct.split(['/', ':']).nth(4).unwrap().parse::<u16>().unwrap();
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "{direct}");
    for closed in [refused, unreachable] {
        let redirect = closed.get(&address(&closed, "url"), &[("Authorization", &closed.authorization())]);
        assert_eq!(redirect.status, 307);
        let signed = redirect.headers["location"].to_str().unwrap();
        assert_eq!(closed.get(signed, &[]).body, b"0123456789");
    }
}

#[test]
fn listed_metadata_can_differ_from_content() {
    let client = client(|_| {});
    let store = client.server.store();
    store.set_listed_size("e/p/r", "a", Some(3)).unwrap();
    store.set_digest("e/p/r", "a", "wrong").unwrap();
    let listed = client.run("r", "files { edges { node { sizeBytes md5 } } }");
    let node = &listed["files"]["edges"][0]["node"];
    assert_eq!((node["sizeBytes"].to_string(), node["md5"].as_str()), ("3".to_owned(), Some("wrong")));
    store.set_reference("e/p/r", "a", "s3://bucket/a").unwrap();
    assert_eq!(
        (address(&client, "url"), address(&client, "directUrl")),
        ("s3://bucket/a".into(), "s3://bucket/a".into())
    );
}
