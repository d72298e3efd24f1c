use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use http::uri::Scheme;
use ureq::ProxyProtocol;
use ureq::unversioned::transport::ConnectionDetails;

/// Sends requests for `http://` URLs to an HTTP proxy, with the absolute URL in the request line.
///
/// ureq opens a tunnel for these too, which many proxies allow to port 443 only.
pub(crate) struct Forward {
    proxy: Uri,
    origin: String,
    authorization: Option<String>,
}

impl Forward {
    /// Returns `None` for a direct request, a tunnel, or SOCKS.
    pub(crate) fn of(details: &ConnectionDetails<'_>) -> Option<Self> {
        let proxy = details.config.proxy()?;
        let forwards = matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https);
        if !forwards || details.uri.scheme() != Some(&Scheme::HTTP) {
            return None;
        }
        let target = details.uri.authority()?;
        let port = target.port().map_or_else(String::new, |port| format!(":{port}"));
        let authorization = proxy.username().map(|user| {
            let password = proxy.password().unwrap_or_default();
            format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(format!("{user}:{password}")))
        });
        Some(Self {
            proxy: proxy.uri().clone(),
            origin: format!("http://{}{port}", target.host()),
            authorization,
        })
    }

    /// The proxy's URL.
    pub(crate) fn proxy(&self) -> &Uri {
        &self.proxy
    }

    /// Rewrites the request line to an absolute URL, and adds the proxy's credentials.
    pub(crate) fn rewrite(&self, head: &[u8]) -> Vec<u8> {
        let target = head.iter().position(|byte| *byte == b' ').map_or(0, |space| space + 1);
        let headers = head.windows(2).position(|pair| pair == b"\r\n").map_or(head.len(), |end| end + 2);
        let authorization = self.authorization.as_deref().unwrap_or_default();
        [
            &head[..target],
            self.origin.as_bytes(),
            &head[target..headers],
            authorization.as_bytes(),
            &head[headers..],
        ]
        .concat()
    }
}

impl fmt::Debug for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Forward({})", self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_line_is_absolute_and_has_credentials() {
        let forward = Forward {
            proxy: Uri::from_static("http://user:secret@proxy.example:3128"),
            origin: "http://wandb.example:8080".to_owned(),
            authorization: Some("Proxy-Authorization: Basic dTpw\r\n".to_owned()),
        };
        let head = forward.rewrite(b"POST /graphql?a=b HTTP/1.1\r\nhost: wandb.example:8080\r\n\r\n{}");
        assert_eq!(
            String::from_utf8_lossy(&head),
            "POST http://wandb.example:8080/graphql?a=b HTTP/1.1\r\nProxy-Authorization: Basic dTpw\r\n\
             host: wandb.example:8080\r\n\r\n{}"
        );
        assert_eq!(format!("{forward:?}"), "Forward(http://wandb.example:8080)");
    }
}
