//! The interface between the client and HTTP libraries.
//!
//! A [`Transport`] sends a request, sleeps, and reads the clock. Requests and responses are types of the `http` crate, so
//! any HTTP library can implement it: [`ApiBuilder::connect_over`](crate::ApiBuilder::connect_over) takes one.
//!
//! A transport returns every response, whatever its status. It never follows a redirect, never retries and never adds
//! credentials. Only a request without a response is a [`TransportError`].

pub use wandb_core::transport::{
    Body, Moment, Phase, Proxies, ProxyRules, ProxyUrl, Request, Response, Settings, SettingsError,
    Transport, TransportError, TransportErrorKind,
};
