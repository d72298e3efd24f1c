//! The blocking transport of wandb-export, based on [ureq](https://docs.rs/ureq). It has no async runtime among its
//! dependencies.
//!
//! ```no_run
//! use bytes::Bytes;
//! use wandb_core::blocking::Transport as _;
//! use wandb_http_blocking::UreqTransport;
//!
//! let transport = UreqTransport::new()?;
//! let answer = transport.send(http::Request::get("https://api.wandb.ai/healthz").body(Bytes::new())?)?;
//! println!("{}", answer.status());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`wandb_core::blocking::BlockingAdapter`] adapts it to the async trait that the client uses.
//!
//! # Trust
//!
//! TLS is always rustls with the ring provider. The trusted certificate authorities depend on the features:
//!
//! | feature | `https://` trusts |
//! |---|---|
//! | `tls-webpki-roots` (default) | Mozilla's list, built in |
//! | `tls-native-roots` | the authorities trusted by the operating system |
//! | `tls` | only the certificates below |
//! | none | nothing: `https://` fails as an invalid request |
//!
//! If the environment variable `SSL_CERT_FILE` names a PEM file, its certificates replace both lists. The
//! certificates in [`Settings::root_certificates`](wandb_core::transport::Settings::root_certificates) are trusted in
//! addition. A certificate from either source is also trusted as a server's own certificate, for its host names and
//! validity period.

mod body;
mod buffers;
mod connector;
mod error;
mod forward;
#[cfg(feature = "tls")]
mod secure;
mod transport;

pub use transport::UreqTransport;
