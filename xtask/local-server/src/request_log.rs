//! The log of received requests, for assertions in tests.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The port that received a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// GraphQL and the file stream; requires the API key.
    Api,
    /// Signed URLs; must never see the API key.
    Storage,
}

/// A logged request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestRecord {
    /// The port that received it.
    pub port: Port,
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Name of the GraphQL operation.
    pub operation: Option<String>,
    /// GraphQL variables, as sent.
    pub variables: Option<serde_json::Value>,
    /// Whether it had an `Authorization` header.
    pub authorization: bool,
    /// Status of the response; `None` if a fault reset the connection instead.
    pub status: Option<u16>,
    /// Length of the response body in bytes.
    pub bytes: u64,
}

/// Maximum number of records kept. Older ones are dropped.
const CAPACITY: usize = 100_000;

#[derive(Debug, Default)]
pub(crate) struct RequestLog(Mutex<VecDeque<RequestRecord>>);

impl RequestLog {
    fn records(&self) -> MutexGuard<'_, VecDeque<RequestRecord>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, record: RequestRecord) {
        let mut records = self.records();
        if records.len() == CAPACITY {
            records.pop_front();
        }
        records.push_back(record);
    }

    pub(crate) fn all(&self) -> Vec<RequestRecord> {
        self.records().iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.records().clear();
    }
}
