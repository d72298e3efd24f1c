//! Redirects, as pure functions: transports do not follow them.

use http::header::LOCATION;
use http::{Method, StatusCode};
use url::Url;

/// The maximum number of consecutive redirects.
pub(super) const MAX_REDIRECTS: usize = 5;

/// Returns the target of a redirect, if `response` to a request at `from` is one.
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

/// Returns true if a redirect of a `method` request from `from` to `to` may be followed.
///
/// Only GET and HEAD may: a redirected POST would send its body to a server that the user has not named. A downgrade
/// from TLS is never followed.
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
    fn locations_are_relative_to_the_request() {
        let from = url("https://host/a/b?c");
        assert_eq!(target(&from, &response(302, Some("../d"))), Some(url("https://host/d")));
        assert_eq!(target(&from, &response(308, Some("//other/e"))), Some(url("https://other/e")));
        assert_eq!(target(&from, &response(302, None)), None);
        assert_eq!(target(&from, &response(304, Some("/d"))), None);
        assert_eq!(target(&from, &response(200, Some("/d"))), None);
    }

    #[test]
    fn only_reads_are_redirected_and_never_to_http() {
        let (plain, secure) = (url("http://host/"), url("https://host/"));
        assert!(may_follow(&Method::GET, &plain, &secure));
        assert!(may_follow(&Method::GET, &plain, &plain));
        assert!(!may_follow(&Method::GET, &secure, &plain));
        assert!(!may_follow(&Method::POST, &plain, &secure));
        assert!(!may_follow(&Method::GET, &secure, &url("file:///etc/passwd")));
    }
}
