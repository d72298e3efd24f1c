//! A simulated network and clock for tests (feature `mock`).
//!
//! A [`Simulation`] owns virtual time. Its transport delays, reorders, rejects, truncates and corrupts answers,
//! deterministically by seed. [`run`](Simulation::run) drives a future by jumping from event to event, so hours of
//! waiting take microseconds, and a seed reproduces its schedule.
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

pub use executor::SimulationError;
pub use faults::Faults;
pub use network::{Report, Simulation};
