//! The behaviour every transport must show, as one suite over real sockets.
//!
//! A transport passes when [`suite!`] makes tests of every case for it and they pass. The cases ask raw servers on
//! the loopback, which can break the rules of HTTP and TLS where a well-behaved server library would not.

#![expect(clippy::missing_panics_doc, reason = "a case fails by panicking")]
#![expect(clippy::unwrap_used, reason = "a case fails by panicking")]

pub mod cases;
mod client;
mod server;
mod suite;
mod tls;

pub use client::Subject;
