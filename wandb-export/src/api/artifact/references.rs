//! Follows references from one artifact into others (`wandb-artifact://…`).

use std::sync::Arc;

use wandb_core::ArtifactUri;
use wandb_core::model::Manifest;

use super::Artifact;
use super::fetch::{Group, Item, Prepared};
use super::location::ArtifactLocation;
use crate::error::Error;
use crate::files::{FailedDownload, UnfetchedReference};
use crate::issue::Issue;

/// The most artifacts that a reference may lead through. A cycle ends here.
const MAX_HOPS: u32 = 16;

/// An entry that refers to an entry of another artifact.
#[derive(Debug)]
pub(super) struct Link {
    /// The name of the file in the folder.
    pub(super) name: String,
    /// The entry and its artifact, for messages.
    pub(super) subject: String,
    /// The digest of the entry.
    pub(super) digest: String,
    /// The entry that it refers to.
    pub(super) uri: ArtifactUri,
}

impl Link {
    fn fail(self, message: String) -> FailedDownload {
        let error = Error::File { name: self.subject, message };
        FailedDownload { name: self.name, error }
    }
}

/// Finds the files that the links of `artifact` lead to, and adds them to `prepared`. Keeps one manifest in memory at a time.
pub(super) async fn resolve(artifact: &Artifact, mut links: Vec<Link>, prepared: &mut Prepared) {
    for _ in 0..MAX_HOPS {
        if links.is_empty() {
            return;
        }
        // All links into one artifact are followed together.
        links.sort_by(|one, other| one.uri.artifact_id().cmp(other.uri.artifact_id()));
        let mut next = Vec::new();
        let mut rest = links.into_iter().peekable();
        while let Some(first) = rest.next() {
            let id = first.uri.artifact_id().to_owned();
            let mut into_one = vec![first];
            while let Some(link) = rest.next_if(|link| link.uri.artifact_id() == id) {
                into_one.push(link);
            }
            match open(artifact, &id).await {
                Ok((target, location, manifest)) => {
                    follow(into_one, &target, location, &manifest, prepared, &mut next);
                }
                Err(error) => {
                    let failed = into_one.into_iter().map(|link| {
                        let message = format!("{} cannot be followed: {}", link.uri, error.with_causes());
                        link.fail(message)
                    });
                    prepared.failed.extend(failed);
                }
            }
        }
        links = next;
    }
    prepared.failed.extend(links.into_iter().map(|link| {
        link.fail(format!("its reference leads through more than {MAX_HOPS} artifacts, or in a cycle"))
    }));
}

async fn open(artifact: &Artifact, id: &str) -> Result<(Artifact, Arc<ArtifactLocation>, Manifest), Error> {
    let target = artifact.api.artifact_by_id(id).await?;
    let manifest = target.manifest().await?;
    let location = ArtifactLocation::find(&target, &manifest).await?;
    Ok((target, Arc::new(location), manifest))
}

/// Follows links into `target`. Those that lead on are added to `next`.
fn follow(
    links: Vec<Link>,
    target: &Artifact,
    location: Arc<ArtifactLocation>,
    manifest: &Manifest,
    prepared: &mut Prepared,
    next: &mut Vec<Link>,
) {
    let mut items = Vec::new();
    for link in links {
        let Some(entry) = manifest.entry(link.uri.path()) else {
            let message = format!("{} has no entry {:?}", target.path(), link.uri.path());
            prepared.failed.push(link.fail(message));
            continue;
        };
        match entry.reference().map(|address| (address, ArtifactUri::parse(address))) {
            None => {
                if entry.digest() != link.digest {
                    prepared.issues.push(Issue::ArtifactFileInexact {
                        file: link.subject,
                        detail: format!(
                            "it refers to {} with the digest {}, but that has {}",
                            location.subject(entry),
                            link.digest,
                            entry.digest()
                        ),
                    });
                }
                items.push(Item { name: link.name, entry: entry.clone() });
            }
            Some((_, Some(uri))) if !uri.path().is_empty() => next.push(Link { uri, ..link }),
            Some((address, _)) => prepared.references.push(UnfetchedReference {
                artifact: target.path().to_string(),
                name: link.name,
                address: address.to_owned(),
                size: entry.size(),
            }),
        }
    }
    prepared.groups.push(Group { location, items });
}
