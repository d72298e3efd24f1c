//! A network and a clock that exist only in the test (feature `mock`).
//!
//! A [`Simulation`] owns virtual time. Its transport delays, reorders, refuses, cuts and garbles answers as a seed
//! decides, and [`run`](Simulation::run) drives a future by jumping from event to event, so that hours of waiting
//! take microseconds and every schedule can be had again from its seed.
//!
//! ```
//! use std::sync::Arc;
//! use bytes::Bytes;
//! use wandb_core::simulation::{Faults, Simulation};
//! use wandb_core::transport::{Request, Transport};
//!
//! let simulation = Simulation::new(7, Faults::none(), |_: &Request| http::Response::new(Bytes::from("hello")));
//! let transport = simulation.transport();
//! let body = simulation.run(async {
//!     let response = transport.send(http::Request::new(Bytes::new())).await?;
//!     response.into_body().bytes(100).await
//! })??;
//! assert_eq!(&body[..], b"hello");
//! assert_eq!(simulation.report().requests, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod executor;
mod faults;
mod network;
mod world;

pub use executor::Stuck;
pub use faults::Faults;
pub use network::{Report, Simulation};
