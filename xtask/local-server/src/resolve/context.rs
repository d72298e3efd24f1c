//! The request context of the resolvers.

use std::sync::{Arc, Mutex, PoisonError};

use crate::options::User;
use crate::quirks::Quirks;
use crate::store::Shared;
use crate::urls;

/// The context of a query. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) shared: Arc<Shared>,
    pub(crate) user: Arc<User>,
    /// Maximum width of a history window, in steps.
    pub(crate) page_limit: Option<u64>,
    pub(crate) quirks: Arc<Quirks>,
    rejected_window: Arc<Mutex<Option<WindowTooWide>>>,
}

/// A history window that is too wide, which fails the whole request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WindowTooWide {
    /// Requested steps.
    pub(crate) steps: u64,
}

impl Context {
    pub(crate) fn new(shared: Arc<Shared>, user: User) -> Self {
        let page_limit = shared.faults().page_limit();
        let quirks = shared.quirks();
        Self { shared, user: Arc::new(user), page_limit, quirks, rejected_window: Arc::default() }
    }

    /// Records that a window is too wide.
    pub(crate) fn reject_window(&self, window: WindowTooWide) {
        *self.rejected_window.lock().unwrap_or_else(PoisonError::into_inner) = Some(window);
    }

    pub(crate) fn rejected_window(&self) -> Option<WindowTooWide> {
        *self.rejected_window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Signs a download URL of a blob.
    pub(crate) fn download_url(&self, key: &str) -> String {
        urls::signed(&self.shared, "GET", key)
    }

    /// Signs the bucket URL of a file.
    pub(crate) fn direct_url(&self, key: &str) -> String {
        urls::direct(&self.shared, key)
    }

    /// Signs the bucket URL of a manifest.
    pub(crate) fn manifest_url(&self, key: &str) -> String {
        urls::manifest(&self.shared, key)
    }

    /// Signs an upload URL of a blob.
    pub(crate) fn upload_url(&self, key: &str) -> String {
        urls::signed(&self.shared, "PUT", key)
    }

    /// Returns the named entity, or the user's default.
    pub(crate) fn entity(&self, named: Option<&str>) -> String {
        named.filter(|name| !name.is_empty()).unwrap_or(&self.user.entity).to_owned()
    }

    /// Returns the named project, or the default `uncategorized`.
    pub(crate) fn project(named: Option<&str>) -> String {
        named.filter(|name| !name.is_empty()).unwrap_or("uncategorized").to_owned()
    }
}
