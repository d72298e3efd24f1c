//! Lists, reads and downloads the files of a run.

mod content;
#[cfg(feature = "files")]
mod download;
mod pattern;

use std::io::Read as _;
use std::ops::Deref;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{BoxStream, TryStreamExt};
use wandb_core::model;
use wandb_core::operation::PageSize;
use wandb_graphql::ops::ListFiles;

pub(crate) use self::content::FileContent;
#[cfg(feature = "files")]
pub(super) use self::download::open_folder;
pub(crate) use self::pattern::Pattern;
use super::Api;
use crate::error::Error;
use crate::issue::Issue;
use crate::source::list_reader::ListReader;
#[cfg(feature = "mirror")]
use crate::source::server;
use crate::source::{FilesQuery, FoundFile, RunSource, StoredFile};

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
    source: Arc<dyn RunSource>,
    names: Option<Vec<String>>,
    pattern: Option<Pattern>,
    page_size: PageSize,
    #[cfg(feature = "files")]
    existing: crate::files::ExistingFilePolicy,
    #[cfg(feature = "files")]
    progress: crate::download::DownloadProgress,
}

/// A file of a run. Dereferences to the server's listing: [`model::File`].
#[derive(Debug, Clone)]
pub struct RunFile {
    api: Api,
    run: Arc<dyn RunSource>,
    model: model::File,
    /// The file, if the run is on disk.
    on_disk: Option<Arc<dyn StoredFile>>,
}

impl Files {
    pub(super) fn new(api: Api, source: Arc<dyn RunSource>) -> Self {
        Self {
            api,
            source,
            names: None,
            pattern: None,
            page_size: ListFiles::PAGE_SIZE,
            #[cfg(feature = "files")]
            existing: crate::files::ExistingFilePolicy::default(),
            #[cfg(feature = "files")]
            progress: crate::download::DownloadProgress::default(),
        }
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
        let Self { api, source: run, names, pattern, page_size, .. } = self;
        let like = pattern.as_ref().and_then(Pattern::to_like_pattern);
        let files = run.files(&FilesQuery { names: names.clone(), like, page_size }).map(move |file| {
            let FoundFile { model, on_disk } = file;
            RunFile { api: api.clone(), run: Arc::clone(&run), model, on_disk }
        });
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
        self.source.file_issues().await
    }

    /// Collects all files.
    pub async fn collect(self) -> Result<Vec<RunFile>, Error> {
        self.stream().try_collect().await
    }
}

impl RunFile {
    /// Creates a handle for a file that a server has listed.
    #[cfg(feature = "mirror")]
    pub(crate) fn from_listing(api: Api, run: wandb_core::RunPath, model: model::File) -> Self {
        let run = server::run_source(api.client(), run);
        Self { api, run, model, on_disk: None }
    }

    /// Fetches the file with this name.
    #[cfg(feature = "files")]
    async fn find(api: &Api, run: &Arc<dyn RunSource>, name: &str) -> Result<Self, Error> {
        let mut found = Files::new(api.clone(), Arc::clone(run)).names([name]).stream();
        found
            .try_next()
            .await?
            .ok_or_else(|| Error::NoSuchFile { run: run.path().to_string(), name: name.to_owned() })
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
        if let Some(file) = self.on_disk.clone() {
            let reading = format!("reading {}", file.path().display());
            let read = move || {
                let mut content = Vec::new();
                file.open()?.take(limit.saturating_add(1)).read_to_end(&mut content)?;
                Ok(content)
            };
            let content: std::io::Result<Vec<u8>> = self.api.client.work(read).await;
            let content = content.map_err(|error| Error::io(reading, error))?;
            return if content.len() as u64 > limit { Err(too_large()) } else { Ok(content.into()) };
        }
        let mut download = self.api.client.download(&self.require_urls()?, &self.subject()).await?;
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
    fn require_urls(&self) -> Result<Vec<url::Url>, Error> {
        self.check_stored()?;
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
    fn check_stored(&self) -> Result<(), Error> {
        let reference =
            |address: &str| Error::FileIsReference { name: self.name.clone(), address: address.to_owned() };
        self.reference().map_or(Ok(()), |address| Err(reference(address)))
    }

    /// Returns the name of the file for errors.
    fn subject(&self) -> String {
        format!("{} of {}", self.name, self.run.path())
    }
}

impl Deref for RunFile {
    type Target = model::File;

    fn deref(&self) -> &model::File {
        &self.model
    }
}
