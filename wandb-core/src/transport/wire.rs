//! What every transport does to requests and answers on the way, so that all do the same.

use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, RANGE};
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::{Request, TransportError, TransportErrorKind};

/// Makes a request ready to be sent by a transport that can speak TLS or cannot.
///
/// It asks for a gzip body, unless the request says what it accepts or asks for a range, a part of which could not be
/// decompressed. And where a method promises a body and there is none, it says that its length is 0.
///
/// # Errors
/// [`TransportErrorKind::InvalidRequest`] when the address is not a whole `http://` or `https://` URL, or needs TLS
/// where there is none.
pub fn prepare(request: &mut Request, tls: bool) -> Result<(), TransportError> {
    let uri = request.uri();
    let secure = uri.scheme() == Some(&Scheme::HTTPS);
    if !secure && uri.scheme() != Some(&Scheme::HTTP) || uri.host().is_none_or(str::is_empty) {
        return Err(refused("the address is not a whole http:// or https:// URL"));
    }
    if secure && !tls {
        return Err(refused("this program was built without TLS, so it cannot open https:// addresses"));
    }
    let encoding = if request.headers().contains_key(RANGE) { "identity" } else { "gzip" };
    let promises_body = [Method::POST, Method::PUT, Method::PATCH].contains(request.method());
    let empty = promises_body && request.body().is_empty();
    let headers = request.headers_mut();
    headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static(encoding));
    if empty {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(())
}

fn refused(why: &str) -> TransportError {
    TransportError::new(TransportErrorKind::InvalidRequest, why)
}

/// Whether the answer to a `method` request has to be decompressed; then drops the headers that describe the
/// compressed body, its encoding and its length.
///
/// ```
/// use http::{HeaderMap, Method, StatusCode};
/// use wandb_core::transport::wire;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("content-encoding", "gzip".parse()?);
/// assert!(!wire::unwrap_gzip(&Method::HEAD, StatusCode::OK, &mut headers), "there is no body");
/// assert!(wire::unwrap_gzip(&Method::GET, StatusCode::OK, &mut headers));
/// assert!(headers.is_empty());
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
pub fn unwrap_gzip(method: &Method, status: StatusCode, answer: &mut HeaderMap) -> bool {
    let bodiless =
        method == Method::HEAD || [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
    let mut encodings = answer.get_all(CONTENT_ENCODING).iter();
    let only_gzip = match (encodings.next(), encodings.next()) {
        (Some(one), None) => {
            ["gzip", "x-gzip"].iter().any(|name| one.as_bytes().eq_ignore_ascii_case(name.as_bytes()))
        }
        _ => false,
    };
    if bodiless || !only_gzip {
        return false;
    }
    answer.remove(CONTENT_ENCODING);
    answer.remove(CONTENT_LENGTH);
    true
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn prepared(request: http::request::Builder) -> HeaderMap {
        let mut request = request.uri("http://w.example/").body(Bytes::new()).expect("a request");
        prepare(&mut request, false).expect("a good address");
        request.into_parts().0.headers
    }

    #[test]
    fn gzip_is_asked_for_unless_the_request_says_otherwise() {
        assert_eq!(prepared(http::Request::get("/"))["accept-encoding"], "gzip");
        assert_eq!(
            prepared(http::Request::get("/").header("range", "bytes=0-1"))["accept-encoding"],
            "identity"
        );
        assert_eq!(
            prepared(http::Request::get("/").header("accept-encoding", "br"))["accept-encoding"],
            "br"
        );
    }

    #[test]
    fn an_empty_body_has_a_length_where_one_is_promised() {
        assert_eq!(prepared(http::Request::post("/"))["content-length"], "0");
        assert!(!prepared(http::Request::get("/")).contains_key("content-length"));
    }

    #[test]
    fn an_address_must_be_whole_and_tls_must_be_there() {
        let check = |uri: &str, tls| {
            let mut request = http::Request::get(uri).body(Bytes::new()).expect("a request");
            prepare(&mut request, tls).map_err(|error| error.kind())
        };
        assert_eq!(check("https://w.example/", true), Ok(()));
        assert_eq!(check("http://w.example/", false), Ok(()));
        for (uri, tls) in [("https://w.example/", false), ("/graphql", true), ("ftp://w.example/", true)] {
            assert_eq!(check(uri, tls), Err(TransportErrorKind::InvalidRequest), "{uri}");
        }
    }
}
