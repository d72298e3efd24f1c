//! Lists, reads and downloads the files of a run.

#[cfg(feature = "files")]
mod download;
mod pattern;

use std::io::Read as _;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use wandb_core::operation::PageSize;
use wandb_core::{RunPath, model};
use wandb_graphql::ops::ListFiles;

use self::pattern::Pattern;
use super::Api;
use super::list_reader::{self, Issues, ListReader};
use crate::error::Error;
use crate::issue::Issue;
use crate::local::LocalRun;

/// A request for the files of a run, to be refined. Defaults to all files, in the server's order.
///
/// ```no_run
/// # #[cfg(all(feature = "async", feature = "files"))]
/// # async fn example() -> Result<(), wandb_export::Error> {
/// use futures_util::TryStreamExt;
///
/// let run = wandb_export::Api::connect()?.run("my-team/my-project/abc123").await?;
/// let mut files = run.files().pattern("*.h5")?.stream();
/// while let Some(file) = files.try_next().await? {
///     println!("{} {:?}", file.name, file.size);
/// }
/// let downloads = run.files().download("abc123").await?;
/// println!("{} are there, {} are not", downloads.files.len(), downloads.failed.len());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Files {
    api: Api,
    path: RunPath,
    names: Option<Vec<String>>,
    pattern: Option<Pattern>,
    page_size: PageSize,
    local: Option<Arc<LocalRun>>,
    #[cfg(feature = "files")]
    existing: crate::files::Existing,
    #[cfg(feature = "files")]
    progress: crate::download::DownloadProgress,
}

/// A file of a run. Dereferences to the server's listing: [`model::File`].
#[derive(Debug, Clone)]
pub struct RunFile {
    api: Api,
    run: RunPath,
    model: model::File,
    /// The path of a file of a run on disk.
    place: Option<PathBuf>,
}

/// Maximum number of names per request.
const NAMES_AT_ONCE: usize = 100;

impl Files {
    pub(crate) fn new(api: Api, path: RunPath) -> Self {
        Self {
            api,
            path,
            names: None,
            pattern: None,
            page_size: ListFiles::PAGE_SIZE,
            local: None,
            #[cfg(feature = "files")]
            existing: crate::files::Existing::default(),
            #[cfg(feature = "files")]
            progress: crate::download::DownloadProgress::default(),
        }
    }

    /// Uses the files of a run on disk, if given.
    pub(crate) fn on_disk(self, local: Option<Arc<LocalRun>>) -> Self {
        Self { local, ..self }
    }

    /// Selects only the files with these names. Names that do not exist are simply missing from the result.
    pub fn names<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Selects only the files whose whole names match a shell pattern: `*` matches any text including slashes, `?`
    /// any character, `[a-z]` one of a set.
    ///
    /// # Errors
    /// If the pattern is invalid.
    pub fn pattern(mut self, pattern: &str) -> Result<Self, Error> {
        self.pattern = Some(Pattern::new(pattern)?);
        Ok(self)
    }

    /// Sets the number of files per request. Default 500.
    pub fn page_size(mut self, files: u64) -> Self {
        self.page_size = PageSize::fixed(files);
        self
    }

    /// Streams the files, fetched page by page (query `RunFiles`). Does not report missing entries;
    /// [`open`](Self::open) does.
    pub fn stream(self) -> BoxStream<'static, Result<RunFile, Error>> {
        self.open().into_stream()
    }

    /// Opens the list, to be read in batches.
    pub fn open(self) -> ListReader<RunFile> {
        let Self { api, path, names, pattern, page_size, local, .. } = self;
        let all = ListFiles::new(path.clone()).page_size(page_size);
        let requests: Vec<ListFiles> = match (&names, &pattern) {
            (Some(names), _) => names.chunks(NAMES_AT_ONCE).map(|names| all.clone().names(names)).collect(),
            (None, Some(pattern)) => vec![pattern.like().map_or(all.clone(), |like| all.like(like))],
            (None, None) => vec![all],
        };
        let files = if let Some(local) = local {
            let files = on_disk(api, path, local).map_ok(|file| vec![file]).boxed();
            ListReader::new(files, Issues::default())
        } else {
            let files = list_reader::paged(&api.client, requests, format!("files of {path}"));
            files.map(move |file| RunFile::listed(api.clone(), path.clone(), file))
        };
        files.filter(move |file| {
            names.as_ref().is_none_or(|names| names.contains(&file.name))
                && pattern.as_ref().is_none_or(|pattern| pattern.matches(&file.name))
        })
    }

    /// Returns the issues of the files of a run on disk. Empty for a run on a server.
    ///
    /// # Errors
    /// If the run's folder or mirror cannot be read.
    pub async fn issues(&self) -> Result<Vec<Issue>, Error> {
        match self.local.clone() {
            Some(run) => self.api.client.work(move || run.file_issues()).await,
            None => Ok(Vec::new()),
        }
    }

    /// Collects all files.
    pub async fn collect(self) -> Result<Vec<RunFile>, Error> {
        self.stream().try_collect().await
    }
}

impl RunFile {
    /// Creates a handle for a file that a server has listed.
    pub(crate) fn listed(api: Api, run: RunPath, model: model::File) -> Self {
        Self { api, run, model, place: None }
    }

    /// Fetches the file with this name.
    #[cfg(feature = "files")]
    pub(crate) async fn find(api: &Api, run: &RunPath, name: &str) -> Result<Self, Error> {
        let mut found = Files::new(api.clone(), run.clone()).names([name]).stream();
        found
            .try_next()
            .await?
            .ok_or_else(|| Error::NoSuchFile { run: run.to_string(), name: name.to_owned() })
    }

    /// Reads the whole file into memory if it has at most `limit` bytes.
    ///
    /// # Errors
    /// [`Error::FileTooLarge`] if it is larger.
    pub async fn read(&self, limit: u64) -> Result<Bytes, Error> {
        let too_large = || Error::FileTooLarge { name: self.name.clone(), limit };
        if self.size.is_some_and(|size| size > limit) {
            return Err(too_large());
        }
        if let Some(place) = self.place.clone() {
            let reading = format!("reading {}", place.display());
            let read = move || {
                let mut content = Vec::new();
                std::fs::File::open(place)?.take(limit.saturating_add(1)).read_to_end(&mut content)?;
                Ok(content)
            };
            let content: std::io::Result<Vec<u8>> = self.api.client.work(read).await;
            let content = content.map_err(|error| Error::io(reading, error))?;
            return if content.len() as u64 > limit { Err(too_large()) } else { Ok(content.into()) };
        }
        let mut download = self.api.client.download(&self.links()?, &self.subject()).await?;
        let mut content = BytesMut::new();
        loop {
            match download.chunk().await {
                Ok(None) => return Ok(content.freeze()),
                Ok(Some(chunk)) if (content.len() + chunk.len()) as u64 > limit => return Err(too_large()),
                Ok(Some(chunk)) => content.extend_from_slice(&chunk),
                Err(error) => {
                    download.restart(error).await?;
                    content.clear();
                }
            }
        }
    }

    /// Returns the server's data without the rest.
    pub fn into_model(self) -> model::File {
        self.model
    }

    /// Returns the download URLs. Fails if there is none.
    fn links(&self) -> Result<Vec<url::Url>, Error> {
        self.is_stored()?;
        let urls = self.urls();
        if urls.is_empty() { Err(Error::no_url(&self.name)) } else { Ok(urls) }
    }

    /// Returns the download URLs: the storage's own first, then the server's. The storage may reject this machine or
    /// be unreachable.
    fn urls(&self) -> Vec<url::Url> {
        let addresses = [&self.direct_url, &self.url].into_iter().flatten();
        let mut urls: Vec<url::Url> =
            addresses.filter_map(|address| self.api.base_url().resolve(address)).collect();
        urls.dedup();
        urls
    }

    /// Fails if the run only refers to the file.
    fn is_stored(&self) -> Result<(), Error> {
        let reference =
            |address: &str| Error::FileIsReference { name: self.name.clone(), address: address.to_owned() };
        self.reference().map_or(Ok(()), |address| Err(reference(address)))
    }

    /// Returns the name of the file for errors.
    fn subject(&self) -> String {
        format!("{} of {}", self.name, self.run)
    }
}

/// Lists the files of a run on disk.
fn on_disk(api: Api, path: RunPath, run: Arc<LocalRun>) -> BoxStream<'static, Result<RunFile, Error>> {
    let client = api.client.clone();
    let list = async move {
        let files = client.work(move || run.files()).await?;
        let file = move |(model, place)| {
            Ok(RunFile { place: Some(place), ..RunFile::listed(api.clone(), path.clone(), model) })
        };
        Ok::<_, Error>(stream::iter(files.into_iter().map(file)))
    };
    stream::once(list).try_flatten().boxed()
}

impl Deref for RunFile {
    type Target = model::File;

    fn deref(&self) -> &model::File {
        &self.model
    }
}
