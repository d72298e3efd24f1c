//! A storage in a folder: objects are files that appear complete or not at all.

use std::collections::{BTreeSet, HashSet};
use std::fs::TryLockError;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::directory::{self, Directory};
use crate::file_system::{Access, FileSystem, Kind, OpenFile};
use crate::log::{AppendLog, LogStorage};
use crate::object::{Object, read_range};
use crate::staged::Staged;
use crate::storage::{Found, Storage};

/// The folder for internal files, such as contents with keys.
pub const OWN: &str = ".wandb-export";

/// The file that is locked by the process that owns the folder.
const LOCK: &str = ".wandb-export/lock";

/// The prefix of unfinished objects in a folder that one process owns.
const NEW: &str = "new-";

/// Number of attempts to lock a content that another user of its key holds.
const MOST_OPENINGS: u32 = 25;

/// Wait between attempts.
const MOMENT: Duration = Duration::from_millis(20);

/// Numbers the folders of this process, so that their unfinished objects have different names.
static OPENED: AtomicU64 = AtomicU64::new(0);

/// A folder. Links that lead out of it are not followed. Clones share it.
///
/// An unfinished object is a file beside the others, `.wandb-export-*`, or in a folder that one process
/// [owns](Self::claim), inside `.wandb-export`.
#[derive(Debug, Clone)]
pub struct Folder {
    shared: Arc<Shared>,
    /// The beginning of the names of all entries: empty, or a folder with `/` at its end.
    prefix: String,
}

#[derive(Debug)]
struct Shared {
    files: Arc<dyn FileSystem>,
    /// Prefix of the names of unfinished objects.
    unfinished: String,
    /// The number of unfinished objects created so far.
    begun: AtomicU64,
    /// Folders that are known to survive a crash.
    lasting: Mutex<HashSet<String>>,
    /// Held open to keep the lock.
    _lock: Option<Box<dyn OpenFile>>,
}

impl Folder {
    /// Opens an existing folder.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self::on(Directory::open(path)?))
    }

    /// Opens a folder of a file system.
    pub fn on(files: impl FileSystem + 'static) -> Self {
        let number = OPENED.fetch_add(1, Ordering::Relaxed);
        Self::new(Arc::new(files), format!("{OWN}-{}-{number}-", std::process::id()), None)
    }

    /// Opens a folder that only this process writes to: creates it and its missing parents so that they survive a
    /// crash, locks it, and removes the unfinished objects of killed processes. Returns `None` if another process has
    /// locked it.
    pub fn claim(path: &Path) -> io::Result<Option<Self>> {
        make_lasting(path)?;
        Self::claim_on(Directory::open(path)?)
    }

    /// Claims a folder of a file system; see [`claim`](Self::claim).
    pub fn claim_on(files: impl FileSystem + 'static) -> io::Result<Option<Self>> {
        let files: Arc<dyn FileSystem> = Arc::new(files);
        if files.kind(OWN)?.is_none() {
            files.make_folder(OWN)?;
        }
        let lock = files.open(LOCK, Access::Write)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let folder = Self::new(files, format!("{OWN}/{NEW}"), Some(lock));
        folder.persist(&[LOCK])?;
        let files = &folder.shared.files;
        for name in files.names(OWN)?.iter().filter(|name| name.starts_with(NEW)) {
            files.remove(&format!("{OWN}/{name}"))?;
        }
        Ok(Some(folder))
    }

    fn new(files: Arc<dyn FileSystem>, unfinished: String, lock: Option<Box<dyn OpenFile>>) -> Self {
        let shared =
            Shared { files, unfinished, begun: AtomicU64::new(0), lasting: Mutex::default(), _lock: lock };
        Self { shared: Arc::new(shared), prefix: String::new() }
    }

    /// Returns the name of an entry in the file system.
    fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Returns the name of an internal file.
    fn own(&self, name: &str) -> String {
        self.full(&format!("{OWN}/{name}"))
    }

    /// Returns the name of the content under a key.
    fn keyed(&self, key: &str) -> String {
        self.own(&format!("{key}.part"))
    }

    /// Retries an operation on a name after creating the folders around it, if one is missing.
    fn with_folders<T>(&self, name: &str, act: impl Fn(&dyn FileSystem) -> io::Result<T>) -> io::Result<T> {
        let files = &*self.shared.files;
        match act(files) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            done => return done,
        }
        for folder in folders_of(name) {
            match files.make_folder(folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made?,
            }
        }
        act(files)
    }

    fn place(&self, name: &str, staged: Staged) -> io::Result<()> {
        let name = self.full(name);
        staged.complete()?.place(|unplaced| self.with_folders(&name, |files| files.rename(unplaced, &name)))
    }

    fn list_into(&self, folder: &str, names: &mut Vec<String>) -> io::Result<()> {
        let inside = match self.shared.files.names(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            inside => inside?,
        };
        for name in inside {
            let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            match self.shared.files.entry(&name)?.map(|entry| entry.kind) {
                Some(Kind::File) if !name.starts_with(&self.shared.unfinished) => names.push(name),
                Some(Kind::Folder) if name != self.full(OWN) => self.list_into(&name, names)?,
                _ => {}
            }
        }
        Ok(())
    }
}

impl Storage for Folder {
    fn stage(&self) -> io::Result<Staged> {
        let Shared { files, unfinished, begun, .. } = &*self.shared;
        loop {
            let number = begun.fetch_add(1, Ordering::Relaxed);
            let name = format!("{unfinished}{number}");
            match files.open(&name, Access::CreateNew) {
                Ok(file) => return Ok(Staged::temporary(Arc::clone(files), name, file)),
                // A killed process with the same number left it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn has_keyed(&self, key: &str) -> bool {
        !matches!(self.shared.files.entry(&self.keyed(key)), Ok(None))
    }

    fn stage_keyed(&self, key: &str) -> io::Result<Staged> {
        let files = &self.shared.files;
        let name = self.keyed(key);
        let file = self.with_folders(&name, |files| lock(files, &name))?;
        Staged::keyed(Arc::clone(files), (name, self.own(&format!("{key}.json"))), file)
    }

    fn put(&self, name: &str, staged: Staged) -> io::Result<()> {
        self.place(name, staged)
    }

    fn put_new(&self, name: &str, staged: Staged) -> io::Result<()> {
        if self.shared.files.entry(&self.full(name))?.is_some() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something else has appeared there"));
        }
        self.place(name, staged)
    }

    fn persist(&self, names: &[&str]) -> io::Result<()> {
        let names: Vec<String> = names.iter().map(|name| self.full(name)).collect();
        let lasting = self.shared.lasting.lock().unwrap_or_else(PoisonError::into_inner);
        // The creator of a folder may have been killed before it synced the folder's name.
        let around = names.iter().flat_map(|name| folders_of(name));
        let unsure: BTreeSet<&str> = around.filter(|folder| !lasting.contains(*folder)).collect();
        // Hold the lock until the sync, so that nobody relies on a new folder before it survives a crash.
        let lasting = if unsure.is_empty() {
            drop(lasting);
            None
        } else {
            Some(lasting)
        };
        let changed = unsure.iter().copied().chain(names.iter().map(String::as_str)).map(folder_of);
        let mut missing = BTreeSet::new();
        for folder in changed.collect::<BTreeSet<_>>() {
            match self.shared.files.sync_folder(folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => _ = missing.insert(folder),
                synced => synced?,
            }
        }
        if let Some(mut lasting) = lasting {
            let found = unsure.into_iter().filter(|folder| !missing.contains(folder));
            lasting.extend(found.map(str::to_owned));
        }
        Ok(())
    }

    fn open_object(&self, name: &str) -> io::Result<Option<Arc<dyn Object>>> {
        let file: Box<dyn Object> = match self.shared.files.open(&self.full(name), Access::Read) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(file.into()))
    }

    fn find(&self, name: &str) -> io::Result<Found> {
        Ok(match self.shared.files.entry(&self.full(name))? {
            None => Found::Nothing,
            Some(entry) => match entry.kind {
                Kind::File => Found::Object(entry.size),
                Kind::Folder => Found::Prefix,
                Kind::Other => Found::Foreign,
            },
        })
    }

    fn list(&self, prefix: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        self.list_into(self.full(prefix).trim_end_matches('/'), &mut names)?;
        names.sort_unstable();
        Ok(names.into_iter().map(|name| name[self.prefix.len()..].to_owned()).collect())
    }

    fn remove(&self, name: &str) -> io::Result<bool> {
        match self.shared.files.remove(&self.full(name)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn keyed_bytes(&self) -> u64 {
        let files = &self.shared.files;
        let names = files.names(&self.full(OWN)).unwrap_or_default();
        let entries = names.iter().filter_map(|name| files.entry(&self.own(name)).ok()?);
        entries.map(|entry| entry.size).sum()
    }

    fn tidy(&self) {
        // Removal fails if contents remain to be resumed.
        let _ = self.shared.files.remove_folder(&self.full(OWN));
    }

    fn within(&self, name: &str) -> Arc<dyn Storage> {
        Arc::new(Self { shared: Arc::clone(&self.shared), prefix: self.full(&format!("{name}/")) })
    }

    fn free_bytes(&self) -> Option<u64> {
        self.shared.files.free_bytes()
    }
}

/// Opens and locks the content of a key. The previous holder of the lock may have put it meanwhile; it must then not be
/// touched, so open again.
fn lock(files: &dyn FileSystem, name: &str) -> io::Result<Box<dyn OpenFile>> {
    for _ in 0..MOST_OPENINGS {
        let file = files.open(name, Access::Write)?;
        match file.try_lock() {
            // A cancelled user releases the lock as soon as its last bytes are written.
            Err(TryLockError::WouldBlock) => {
                std::thread::sleep(MOMENT);
                continue;
            }
            // Some file systems do not support locks.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let own = file.entry()?;
        if files.entry(name)?.is_some_and(|found| found.identity == own.identity) {
            return Ok(file);
        }
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, "another download of this file is in progress"))
}

impl LogStorage for Folder {
    fn open_log(&self, name: &str, len: u64) -> io::Result<Box<dyn AppendLog>> {
        let full = self.full(name);
        let file = self.with_folders(&full, |files| files.open(&full, Access::Write))?;
        file.truncate(len)?;
        file.sync()?;
        self.persist(&[name])?;
        Ok(Box::new(AppendedFile { file, end: len }))
    }

    fn read_log(&self, name: &str) -> io::Result<Option<Arc<dyn Object>>> {
        self.open_object(name)
    }

    fn remove_log(&self, name: &str) -> io::Result<()> {
        if self.remove(name)? { self.persist(&[name]) } else { Ok(()) }
    }
}

/// A file that is only appended to.
#[derive(Debug)]
struct AppendedFile {
    file: Box<dyn OpenFile>,
    end: u64,
}

impl AppendLog for AppendedFile {
    fn end(&self) -> u64 {
        self.end
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut written = 0;
        while written < bytes.len() {
            match self.file.write_at(self.end + written as u64, &bytes[written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(more) => written += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.end += bytes.len() as u64;
        Ok(())
    }

    fn persist(&mut self) -> io::Result<()> {
        self.file.sync()
    }

    fn read(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        read_range(&*self.file, range)
    }
}

/// Creates a folder and its missing parents so that they survive a crash.
pub fn make_lasting(folder: &Path) -> io::Result<()> {
    let around = folder.ancestors().skip(1).take_while(|folder| !folder.exists());
    let new: Vec<_> = std::iter::once(folder).chain(around).collect();
    std::fs::create_dir_all(folder)?;
    new.into_iter().try_for_each(|folder| directory::sync(|| std::fs::File::open(parent(folder))))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns the folder that contains an entry.
pub(crate) fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Returns the folders around an entry, the outermost first.
fn folders_of(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(end, _)| &name[..end])
}
