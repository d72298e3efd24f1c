//! Transports for tests of programs that use the client (feature `mock`).
//!
//! - [`Script`] answers the requests a test expects, by operation name or URL, and fails the test on any other.
//! - [`Recorder`] writes down what a real transport exchanged, without secrets; [`Replayer`] answers from it.
//! - [`MockTransport`] and [`MockBlockingTransport`] are [`mockall`] mocks of the two traits.
//! - [`simulation`](crate::simulation) has a network with faults and virtual time.
//!
//! A program's own function, tested against a script:
//!
//! ```
//! use std::sync::Arc;
//! use wandb_core::BaseUrl;
//! use wandb_core::blocking::block_on;
//! use wandb_core::client::Client;
//! use wandb_core::mock::Script;
//! # use wandb_core::operation::{AnswerError, Endpoint, Lacks, Operation};
//! # struct WhoAmI;
//! # impl Operation for WhoAmI {
//! #     type Answer = String;
//! #     fn name(&self) -> &'static str { "Viewer" }
//! #     fn subject(&self) -> String { String::new() }
//! #     fn request(&self, endpoint: &Endpoint, _: &Lacks) -> Result<wandb_core::transport::Request, AnswerError> {
//! #         let body = bytes::Bytes::from_static(br#"{"operationName":"Viewer"}"#);
//! #         Ok(http::Request::post(endpoint.graphql_url().as_str()).body(body).unwrap())
//! #     }
//! #     fn answer(&self, response: http::Response<bytes::Bytes>) -> Result<String, AnswerError> {
//! #         Ok(String::from_utf8_lossy(response.body()).into_owned())
//! #     }
//! # }
//!
//! async fn greeting(client: &Client) -> String {
//!     match client.call(WhoAmI).await {
//!         Ok(reply) => format!("Hello, {}!", reply.answer),
//!         Err(error) => format!("Who are you? {error}"),
//!     }
//! }
//!
//! let script = Script::new().on("Viewer", "ada");
//! let client = Client::builder(Arc::new(script.clone()), BaseUrl::parse("https://wandb.test")?).build();
//! assert_eq!(block_on(greeting(&client)), "Hello, ada!");
//! script.finish();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod mocks;
mod recording;
mod redact;
mod replay;
mod script;

pub use mocks::{MockBlockingTransport, MockTransport};
pub use recording::{Exchange, RecordedBody, Recorder, Recording};
pub use replay::Replayer;
pub use script::Script;
