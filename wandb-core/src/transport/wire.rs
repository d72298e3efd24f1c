//! Request and response headers shared by all transports.

use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, RANGE};
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::{Request, TransportError, TransportErrorKind};

/// Prepares a request for a transport with or without TLS.
///
/// It requests a gzip body, unless the request has an `Accept-Encoding` or a range, which could not be decompressed.
/// If the method requires a body and there is none, it sets the length to 0.
///
/// # Errors
/// Fails with [`TransportErrorKind::InvalidRequest`] if the address is not an absolute `http://` or `https://` URL,
/// or requires TLS where it is not available.
pub fn prepare(request: &mut Request, tls: bool) -> Result<(), TransportError> {
    let uri = request.uri();
    let secure = uri.scheme() == Some(&Scheme::HTTPS);
    if !secure && uri.scheme() != Some(&Scheme::HTTP) || uri.host().is_none_or(str::is_empty) {
        return Err(invalid("the address is not an absolute http:// or https:// URL"));
    }
    if secure && !tls {
        return Err(invalid("this program was built without TLS, so it cannot open https:// addresses"));
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

fn invalid(why: &str) -> TransportError {
    TransportError::new(TransportErrorKind::InvalidRequest, why)
}

/// Returns true if the response to a `method` request must be decompressed. In that case, removes the headers with
/// the encoding and length of the compressed body.
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
    fn gzip_is_the_default_encoding() {
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
    fn empty_bodies_have_a_length() {
        assert_eq!(prepared(http::Request::post("/"))["content-length"], "0");
        assert!(!prepared(http::Request::get("/")).contains_key("content-length"));
    }

    #[test]
    fn url_must_be_absolute_and_tls_available() {
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
