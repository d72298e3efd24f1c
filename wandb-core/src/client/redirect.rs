//! Where a redirect leads, as a pure function: carriers follow none.

use http::header::LOCATION;
use http::{Method, StatusCode};
use url::Url;

/// So many redirects in a row are followed.
pub(super) const MOST_REDIRECTS: usize = 5;

/// Where `response` to a request at `from` says to go, if it does.
pub(super) fn target<B>(from: &Url, response: &http::Response<B>) -> Option<Url> {
    let redirects = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    if !redirects {
        return None;
    }
    from.join(response.headers().get(LOCATION)?.to_str().ok()?).ok()
}

/// Whether a redirect of a `method` request from `from` to `to` may be followed: reading is, asking and changing are
/// not, as they would carry what was asked to a server that the user has not named; nor is a step down from TLS.
pub(super) fn may_follow(method: &Method, from: &Url, to: &Url) -> bool {
    let safe_scheme = to.scheme() == "https" || (to.scheme() == "http" && from.scheme() == "http");
    matches!(*method, Method::GET | Method::HEAD) && safe_scheme
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn response(status: u16, location: Option<&str>) -> http::Response<()> {
        let mut builder = http::Response::builder().status(status);
        if let Some(location) = location {
            builder = builder.header(LOCATION, location);
        }
        builder.body(()).expect("a response")
    }

    #[test]
    fn locations_are_relative_to_what_was_asked() {
        let from = url("https://host/a/b?c");
        assert_eq!(target(&from, &response(302, Some("../d"))), Some(url("https://host/d")));
        assert_eq!(target(&from, &response(308, Some("//other/e"))), Some(url("https://other/e")));
        assert_eq!(target(&from, &response(302, None)), None);
        assert_eq!(target(&from, &response(304, Some("/d"))), None);
        assert_eq!(target(&from, &response(200, Some("/d"))), None);
    }

    #[test]
    fn only_reading_follows_and_never_down_from_tls() {
        let (plain, secure) = (url("http://host/"), url("https://host/"));
        assert!(may_follow(&Method::GET, &plain, &secure));
        assert!(may_follow(&Method::GET, &plain, &plain));
        assert!(!may_follow(&Method::GET, &secure, &plain));
        assert!(!may_follow(&Method::POST, &plain, &secure));
        assert!(!may_follow(&Method::GET, &secure, &url("file:///etc/passwd")));
    }
}
