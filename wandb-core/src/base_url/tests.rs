//! Tests of server addresses.

use proptest::prelude::*;

use super::*;
use crate::error::with_causes;

fn base(text: &str) -> BaseUrl {
    BaseUrl::parse(text).unwrap()
}

#[test]
fn trailing_slashes_are_dropped() {
    for (given, printed) in [
        ("https://api.wandb.ai", "https://api.wandb.ai"),
        (" https://api.wandb.ai/ \n", "https://api.wandb.ai"),
        ("http://localhost:8080//", "http://localhost:8080"),
        ("http://h/a/b///", "http://h/a/b"),
        ("HTTPS://API.WANDB.AI:443", "https://api.wandb.ai"),
        ("http://[::1]:9/x", "http://[::1]:9/x"),
    ] {
        assert_eq!(base(given).to_string(), printed);
    }
    assert_eq!(base("http://h/a/"), base("http://h/a"));
    assert_eq!(BaseUrl::default().to_string(), BaseUrl::DEFAULT);
}

#[test]
fn proxy_address_becomes_direct_address() {
    assert_eq!(base("https://forge.coreweave.com/api/wandb/"), BaseUrl::default());
    let qa = base("https://qa.forge.coreweave.com/api/wandb");
    assert_eq!(qa.to_string(), "https://api.qa.forge.coreweave.com");
}

#[test]
fn errors_name_the_fix() {
    let refused = |text: &str| with_causes(&BaseUrl::parse(text).unwrap_err());
    for app in [
        "https://wandb.ai",
        "https://app.wandb.ai",
        "http://api.wandb.ai",
        "https://forge.coreweave.com",
        "https://forge.coreweave.com/wandb",
        "http://forge.coreweave.com/api/wandb",
        "https://forge.coreweave.com:444/api/wandb",
    ] {
        assert_eq!(refused(app), format!("{app:?} is not the address of an API; use {}", BaseUrl::DEFAULT));
    }
    assert!(refused("ftp://h").contains("must be http or https, not ftp"));
    assert!(refused("localhost").contains("relative URL without a base"));
    assert!(refused("http://").contains("empty host"));
    assert!(refused("http://h/?a").contains("remove the query string"));
    assert!(refused("http://h/#a").contains("remove the query string"));
}

#[test]
fn errors_never_repeat_credentials() {
    for text in ["https://api:sekret@h/x", "https://sekret@h", "sekret@h", "http://a:sekret@h:99999"] {
        let error = BaseUrl::parse(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("sekret"), "{error:?}");
    }
}

#[test]
fn joined_urls_keep_the_prefix() {
    let prefixed = base("http://h:1/p");
    assert_eq!(prefixed.graphql_url().as_str(), "http://h:1/p/graphql");
    assert_eq!(base("http://h").graphql_url().as_str(), "http://h/graphql");
    assert_eq!(prefixed.join("a b/ü?x=1&y").as_str(), "http://h:1/p/a%20b/%C3%BC?x=1&y");
    assert_eq!(prefixed.join("/a#f").as_str(), "http://h:1/p/a");
    assert_eq!(prefixed.join("//evil.test/a").as_str(), "http://h:1/p//evil.test/a");
    assert_eq!(prefixed.join("file:///etc/passwd").host_str(), Some("h"));
    assert!(!prefixed.same_origin(&prefixed.join("https://s3.test/a")));
}

#[test]
fn origins_differ_by_scheme_host_and_port() {
    let own = base("https://h/p");
    assert_eq!(own.origin(), "https://h");
    assert_eq!(base("http://h:1/p").origin(), "http://h:1");
    assert!(own.same_origin(&Url::parse("https://h:443/other").unwrap()));
    for other in ["http://h/p", "https://h:444/p", "https://h.test/p", "data:x"] {
        assert!(!own.same_origin(&Url::parse(other).unwrap()), "{other}");
    }
}

#[test]
fn public_deployment_has_several_names() {
    assert!(base("https://api.wandb.ai").same_deployment(&BaseUrl::default()));
    assert!(BaseUrl::default().same_deployment(&base("https://api.wandb.ai")));
    assert!(!BaseUrl::default().same_deployment(&base("https://api.qa.wandb.ai")));
    assert!(!BaseUrl::default().same_deployment(&base("https://h")));
    assert!(!base("https://h").same_deployment(&base("https://h:1")));
    assert!(base("https://h/").same_deployment(&base("https://h")));
}

#[test]
fn app_urls_match_the_sdk() {
    for (api, app) in [
        ("https://api.forge.coreweave.com", "https://forge.coreweave.com/wandb"),
        ("https://api.wandb.ai", "https://forge.coreweave.com/wandb"),
        ("https://api.qa.wandb.ai", "https://qa.forge.coreweave.com/wandb"),
        ("https://api.wandb.corp.test", "https://wandb.corp.test/"),
        ("https://api.wandb.test", "https://app.wandb.test/"),
        ("https://api.corp.test", "https://app.corp.test/"),
        ("http://localhost:8080/p", "http://localhost:8080/p"),
    ] {
        assert_eq!(base(api).app_url().as_str(), app);
    }
}

proptest! {
    #[test]
    fn addresses_round_trip(host in "[a-z][a-z0-9]{0,8}", port in proptest::option::of(1u16..), path in "(/[a-z0-9 ü%?#]{1,5}){0,3}") {
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        if let Ok(base) = BaseUrl::parse(&format!("https://{host}{port}{path}")) {
            prop_assert_eq!(&BaseUrl::parse(&base.to_string()).unwrap(), &base);
        }
    }

    #[test]
    fn joined_urls_stay_on_the_origin_unless_absolute(text in "\\PC{0,20}") {
        let base = BaseUrl::parse("https://h/p").unwrap();
        let joined = base.join(&text);
        prop_assert!(base.same_origin(&joined) || Url::parse(&text).is_ok());
    }
}
