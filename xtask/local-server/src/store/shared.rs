//! The data that all connections of a server share: state, schema, faults, log.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use jiff::Timestamp;

use super::field::Order;
use super::run::Run;
use super::state::{ProjectFacts, State};
use super::storage::StorageBehaviour;
use crate::faults::FaultState;
use crate::graphql::{SchemaError, ServedSchema};
use crate::options::Options;
use crate::quirks::Quirks;
use crate::request_log::RequestLog;
use crate::traffic::Traffic;

/// The base URLs of a server's ports, and one that refuses connections.
#[derive(Debug)]
pub(crate) struct Urls {
    pub(crate) base: String,
    pub(crate) storage: String,
    pub(crate) unreachable: String,
}

/// The sorted runs of a project. The key is the number of state changes, the project and the order.
#[derive(Debug, Default)]
struct OrderedRuns {
    key: Option<(u64, u64, Order)>,
    runs: Arc<Vec<Arc<Run>>>,
}

/// Everything that the connections of a server share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) log: RequestLog,
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) url_secret: u128,
    state: RwLock<State>,
    /// Increases whenever the state may have changed.
    changes: AtomicU64,
    ordered_runs: Mutex<OrderedRuns>,
    schema: RwLock<Arc<ServedSchema>>,
    faults: Mutex<FaultState>,
    features: RwLock<Vec<(String, bool)>>,
    quirks: RwLock<Arc<Quirks>>,
    storage: RwLock<StorageBehaviour>,
    /// Number of pages of runs requested since the quirks were set.
    run_pages: AtomicUsize,
    urls: OnceLock<Urls>,
}

impl Shared {
    pub(crate) fn new(options: Options) -> Result<Self, SchemaError> {
        Ok(Self {
            options,
            log: RequestLog::default(),
            traffic: Arc::default(),
            url_secret: fastrand::u128(..),
            state: RwLock::default(),
            changes: AtomicU64::new(0),
            ordered_runs: Mutex::default(),
            schema: RwLock::new(Arc::new(ServedSchema::without(&[])?)),
            faults: Mutex::default(),
            features: RwLock::new(FEATURES.iter().map(|name| ((*name).to_owned(), true)).collect()),
            quirks: RwLock::default(),
            storage: RwLock::default(),
            run_pages: AtomicUsize::new(0),
            urls: OnceLock::new(),
        })
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, State> {
        let state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, Ordering::Release);
        state
    }

    /// Returns the runs of a project in an order. Remembers the last answer, so that the pages of one list do not each
    /// sort all runs.
    pub(crate) fn ordered_runs(&self, project: &ProjectFacts, order: &Order) -> Arc<Vec<Arc<Run>>> {
        let (change, runs) = {
            let state = self.read();
            let found = state.project(&project.entity, &project.name);
            let runs = found.into_iter().flat_map(|project| project.runs.values().cloned());
            let change = self.changes.load(Ordering::Acquire);
            let key = (change, project.number, order.clone());
            let last = self.ordered_runs.lock().unwrap_or_else(PoisonError::into_inner);
            if last.key.as_ref() == Some(&key) {
                return Arc::clone(&last.runs);
            }
            (change, runs.collect::<Vec<_>>())
        };
        let keyed = runs.into_iter().map(|run| (order.key(&run, self.state_word(&run)), run));
        let mut keyed: Vec<_> = keyed.collect();
        keyed.sort_by(|(left, _), (right, _)| order.compare(left, right));
        let runs = Arc::new(keyed.into_iter().map(|(_, run)| run).collect());
        // A run's state changes as time passes.
        if !order.names("state") {
            let key = Some((change, project.number, order.clone()));
            let last = OrderedRuns { key, runs: Arc::clone(&runs) };
            *self.ordered_runs.lock().unwrap_or_else(PoisonError::into_inner) = last;
        }
        runs
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, FaultState> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn schema(&self) -> Arc<ServedSchema> {
        Arc::clone(&self.schema.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the schema from the next request on.
    pub(crate) fn serve(&self, schema: ServedSchema) {
        *self.schema.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(schema);
    }

    pub(crate) fn set_feature(&self, name: &str, enabled: bool) {
        let mut features = self.features.write().unwrap_or_else(PoisonError::into_inner);
        features.retain(|(known, _)| known != name);
        features.push((name.to_owned(), enabled));
    }

    pub(crate) fn features(&self) -> Vec<(String, bool)> {
        self.features.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the URLs of files may name the version besides the one that the file came with.
    pub(crate) fn has_artifact_ids_in_urls(&self) -> bool {
        self.features().iter().any(|(name, enabled)| name == ARTIFACT_ID_IN_URLS && *enabled)
    }

    pub(crate) fn quirks(&self) -> Arc<Quirks> {
        Arc::clone(&self.quirks.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts a page of runs. Returns the number of pages before.
    pub(crate) fn count_run_page(&self) -> usize {
        self.run_pages.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn set_quirks(&self, quirks: Quirks) {
        self.run_pages.store(0, Ordering::Relaxed);
        *self.quirks.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(quirks);
    }

    /// Sets the URLs. Only the first call has an effect.
    pub(crate) fn set_urls(&self, urls: Urls) {
        let _ = self.urls.set(urls);
    }

    pub(crate) fn base_url(&self) -> &str {
        self.urls.get().map_or("", |urls| &urls.base)
    }

    pub(crate) fn storage_url(&self) -> &str {
        self.urls.get().map_or("", |urls| &urls.storage)
    }

    /// A URL that refuses connections.
    pub(crate) fn unreachable_url(&self) -> &str {
        self.urls.get().map_or("", |urls| &urls.unreachable)
    }

    pub(crate) fn storage(&self) -> StorageBehaviour {
        *self.storage.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_storage(&self, behaviour: StorageBehaviour) {
        *self.storage.write().unwrap_or_else(PoisonError::into_inner) = behaviour;
    }

    pub(crate) fn owner(&self) -> String {
        self.options.users.first().map_or_else(|| "local".to_owned(), |user| user.username.clone())
    }

    pub(crate) fn state_word(&self, run: &Run) -> &'static str {
        run.state(Timestamp::now(), self.options.heartbeat_timeout).as_str()
    }
}

/// The features that the server reports. Clients behave differently if one is missing.
const FEATURES: [&str; 16] = [
    "LARGE_FILENAMES",
    "CLIENT_IDS",
    "EXPAND_DEFINED_METRIC_GLOBS",
    "MARK_RUN_FILES_UPLOADED",
    "ARTIFACT_TAGS",
    "ARTIFACT_REGISTRY_SEARCH",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILES",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILE_DOWNLOAD_HANDLER",
    "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION",
    "INCLUDE_ARTIFACT_TYPES_IN_REGISTRY_CREATION",
    "PROJECT_ARTIFACT_COLLECTION_MEMBERSHIP",
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",
    "TOTAL_COUNT_IN_FILE_CONNECTION",
    "ARTIFACT_COLLECTIONS_FILTERING_SORTING",
    ARTIFACT_ID_IN_URLS,
    "ARTIFACT_DIGEST_ALGORITHM",
];

/// The feature with which the URLs of files may name the version besides the one that the file came with.
const ARTIFACT_ID_IN_URLS: &str = "ARTIFACT_V2_DOWNLOAD_HANDLER_SUPPORTS_ARTIFACT_ID";
