//! URLs of pages of the web app.

use percent_encoding::percent_decode_str;
use url::Url;

use super::artifact::REGISTRY_PREFIX;
use super::error::PathKind;
use super::item::PathParts;
use super::project::ProjectPage;
use crate::base_url::{FORGE_APP_SEGMENT, is_forge_host};

/// Hosts of the public app, also accepted without `https://`.
const APP_HOSTS: [&str; 5] =
    ["wandb.ai", "www.wandb.ai", "app.wandb.ai", "forge.coreweave.com", "qa.forge.coreweave.com"];

/// Pages of a project. Each marks the end of the project's name, whatever precedes it.
const PROJECT_PAGES: [&str; 14] = [
    "workspace",
    "overview",
    "table",
    "runs",
    "sweeps",
    "groups",
    "reports",
    "reportlist",
    "artifacts",
    "automations",
    "jobs",
    "launch",
    "weave",
    "settings",
];

/// Returns true if a name is a host of the public app.
pub(super) fn is_app_host(name: &str) -> bool {
    APP_HOSTS.iter().any(|host| host.eq_ignore_ascii_case(name))
}

/// Returns true if a segment after `entity/project` is a page of the project rather than a name.
pub(super) fn is_project_page(segment: &str) -> bool {
    PROJECT_PAGES.contains(&segment)
}

/// Returns the decoded path segments of a URL, or `None` if the text is not a URL. Drops the query string, the
/// fragment and the app's path prefix on the public deployment.
pub(super) fn segments(input: &str) -> Result<Option<Vec<String>>, String> {
    let host = input.split('/').next().unwrap_or_default();
    let url = if input.contains("://") {
        Url::parse(input)
    } else if is_app_host(host) {
        Url::parse(&format!("https://{input}"))
    } else {
        return Ok(None);
    };
    let url = url.map_err(|error| format!("the web address cannot be read: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("{}:// is not a web address", url.scheme()));
    }
    let mut segments = Vec::new();
    for segment in url.path().split('/').filter(|segment| !segment.is_empty()) {
        let decoded = percent_decode_str(segment).decode_utf8();
        let decoded = decoded.map_err(|_| format!("{segment:?} is not percent-encoded UTF-8"))?;
        segments.push(decoded.into_owned());
    }
    let has_prefix = segments.first().is_some_and(|first| first == FORGE_APP_SEGMENT);
    if has_prefix && url.host_str().is_some_and(is_forge_host) {
        segments.remove(0);
    }
    Ok(Some(segments))
}

/// Finds the run or sweep of a page: `…/entity/project/runs/run/…`. Segments before the entity are the path prefix of
/// a self-hosted server.
pub(super) fn item(segments: &[String], kind: PathKind) -> Result<PathParts, String> {
    let marked = (2..segments.len().saturating_sub(1)).find(|&at| segments[at] == kind.segment());
    if let Some(at) = marked {
        return Ok(PathParts::full(&segments[at - 2], &segments[at - 1], &segments[at + 1]));
    }
    match segments {
        [entity, project, name] if !is_project_page(name) => Ok(PathParts::full(entity, project, name)),
        [_, _, page, ..] if is_project_page(page) => {
            Err(format!("the web address leads to {page:?} of a project"))
        }
        _ => Err(format!("the web address has no /{}/ segment", kind.segment())),
    }
}

/// Determines the runs of a project that a page shows. `names` are the segments after the project, `view` is a saved
/// view of the workspace.
pub(super) fn page(names: &[&str], view: Option<&str>) -> Option<ProjectPage> {
    match names {
        ["groups", group, ..] => Some(ProjectPage::Group((*group).to_owned())),
        ["sweeps", sweep, ..] => Some(ProjectPage::Sweep((*sweep).to_owned())),
        ["runs", run, ..] => Some(ProjectPage::Run((*run).to_owned())),
        ["workspace", saved, ..] => Some(ProjectPage::Workspace((*saved).to_owned())),
        [] | ["workspace"] => view.map(|view| ProjectPage::Workspace(view.to_owned())),
        _ => None,
    }
}

/// The saved view of a workspace in a URL (`?nw=…`), unless it is the default view.
pub(super) fn view(input: &str) -> Option<String> {
    let query = input.split_once('?')?.1.split('#').next()?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let (_, view) = pairs.find(|(name, _)| name == "nw")?;
    (!view.is_empty()).then(|| view.into_owned())
}

/// Returns the collection that a page of a registry selects, as `entity/project/collection`, and its version, if it names
/// one (`_construct_registry_url` in `sdk/artifacts/artifact.py` of the Python SDK).
pub(super) fn registry_selection(input: &str) -> Option<(String, Option<String>)> {
    let query = input.split_once('?')?.1.split('#').next()?;
    let value = |wanted: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    Some((value("selectionPath")?, value("version")))
}

/// Returns the index of the project's page in the segments, after entity and project.
pub(super) fn page_start(segments: &[String]) -> usize {
    (2..segments.len()).find(|&at| is_project_page(&segments[at])).unwrap_or(segments.len())
}

/// Finds the entity and project of a page. The page of a registry names the organization: `orgs/acme/registry/model`.
pub(super) fn project(segments: &[String]) -> Result<[String; 2], String> {
    if let [.., orgs, organization, registry, name] = segments
        && (orgs.as_str(), registry.as_str()) == ("orgs", "registry")
    {
        return Ok([organization.trim().to_owned(), format!("{REGISTRY_PREFIX}{}", name.trim())]);
    }
    let page = Some(page_start(segments)).filter(|at| *at < segments.len());
    let (entity, project) = match (page, segments) {
        (Some(at), _) => (&segments[at - 2], &segments[at - 1]),
        (None, [entity, project]) if project != PathKind::Project.segment() => (entity, project),
        _ => return Err("the web address does not lead to a project".to_owned()),
    };
    Ok([entity.trim().to_owned(), project.trim().to_owned()])
}
