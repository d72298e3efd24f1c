//! The blocking transport over ureq, behind the async adapter, without a runtime.

use std::sync::Arc;

use wandb_core::blocking::{BlockingAdapter, block_on};
use wandb_core::transport::{Settings, SettingsError, Transport};
use wandb_http_blocking::UreqTransport;
use wandb_transport_conformance::{Subject, suite};

struct Ureq;

impl Subject for Ureq {
    fn transport(settings: &Settings) -> Result<Arc<dyn Transport>, SettingsError> {
        Ok(Arc::new(BlockingAdapter::new(UreqTransport::with_settings(settings)?)))
    }

    fn run<F: Future>(future: F) -> F::Output {
        block_on(future)
    }
}

suite!(Ureq);
