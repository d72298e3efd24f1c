//! Artifacts of projects that are renamed or removed, and of runs that are removed.

use super::Artifacts;
use super::version::Creator;

impl Artifacts {
    /// Moves all types and collections to a project's new name.
    pub(crate) fn rename_project(&mut self, entity: &str, old: &str, new: &str) {
        let types = std::mem::take(&mut self.types);
        self.types = types
            .into_iter()
            .map(|(mut key, mut facts)| {
                if key.0 == entity && key.1 == old {
                    new.clone_into(&mut key.1);
                    new.clone_into(&mut facts.project);
                }
                (key, facts)
            })
            .collect();
        for collection in self.collections.values_mut() {
            if collection.entity == entity && collection.project == old {
                new.clone_into(&mut collection.project);
            }
        }
        self.index_names();
    }

    /// Deletes all types and collections of a project.
    pub(crate) fn remove_project(&mut self, entity: &str, project: &str) {
        self.types.retain(|key, _| key.0 != entity || key.1 != project);
        let own = self
            .collections()
            .filter(|collection| collection.entity == entity && collection.project == project);
        for number in own.map(|collection| collection.number).collect::<Vec<_>>() {
            self.delete_collection(number);
        }
    }

    /// Deletes all versions that a run has created.
    pub(crate) fn remove_created_by(&mut self, entity: &str, project: &str, run: &str) {
        let creator = Creator::Run(entity.to_owned(), project.to_owned(), run.to_owned());
        let own = self.versions().filter(|artifact| artifact.creator == creator);
        for number in own.map(|artifact| artifact.number).collect::<Vec<_>>() {
            self.delete_version(number);
        }
    }

    /// Rebuilds the index of collections by name.
    pub(super) fn index_names(&mut self) {
        let named = self.collections.values().filter(|collection| !collection.deleted).map(|collection| {
            let key = (collection.entity.clone(), collection.project.clone(), collection.name.clone());
            (key, collection.number)
        });
        self.names = named.collect();
    }
}
