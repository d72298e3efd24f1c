//! `FetchOrgInfoFromEntity`: the organizations of a user or team.

use bytes::Bytes;
use http::Response;
use wandb_core::operation::{AnswerError, Endpoint, Operation, UnsupportedFields};
use wandb_core::transport::Request;

use crate::envelope::{RequestSpec, data, not_found, post};
use crate::schema::sdl as schema;

/// Reads the organizations of a user or team (`FetchOrgInfoFromEntity` in the Python SDK): a team has one, a user may have
/// several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetOrganizations {
    entity: String,
}

/// The names of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Organization {
    /// The name shown in the app.
    pub name: String,
    /// The name of the entity that owns its registries.
    pub entity: String,
}

impl Organization {
    /// Returns true if a text is one of the names.
    pub fn has_name(&self, name: &str) -> bool {
        self.name == name || self.entity == name
    }
}

impl GetOrganizations {
    /// Reads the organizations of `entity`.
    pub fn new(entity: impl Into<String>) -> Self {
        Self { entity: entity.into() }
    }
}

#[derive(cynic::QueryVariables, Debug)]
struct Variables<'a> {
    entity: &'a str,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(variables = "Variables")]
struct Query {
    #[arguments(name: $entity)]
    entity: Option<Entity>,
}

#[derive(cynic::QueryFragment, Debug)]
struct Entity {
    organization: Option<OrganizationFields>,
    user: Option<User>,
}

#[derive(cynic::QueryFragment, Debug)]
struct User {
    organizations: Option<Vec<Option<OrganizationFields>>>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Organization")]
struct OrganizationFields {
    name: Option<String>,
    org_entity: Option<OrgEntity>,
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Entity")]
struct OrgEntity {
    name: Option<String>,
}

impl OrganizationFields {
    fn into_organization(self) -> Option<Organization> {
        Some(Organization { name: self.name?, entity: self.org_entity?.name? })
    }
}

impl Operation for GetOrganizations {
    type Answer = Vec<Organization>;

    fn name(&self) -> &'static str {
        "FetchOrgInfoFromEntity"
    }

    fn subject(&self) -> String {
        self.entity.clone()
    }

    fn request(&self, endpoint: &Endpoint, unsupported: &UnsupportedFields) -> Result<Request, AnswerError> {
        let variables = Variables { entity: &self.entity };
        post::<Query, _>(RequestSpec::new(self, variables), endpoint, unsupported)
    }

    fn answer(&self, response: Response<Bytes>) -> Result<Vec<Organization>, AnswerError> {
        let what = || format!("entity {}", self.entity);
        let query: Query = data(&response, what)?;
        let entity = query.entity.ok_or_else(|| not_found(what()))?;
        let of_user = entity.user.and_then(|user| user.organizations).into_iter().flatten().flatten();
        let all = entity.organization.into_iter().chain(of_user);
        let mut organizations: Vec<_> = all.filter_map(OrganizationFields::into_organization).collect();
        organizations.dedup();
        Ok(organizations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{answer, request};

    #[test]
    fn organizations_request() {
        insta::assert_snapshot!(request(&GetOrganizations::new("team"), &[]));
    }

    #[test]
    fn organizations_of_teams_and_users_are_read() {
        let get = GetOrganizations::new("team");
        let names = |body: &str| {
            let organizations = answer(&get, body).unwrap();
            organizations.into_iter().map(|of| (of.name, of.entity)).collect::<Vec<_>>()
        };
        let pair = |name: &str, entity: &str| (name.to_owned(), entity.to_owned());
        let team = r#"{"data": {"entity": {"organization": {"name": "Acme", "orgEntity": {"name": "acme"}}, "user": null}}}"#;
        assert_eq!(names(team), [pair("Acme", "acme")]);
        let user = r#"{"data": {"entity": {"organization": null, "user": {"organizations": [
            {"name": "Acme", "orgEntity": {"name": "acme"}}, null, {"name": "Ltd", "orgEntity": null}]}}}}"#;
        assert_eq!(names(user), [pair("Acme", "acme")]);
        let error = answer(&get, r#"{"data": {"entity": null}}"#).unwrap_err();
        assert_eq!(error, AnswerError::NotFound { what: "entity team".to_owned() });
        assert!(answer(&get, team).unwrap()[0].has_name("acme"));
    }
}
