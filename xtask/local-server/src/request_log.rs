//! What was asked of the server, so that tests can assert on it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Which of the two ports a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// GraphQL and the file stream; asks for the API key.
    Api,
    /// Signed URLs; must never see the API key.
    Storage,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestRecord {
    /// The port it came to.
    pub port: Port,
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Name of the GraphQL operation.
    pub operation: Option<String>,
    /// GraphQL variables, as sent.
    pub variables: Option<serde_json::Value>,
    /// Whether it carried an `Authorization` header.
    pub authorization: bool,
    /// Status of the answer; `None` where the connection was broken instead.
    pub status: Option<u16>,
    /// Bytes of the answer's body.
    pub bytes: u64,
}

/// Records kept.
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
