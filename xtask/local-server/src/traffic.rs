//! Traffic counters: the peak number of concurrent requests, and the bytes sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::request_log::Port;

/// Counters since the start or the last reset. Requests for the counters themselves are excluded.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    all: InFlightCount,
    api: Counters,
    storage: Counters,
}

#[derive(Debug, Default)]
struct Counters {
    in_flight: InFlightCount,
    requests: AtomicU64,
    bytes: AtomicU64,
}

/// The number of requests in flight, and its peak.
#[derive(Debug, Default)]
struct InFlightCount {
    now: AtomicU64,
    peak: AtomicU64,
}

impl InFlightCount {
    fn begin(&self) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(now, Ordering::SeqCst);
    }

    fn end(&self) {
        self.now.fetch_sub(1, Ordering::SeqCst);
    }

    fn reset(&self) {
        self.peak.store(self.now.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

/// Guard that counts a request as in flight until it is dropped.
///
/// It is dropped when the last bytes go into the server's buffers, so before the client can have read all of them.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Traffic>, Port);

impl Traffic {
    /// Counts a request as in flight until the returned guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>, port: Port) -> InFlight {
        self.all.begin();
        self.counters(port).in_flight.begin();
        InFlight(Arc::clone(self), port)
    }

    /// The peak number of concurrent requests at a port.
    pub(crate) fn peak_at(&self, port: Port) -> u64 {
        self.counters(port).in_flight.peak.load(Ordering::SeqCst)
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
            "peak": self.all.peak.load(Ordering::SeqCst),
            "api": counters(Port::Api),
            "storage": counters(Port::Storage),
        })
    }

    /// Resets the counters.
    pub(crate) fn reset(&self) {
        self.all.reset();
        for counters in [&self.api, &self.storage] {
            counters.in_flight.reset();
            counters.requests.store(0, Ordering::SeqCst);
            counters.bytes.store(0, Ordering::SeqCst);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.all.end();
        self.0.counters(self.1).in_flight.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peak_is_kept_after_requests_end() {
        let traffic = Arc::new(Traffic::default());
        let first = traffic.begin(Port::Storage);
        let second = traffic.begin(Port::Storage);
        drop((first, second));
        let third = traffic.begin(Port::Api);
        traffic.answered(Port::Storage, 7);
        assert_eq!(traffic.to_json()["peak"], 2);
        assert_eq!((traffic.peak_at(Port::Api), traffic.peak_at(Port::Storage)), (1, 2));
        assert_eq!(traffic.to_json()["storage"], json!({ "requests": 1, "bytes": 7 }));
        traffic.reset();
        assert_eq!(traffic.to_json()["peak"], 1);
        assert_eq!((traffic.peak_at(Port::Api), traffic.peak_at(Port::Storage)), (1, 0));
        assert_eq!(traffic.to_json()["storage"]["bytes"], 0);
        drop(third);
    }
}
