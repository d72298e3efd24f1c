//! Addresses of pages of the web app.

use percent_encoding::percent_decode_str;
use url::Url;

use super::error::PathKind;
use super::item::Located;
use super::project::ProjectPage;
use crate::base_url::{FORGE_APP_SEGMENT, is_forge_host};

/// Hosts of the public app, which people also paste without `https://`.
const APP_HOSTS: [&str; 5] =
    ["wandb.ai", "www.wandb.ai", "app.wandb.ai", "forge.coreweave.com", "qa.forge.coreweave.com"];

/// Pages below a project; each tells where the project's name ends, whatever stands before it.
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

/// Whether a name is a host of the public app.
pub(super) fn is_app_host(name: &str) -> bool {
    APP_HOSTS.iter().any(|host| host.eq_ignore_ascii_case(name))
}

/// Whether a segment after `entity/project` is one of the project's pages rather than a name.
pub(super) fn is_project_page(segment: &str) -> bool {
    PROJECT_PAGES.contains(&segment)
}

/// The decoded path segments of a web address, or `None` if the text is none. Query string, fragment and the
/// app's own path prefix on the public deployment are dropped.
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
        return Err(format!("{}:// is no web address", url.scheme()));
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

/// The run or sweep that a page shows: `…/entity/project/runs/run/…`. What stands before the entity is the
/// path prefix of a self-hosted server.
pub(super) fn item(segments: &[String], kind: PathKind) -> Result<Located, String> {
    let marked = (2..segments.len().saturating_sub(1)).find(|&at| segments[at] == kind.segment());
    if let Some(at) = marked {
        return Ok(Located::full(&segments[at - 2], &segments[at - 1], &segments[at + 1]));
    }
    match segments {
        [entity, project, name] if !is_project_page(name) => Ok(Located::full(entity, project, name)),
        [_, _, page, ..] if is_project_page(page) => {
            Err(format!("the web address leads to {page:?} of a project"))
        }
        _ => Err(format!("the web address holds no /{}/", kind.segment())),
    }
}

/// What of a project's runs a page shows: `names` are the segments behind the project, `view` is that of a workspace.
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

/// The saved view of a workspace that an address leads to (`?nw=…`), unless it is the one that everybody has.
pub(super) fn view(input: &str) -> Option<String> {
    let query = input.split_once('?')?.1.split('#').next()?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let (_, view) = pairs.find(|(name, _)| name == "nw")?;
    (!view.is_empty()).then(|| view.into_owned())
}

/// Where in a page's segments the project's page begins, behind entity and project.
pub(super) fn page_start(segments: &[String]) -> usize {
    (2..segments.len()).find(|&at| is_project_page(&segments[at])).unwrap_or(segments.len())
}

/// The entity and project that a page is about.
pub(super) fn project(segments: &[String]) -> Result<[String; 2], String> {
    let page = Some(page_start(segments)).filter(|at| *at < segments.len());
    let (entity, project) = match (page, segments) {
        (Some(at), _) => (&segments[at - 2], &segments[at - 1]),
        (None, [entity, project]) if project != PathKind::Project.segment() => (entity, project),
        _ => return Err("the web address does not lead to a project".to_owned()),
    };
    Ok([entity.trim().to_owned(), project.trim().to_owned()])
}
