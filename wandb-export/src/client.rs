//! The client, which sends operations with retries, rate limiting and several requests in flight.
//!
//! [`Api::client`](crate::Api::client) returns the client of an `Api`. It executes any
//! [`Operation`](crate::operation::Operation).

pub use wandb_core::client::{
    Client, ClientBuilder, ClientStats, Download, FileVersion, HeldBytes, ListSink, ParseMode, Partial,
    ProgressFloor, Reply, RetryPolicy, WaitReason, Waiting, Window,
};
pub use wandb_core::text::Redactor;
