//! Lists the addresses of some files of an artifact, page by page.

use std::sync::Arc;

use wandb_core::model::File;

use super::fetch::Item;
use super::location::ArtifactLocation;
use crate::download::RemoteFile;
use crate::error::{Error, ErrorKind};
use crate::source::list_reader::ListReader;

/// The most files whose addresses are requested by their names, rather than in a list of all files.
const MAX_NAMES: usize = 100;

/// Files of an artifact whose addresses are being listed.
pub(super) struct AddressedGroup {
    location: Arc<ArtifactLocation>,
    /// Ordered by path. `None` once the file has been passed on.
    items: Vec<(Box<str>, Option<Item>)>,
    left: usize,
    /// `None` at the end.
    addresses: Option<ListReader<File>>,
}

impl AddressedGroup {
    pub(super) fn new(location: Arc<ArtifactLocation>, items: Vec<Item>) -> Self {
        let addresses = if items.len() <= MAX_NAMES {
            location.list_addresses_of(items.iter().map(|item| item.entry.path().to_owned()).collect())
        } else {
            location.list_addresses()
        };
        let left = items.len();
        let mut items: Vec<(Box<str>, Option<Item>)> =
            items.into_iter().map(|item| (Box::from(item.entry.path()), Some(item))).collect();
        items.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self { location, items, left, addresses: Some(addresses) }
    }

    /// Returns the next files, possibly none. `None` at the end. A file that the server does not list, or lists without a
    /// signed address, is fetched from the server itself.
    pub(super) async fn next_files(&mut self) -> Result<Option<Vec<RemoteFile>>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        if let Some(addresses) = &mut self.addresses {
            match addresses.next_batch().await {
                Ok(Some(listed)) => {
                    return Ok(Some(listed.into_iter().filter_map(|file| self.take(&file)).collect()));
                }
                Ok(None) => {}
                // An older server.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unsupported) => {}
                Err(error) => return Err(error),
            }
            self.addresses = None;
        }
        self.left = 0;
        let rest = self.items.iter_mut().filter_map(|(_, item)| item.take());
        Ok(Some(rest.map(|item| self.location.remote_file(item.name, &item.entry, None)).collect()))
    }

    fn take(&mut self, listed: &File) -> Option<RemoteFile> {
        let at = self.items.binary_search_by(|(path, _)| (**path).cmp(&listed.name)).ok()?;
        let Item { name, entry } = self.items[at].1.take()?;
        self.left -= 1;
        Some(self.location.remote_file(name, &entry, listed.direct_url.as_deref()))
    }
}
