//! The async transport of wandb-export: [reqwest](https://docs.rs/reqwest) carries the requests. It runs within a
//! tokio runtime.
//!
//! ```no_run
//! use bytes::Bytes;
//! use wandb_core::transport::Transport as _;
//! use wandb_http_async::ReqwestTransport;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let transport = ReqwestTransport::new()?;
//! let answer = transport.send(http::Request::get("https://api.wandb.ai/healthz").body(Bytes::new())?).await?;
//! println!("{}", answer.status());
//! # Ok(())
//! # }
//! ```
//!
//! # Trust
//!
//! TLS is rustls with the ring provider, nothing else. Which authorities are trusted depends on the features:
//!
//! | feature | `https://` trusts |
//! |---|---|
//! | `tls-webpki-roots` (default) | Mozilla's list, built in |
//! | `tls-native-roots` | what the operating system trusts |
//! | `tls` | only the certificates below |
//! | none | nothing: `https://` is refused as an invalid request |
//!
//! Where the environment variable `SSL_CERT_FILE` names a PEM file, its certificates take the place of both lists.
//! [`Settings::root_certificates`](wandb_core::transport::Settings::root_certificates) are trusted besides. A certificate that is
//! named in one of these ways is trusted also if it is the server's own, for the hosts and the time that it says.

mod body;
mod error;
#[cfg(feature = "tls")]
mod tls;
mod transport;
#[cfg(feature = "tls")]
mod trust;

pub use transport::ReqwestTransport;
