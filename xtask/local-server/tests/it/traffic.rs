//! The traffic counters, and files larger than the memory that holds them.

use serde_json::json;

use crate::client::Client;

#[test]
fn traffic_excludes_the_counter_request() {
    let client = Client::start();
    client.server.store().generate_files("e", "p", "r", 2, 3_000_000);
    let answer = client.run("r", "files { edges { node { name sizeBytes md5 directUrl } } }");
    let file = &answer["files"]["edges"][1]["node"];
    assert_eq!(
        (&file["name"], &file["sizeBytes"]),
        (&json!("artifacts/000/file_000001.bin"), &json!(3_000_000))
    );
    let url = file["directUrl"].as_str().unwrap();
    let whole = client.get(url, &[]);
    assert_eq!(client.head(url), 200);
    let part = client.get(url, &[("Range", "bytes=2999990-")]);
    let counted = client.get(&format!("{}/local/traffic", client.server.base_url()), &[]).json();
    assert_eq!(counted["storage"], json!({ "requests": 3, "bytes": 3_000_010 }));
    assert_eq!((&counted["api"]["requests"], &counted["peak"]), (&json!(1), &json!(1)));
    assert_eq!((whole.body.len(), &part.body[..]), (3_000_000, &whole.body[2_999_990..]));
    assert_eq!(file["md5"], digest(&whole.body));
}

fn digest(bytes: &[u8]) -> String {
    use base64::Engine as _;
    use md5::Digest as _;
    base64::engine::general_purpose::STANDARD.encode(md5::Md5::digest(bytes))
}
