//! Redaction of secrets in recordings, and the names of requests.

use http::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, PROXY_AUTHORIZATION, SET_COOKIE};
use url::Url;

use crate::transport::Request;

/// The replacement of a secret.
const REDACTED: &str = "REDACTED";

const SECRET_HEADERS: [HeaderName; 4] = [AUTHORIZATION, COOKIE, SET_COOKIE, PROXY_AUTHORIZATION];

/// The `operationName` of a GraphQL request.
pub(super) fn operation_name(request: &Request) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(request.body()).ok()?;
    body.get("operationName")?.as_str().map(str::to_owned)
}

/// Redacts the value of every query parameter, and credentials. Which parameters of a signed URL are secret depends
/// on the storage host.
pub(super) fn url(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return text.to_owned() };
    let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    if !names.is_empty() {
        url.query_pairs_mut().clear().extend_pairs(names.iter().map(|name| (name, REDACTED)));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // Cannot fail for a URL that had credentials.
        let _ = url.set_username(REDACTED);
        let _ = url.set_password(None);
    }
    url.into()
}

/// Returns the headers without secret values, as text.
pub(super) fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let public =
        headers.iter().filter(|(name, value)| !SECRET_HEADERS.contains(name) && !value.is_sensitive());
    public
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect()
}

/// Redacts the query values of every URL in `text`.
pub(super) fn body(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = [rest.find("https://"), rest.find("http://")].into_iter().flatten().min() {
        let (before, from_url) = rest.split_at(start);
        let end = from_url.find(['"', '\\', ' ', '<', '>', '\n']).unwrap_or(from_url.len());
        redacted.push_str(before);
        let found = &from_url[..end];
        if found.contains(['?', '@']) {
            redacted.push_str(&url(found));
        } else {
            redacted.push_str(found);
        }
        rest = &from_url[end..];
    }
    redacted.push_str(rest);
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_and_credentials_are_redacted() {
        assert_eq!(
            url("https://user:pass@host/a?sig=s3cret&x=1"),
            "https://REDACTED@host/a?sig=REDACTED&x=REDACTED"
        );
        assert_eq!(url("https://host/a"), "https://host/a");
    }

    #[test]
    fn signed_urls_inside_answers_lose_their_query() {
        let text = r#"{"url":"https://host/f?sig=s3cret","next":"http://host/g","odd":"https://"}"#;
        let redacted = body(text);
        assert_eq!(
            redacted,
            r#"{"url":"https://host/f?sig=REDACTED","next":"http://host/g","odd":"https://"}"#
        );
    }

    #[test]
    fn secret_headers_are_left_out() {
        let mut map = HeaderMap::new();
        for name in SECRET_HEADERS {
            map.insert(name, http::HeaderValue::from_static("s3cret"));
        }
        map.insert("x-kept", http::HeaderValue::from_static("yes"));
        assert_eq!(headers(&map), [("x-kept".to_owned(), "yes".to_owned())]);
    }
}
