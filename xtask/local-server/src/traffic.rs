//! Traffic counters: the peak number of concurrent requests, and the bytes sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::request_log::Port;

/// Counters since the start or the last reset. Requests for the counters themselves are excluded.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    now: AtomicU64,
    peak: AtomicU64,
    api: Counters,
    storage: Counters,
}

#[derive(Debug, Default)]
struct Counters {
    requests: AtomicU64,
    bytes: AtomicU64,
}

/// Guard that counts a request as in flight until it is dropped.
///
/// It is dropped when the last bytes go into the server's buffers, so before the client can have read all of them.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Traffic>);

impl Traffic {
    /// Counts a request as in flight until the returned guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> InFlight {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(now, Ordering::SeqCst);
        InFlight(Arc::clone(self))
    }

    /// Counts a response.
    pub(crate) fn answered(&self, port: Port, bytes: u64) {
        let counters = self.counters(port);
        counters.requests.fetch_add(1, Ordering::SeqCst);
        counters.bytes.fetch_add(bytes, Ordering::SeqCst);
    }

    fn counters(&self, port: Port) -> &Counters {
        match port {
            Port::Api => &self.api,
            Port::Storage => &self.storage,
        }
    }

    /// The peak number of concurrent requests, and for each port the number of responses and the bytes of their bodies.
    pub(crate) fn to_json(&self) -> Value {
        let counters = |port| {
            let counters: &Counters = self.counters(port);
            json!({
                "requests": counters.requests.load(Ordering::SeqCst),
                "bytes": counters.bytes.load(Ordering::SeqCst),
            })
        };
        json!({
            "peak": self.peak.load(Ordering::SeqCst),
            "api": counters(Port::Api),
            "storage": counters(Port::Storage),
        })
    }

    /// Resets the counters.
    pub(crate) fn reset(&self) {
        self.peak.store(self.now.load(Ordering::SeqCst), Ordering::SeqCst);
        for counters in [&self.api, &self.storage] {
            counters.requests.store(0, Ordering::SeqCst);
            counters.bytes.store(0, Ordering::SeqCst);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peak_is_kept_after_requests_end() {
        let traffic = Arc::new(Traffic::default());
        let first = traffic.begin();
        let second = traffic.begin();
        drop((first, second));
        let third = traffic.begin();
        traffic.answered(Port::Storage, 7);
        assert_eq!(traffic.to_json()["peak"], 2);
        assert_eq!(traffic.to_json()["storage"], json!({ "requests": 1, "bytes": 7 }));
        traffic.reset();
        assert_eq!(traffic.to_json()["peak"], 1);
        assert_eq!(traffic.to_json()["storage"]["bytes"], 0);
        drop(third);
    }
}
