//! Conformance suite for transports, over real sockets.
//!
//! [`suite!`] generates a test of every case for a transport. The cases talk to raw loopback servers, which can break
//! the rules of HTTP and TLS where a server library would not.

#![expect(clippy::missing_panics_doc, reason = "a case fails by panicking")]
#![expect(clippy::unwrap_used, reason = "a case fails by panicking")]

pub mod cases;
mod client;
mod server;
mod suite;
mod tls;

pub use client::Subject;
