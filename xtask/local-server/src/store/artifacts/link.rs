//! Links of versions into portfolios.

use jiff::Timestamp;

use super::Artifacts;
use super::collection::{CollectionKind, Membership};

/// Where to link a version.
#[derive(Debug, Clone)]
pub(crate) struct LinkTarget {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) portfolio: String,
    pub(crate) aliases: Vec<String>,
}

impl Artifacts {
    /// Links a version into a portfolio, which is created if it does not exist. A version that is linked already gets
    /// the aliases.
    pub(crate) fn link(&mut self, artifact: u64, target: &LinkTarget) -> Result<Membership, String> {
        let LinkTarget { entity, project, portfolio, aliases } = target;
        let sequence = self.version(artifact).ok_or("artifact not found")?.sequence;
        let source = self.collection(sequence).ok_or("the collection is deleted")?;
        let type_name = source.type_name.clone();
        let number =
            self.ensure_collection(entity, project, portfolio, &type_name, CollectionKind::Portfolio)?;
        let membership = self.number();
        let collection = self.collection_mut(number).ok_or("the collection is deleted")?;
        if collection.members.contains_key(&artifact) {
            for alias in aliases {
                collection.assign_alias(artifact, alias);
            }
        } else {
            collection.add_member(membership, artifact, aliases);
        }
        let linked = collection.members.get(&artifact).cloned().ok_or("the version is not linked")?;
        if let Some(version) = self.version_mut(artifact)
            && !version.collections.contains(&number)
        {
            version.collections.push(number);
        }
        Ok(linked)
    }

    /// Removes a version from a portfolio.
    pub(crate) fn unlink(&mut self, artifact: u64, portfolio: u64) -> Result<(), String> {
        let collection = self.collection_mut(portfolio).ok_or("portfolio not found")?;
        if collection.kind != CollectionKind::Portfolio || !collection.members.contains_key(&artifact) {
            return Err(format!("the artifact is not linked to {:?}", collection.name));
        }
        collection.remove_member(artifact);
        if let Some(version) = self.version_mut(artifact) {
            version.collections.retain(|own| *own != portfolio);
            version.updated_at = Some(Timestamp::now());
        }
        Ok(())
    }
}
