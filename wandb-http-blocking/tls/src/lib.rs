//! The TLS settings of both transports of wandb-export: rustls with ring, and the certificates that it trusts.
//!
//! | feature | `https://` trusts |
//! |---|---|
//! | `webpki-roots` | Mozilla's list, built in |
//! | `native-roots` | the authorities trusted by the operating system |

mod config;
mod verifier;

pub use config::config;
pub use verifier::explain;
