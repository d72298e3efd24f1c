//! What resolvers need to know about the request.

use std::sync::{Arc, Mutex, PoisonError};

use crate::options::User;
use crate::quirks::Quirks;
use crate::store::Shared;
use crate::urls;

/// The request a query came with; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) shared: Arc<Shared>,
    pub(crate) user: Arc<User>,
    /// Widest history window that is answered, in steps.
    pub(crate) page_limit: Option<u64>,
    pub(crate) quirks: Arc<Quirks>,
    refused: Arc<Mutex<Option<Refused>>>,
}

/// Why the whole request fails, whatever else it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Steps asked for.
    pub(crate) steps: u64,
}

impl Context {
    pub(crate) fn new(shared: Arc<Shared>, user: User) -> Self {
        let page_limit = shared.faults().page_limit();
        let quirks = shared.quirks();
        Self { shared, user: Arc::new(user), page_limit, quirks, refused: Arc::default() }
    }

    /// Notes that a window is wider than the server can answer.
    pub(crate) fn refuse(&self, refused: Refused) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(refused);
    }

    pub(crate) fn refused(&self) -> Option<Refused> {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A URL under which the storage port gives out a blob.
    pub(crate) fn download_url(&self, key: &str) -> String {
        urls::signed(&self.shared, "GET", key)
    }

    /// The URL of a run's file in the bucket.
    pub(crate) fn direct_url(&self, key: &str) -> String {
        urls::direct(&self.shared, key)
    }

    /// A URL under which the storage port takes a blob.
    pub(crate) fn upload_url(&self, key: &str) -> String {
        urls::signed(&self.shared, "PUT", key)
    }

    /// The entity a request means when it names none.
    pub(crate) fn entity(&self, named: Option<&str>) -> String {
        named.filter(|name| !name.is_empty()).unwrap_or(&self.user.entity).to_owned()
    }

    /// The project a request means when it names none.
    pub(crate) fn project(named: Option<&str>) -> String {
        named.filter(|name| !name.is_empty()).unwrap_or("uncategorized").to_owned()
    }
}
