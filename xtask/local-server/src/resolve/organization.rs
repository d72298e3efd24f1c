//! The `Organization` object.

use serde_json::Value;

use super::context::Context;
use super::people::EntityObject;
use crate::graphql::{Answer, Arguments, Object, Resolved, StaticObject};
use crate::options::Organization;
use crate::store::storage_id;

/// `Organization`.
#[derive(Debug, Clone)]
pub(crate) struct OrganizationObject {
    context: Context,
    organization: Organization,
}

impl OrganizationObject {
    pub(crate) fn all(context: &Context) -> Vec<Self> {
        let all = context.shared.options.organizations.iter();
        all.map(|organization| Self { context: context.clone(), organization: organization.clone() })
            .collect()
    }

    /// Finds an organization by its display name.
    pub(crate) fn named(context: &Context, name: &str) -> Option<Self> {
        Self::all(context).into_iter().find(|known| known.organization.name == name)
    }

    pub(crate) fn has_member(&self, username: &str) -> bool {
        self.organization.members.iter().any(|member| member == username)
    }

    /// Whether an entity is the organization's own one, or one of its teams.
    pub(crate) fn owns(&self, entity: &str) -> bool {
        self.is_entity(entity) || self.organization.teams.iter().any(|team| team == entity)
    }

    /// Whether this is the entity that owns the registries.
    pub(crate) fn is_entity(&self, entity: &str) -> bool {
        self.organization.entity == entity
    }
}

impl Object for OrganizationObject {
    fn type_name(&self) -> &'static str {
        "Organization"
    }

    fn resolve(&self, field: &str, _arguments: &Arguments) -> Resolved {
        let organization = &self.organization;
        Ok(match field {
            "id" => Answer::value(storage_id("Organization", &organization.name)),
            "name" => Answer::value(organization.name.as_str()),
            "orgEntity" => Answer::object(EntityObject::new(&self.context, &organization.entity)),
            "featureFlags" => Answer::value(Vec::<Value>::new()),
            "advancedRegistryFeatures" => Answer::object(
                StaticObject::new("AdvancedRegistryFeatures")
                    .value("advancedSearch", self.context.quirks.advanced_registry_search),
            ),
            _ => Answer::NULL,
        })
    }
}
