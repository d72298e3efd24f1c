//! Tests of the search for an API key.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::key;
use crate::auth::Credential;
use crate::error::with_causes;
use crate::{BaseUrl, Environment};

fn environment(files: &[(&str, String)]) -> Environment {
    let files: BTreeMap<PathBuf, Vec<u8>> =
        files.iter().map(|(path, text)| (PathBuf::from(path), text.clone().into_bytes())).collect();
    Environment::default().with_home("/home/ada").with_current_dir("/project").with_files(files)
}

fn netrc(entries: &[(&str, &str)]) -> String {
    let entry = |(machine, mark): &(&str, &str)| {
        ["machine ", machine, "\n login user\n password ", &key(mark), "\n"].concat()
    };
    entries.iter().map(entry).collect()
}

/// The end of the key found for a server, and its source.
fn found(environment: &Environment, base_url: &str) -> Option<(String, String)> {
    let base_url = BaseUrl::parse(base_url).unwrap();
    let credential = Credential::resolve(None, environment, &base_url).unwrap()?;
    Some((credential.key.secret().trim_start_matches('0').to_owned(), credential.source.to_string()))
}

fn mark(environment: &Environment, base_url: &str) -> Option<String> {
    found(environment, base_url).map(|(mark, _)| mark)
}

fn error(environment: &Environment) -> String {
    with_causes(&Credential::resolve(None, environment, &BaseUrl::default()).unwrap_err())
}

const SERVER: &str = "http://localhost:8080/prefix";

#[test]
fn first_place_with_a_key_wins() {
    let mut environment = environment(&[
        ("/home/ada/.netrc", netrc(&[("localhost:8080", "n")])),
        ("/elsewhere/netrc", netrc(&[("localhost:8080", "m")])),
        ("/project/wandb/settings", format!("[default]\nbase_url = {SERVER}\napi_key = {}", key("s"))),
    ]);
    let server = BaseUrl::parse(SERVER).unwrap();
    let home = Some(("n".to_owned(), "netrc file /home/ada/.netrc".to_owned()));
    assert_eq!(found(&environment, SERVER), home);
    environment = environment.with_variable("NETRC", "/elsewhere/netrc").with_variable("WANDB_API_KEY", "");
    assert_eq!(mark(&environment, SERVER).as_deref(), Some("m"));
    environment = environment.with_variable("NETRC", "~/.netrc");
    assert_eq!(found(&environment, SERVER), home);
    environment = environment.with_variable("NETRC", "/missing");
    assert_eq!(
        found(&environment, SERVER),
        Some(("s".to_owned(), "settings file /project/wandb/settings".to_owned()))
    );
    assert_eq!(found(&environment, "http://other"), None);
    environment = environment.with_variable("WANDB_API_KEY", key("v") + "\n");
    assert_eq!(found(&environment, SERVER), Some(("v".to_owned(), "WANDB_API_KEY".to_owned())));
    let explicit = Credential::resolve(Some(&key("e")), &environment, &server).unwrap().unwrap();
    assert_eq!(
        (explicit.key.secret(), explicit.source.to_string().as_str()),
        (key("e").as_str(), "the caller")
    );
    let empty = Credential::resolve(Some(""), &environment, &server).unwrap().unwrap();
    assert_eq!(empty.source.to_string(), "WANDB_API_KEY");
    assert_eq!(found(&Environment::default(), SERVER), None);
}

#[test]
fn netrc_entries_match_by_host_and_port() {
    let environment = environment(&[(
        "/home/ada/_netrc",
        netrc(&[("localhost", "a"), ("localhost:8080", "b"), ("h:443", "c"), ("[::1]:9", "d")]),
    )]);
    for (base_url, expect) in [
        ("http://localhost", Some("a")),
        ("http://localhost:8080/p", Some("b")),
        ("http://localhost:8081", None),
        ("http://LOCALHOST:80", Some("a")),
        ("https://h", Some("c")),
        ("http://h", None),
        ("http://[::1]:9", Some("d")),
        ("https://api.wandb.ai", None),
    ] {
        assert_eq!(mark(&environment, base_url).as_deref(), expect, "{base_url}");
    }
}

#[test]
fn public_deployment_names_share_netrc_entries() {
    let of = |entries: &[(&str, &str)]| environment(&[("/home/ada/.netrc", netrc(entries))]);
    let (wandb, forge) = ("https://api.wandb.ai", "https://api.forge.coreweave.com");
    let only_wandb = of(&[("api.wandb.ai", "w")]);
    let only_forge = of(&[("api.forge.coreweave.com", "f")]);
    let both = of(&[("api.forge.coreweave.com", "f"), ("api.wandb.ai", "w"), ("default", "d")]);
    for (environment, at_wandb, at_forge) in
        [(only_wandb, "w", "w"), (only_forge, "f", "f"), (both, "w", "f")]
    {
        assert_eq!(mark(&environment, wandb).as_deref(), Some(at_wandb));
        assert_eq!(mark(&environment, forge).as_deref(), Some(at_forge));
        assert_eq!(mark(&environment, "https://forge.coreweave.com/api/wandb").as_deref(), Some(at_forge));
    }
    let other = of(&[("api.wandb.ai", "w"), ("default", "d")]);
    assert_eq!(mark(&other, forge).as_deref(), Some("w"));
    assert_eq!(mark(&other, "https://api.qa.wandb.ai").as_deref(), Some("d"));
}

#[test]
fn unusable_sources_are_errors() {
    let at_home = |text: &str| environment(&[("/home/ada/.netrc", text.to_owned())]);
    assert_eq!(
        error(&at_home("machine api.wandb.ai password short")),
        "the API key from netrc file /home/ada/.netrc cannot be used: an API key has 40+ characters, this one has 5"
    );
    assert_eq!(
        error(&at_home("machine api.wandb.ai login user")),
        "the netrc file /home/ada/.netrc lists api.wandb.ai without a password; the password is the API key"
    );
    assert_eq!(
        error(&at_home("\nmachine")),
        "the netrc file /home/ada/.netrc is broken in line 2: the name of the machine is missing"
    );
    let none = Credential::resolve(None, &at_home("default login x"), &BaseUrl::default());
    assert!(none.unwrap().is_none());
    let invalid = Environment::default().with_variable("WANDB_API_KEY", "a b");
    assert_eq!(
        error(&invalid),
        "the API key from WANDB_API_KEY cannot be used: an API key holds only letters A-Z and a-z, digits, `-` and `_`"
    );
    let explicit = Credential::resolve(Some(" "), &Environment::default(), &BaseUrl::default());
    assert_eq!(
        with_causes(&explicit.unwrap_err()),
        "the API key from the caller cannot be used: the API key is empty"
    );
    let token = at_home("").with_variable("WANDB_IDENTITY_TOKEN_FILE", "~/token");
    assert_eq!(
        error(&token),
        "WANDB_IDENTITY_TOKEN_FILE is set (/home/ada/token), but identity tokens are not supported; unset it and set \
         WANDB_API_KEY"
    );
    let both = token.with_variable("WANDB_API_KEY", key("x"));
    assert_eq!(error(&both), "both WANDB_API_KEY and WANDB_IDENTITY_TOKEN_FILE are set; unset one of them");
    assert!(
        error(&environment(&[("/project/wandb/settings", "broken".to_owned())])).contains("broken in line 1")
    );
}

#[test]
fn errors_never_contain_keys() {
    let secret = "sekret sekret";
    for environment in [
        Environment::default().with_variable("WANDB_API_KEY", secret),
        environment(&[("/home/ada/.netrc", format!("machine api.wandb.ai password {secret}"))]),
        environment(&[("/home/ada/.netrc", format!("machine api.wandb.ai password \"{secret}\""))]),
        environment(&[("/home/ada/.netrc", secret.to_owned())]),
        environment(&[("/project/wandb/settings", format!("[default]\napi_key = {secret}"))]),
    ] {
        let error = Credential::resolve(None, &environment, &BaseUrl::default()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("sekret"), "{error:?}");
    }
}
