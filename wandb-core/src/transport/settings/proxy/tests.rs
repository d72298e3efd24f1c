use super::*;

fn rules(variables: &[(&str, &str)]) -> Result<ProxyRules, SettingsError> {
    ProxyRules::from_variables(|name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    })
}

fn proxy(variables: &[(&str, &str)], uri: &str) -> Option<String> {
    let rules = rules(variables).expect("good variables");
    rules.proxy_for(&uri.parse().expect("a URI")).map(ToString::to_string)
}

#[test]
fn all_proxy_is_the_fallback_per_scheme() {
    let both = [("http_proxy", "http://plain:1"), ("https_proxy", "http://secure:2")];
    assert_eq!(proxy(&both, "http://w.example/").as_deref(), Some("http://plain:1"));
    assert_eq!(proxy(&both, "https://w.example/").as_deref(), Some("http://secure:2"));
    let one = [("HTTPS_PROXY", "secure:2"), ("ALL_PROXY", "socks5h://any")];
    assert_eq!(proxy(&one, "http://w.example/").as_deref(), Some("socks5h://any:1080"));
    assert_eq!(proxy(&one, "https://w.example/").as_deref(), Some("http://secure:2"));
    assert_eq!(proxy(&[("http_proxy", "plain:1")], "https://w.example/"), None);
}

#[test]
fn lower_case_wins_and_empty_is_unset() {
    let uri = "http://w.example/";
    let cased = [("HTTP_PROXY", "http://capital:1"), ("http_proxy", "http://small:1")];
    assert_eq!(proxy(&cased, uri).as_deref(), Some("http://small:1"));
    let emptied = [("HTTP_PROXY", "http://capital:1"), ("http_proxy", " ")];
    assert_eq!(proxy(&emptied, uri).as_deref(), Some("http://capital:1"));
}

#[test]
fn cgi_programs_ignore_upper_case_http_proxy() {
    let cgi = [("HTTP_PROXY", "http://visitor:1"), ("REQUEST_METHOD", "GET")];
    assert_eq!(proxy(&cgi, "http://w.example/"), None);
}

#[test]
fn errors_name_the_variable_but_not_the_address() {
    for address in ["ftp://user:hunter2@p", "http://user:hunter2@", "http://user:hunter2@p:99999"] {
        let error = rules(&[("HTTPS_PROXY", address)]).expect_err(address);
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("HTTPS_PROXY") && !shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn exceptions_match_domains_networks_and_ports() {
    let covered = |list: &str, uri: &str| {
        let rules = ProxyRules::all("p:1".parse().expect("an address")).except(list);
        rules.proxy_for(&uri.parse().expect("a URI")).is_none()
    };
    for (list, uri) in [
        ("*", "https://any.example/"),
        ("a.example, b.example", "https://b.example/"),
        ("b.example", "https://x.B.Example./"),
        (".b.example", "https://b.example/"),
        ("*.b.example", "https://x.b.example/"),
        ("localhost:8080", "http://localhost:8080/"),
        ("b.example:443", "https://b.example/"),
        ("127.0.0.1", "http://127.0.0.1:9/"),
        ("10.0.0.0/8 192.168.0.0/16", "http://192.168.3.4/"),
        ("::1", "http://[::1]:8080/"),
        ("[::1]:8080", "http://[::1]:8080/"),
        ("fd00::/8", "http://[fd12::1]/"),
    ] {
        assert!(covered(list, uri), "{list} covers {uri}");
    }
    for (list, uri) in [
        ("", "https://b.example/"),
        ("b.example", "https://ab.example/"),
        ("b.example", "https://b.example.org/"),
        ("b.example:80", "https://b.example/"),
        ("10.0.0.0/8", "http://11.0.0.1/"),
        ("127.0.0.1", "http://127.0.0.10/"),
        ("[::1]:8080", "http://[::1]:8081/"),
    ] {
        assert!(!covered(list, uri), "{list} does not cover {uri}");
    }
}

#[test]
fn credentials_are_kept_but_never_printed() {
    let proxy: ProxyUrl = "http://us%40er:p%3Aw@proxy.example:3128".parse().expect("an address");
    assert!(proxy.expose().contains("us%40er:p%3Aw@"));
    let rules = ProxyRules::all(proxy.clone());
    assert_eq!(rules.proxies().count(), 1);
    for shown in [format!("{proxy}"), format!("{proxy:?}"), format!("{rules:?}")] {
        assert!(shown.contains("***@proxy.example:3128") && !shown.contains("p%3Aw"), "{shown}");
    }
}
