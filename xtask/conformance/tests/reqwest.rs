//! The async transport over reqwest, on a tokio runtime.

use std::sync::{Arc, LazyLock};

use tokio::runtime::Runtime;
use wandb_core::transport::{Settings, SettingsError, Transport};
use wandb_http_async::ReqwestTransport;
use wandb_transport_conformance::{Subject, suite};

struct Reqwest;

impl Subject for Reqwest {
    fn transport(settings: &Settings) -> Result<Arc<dyn Transport>, SettingsError> {
        Ok(Arc::new(ReqwestTransport::with_settings(settings)?))
    }

    fn run<F: Future>(future: F) -> F::Output {
        // Pooled connections are bound to the runtime that opened them.
        static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));
        RUNTIME.block_on(future)
    }
}

suite!(Reqwest);
