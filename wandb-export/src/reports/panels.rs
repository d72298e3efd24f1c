//! Panels: the plots and other views of runs in a report.

use wandb_core::Value;

use super::inline::text;

/// A panel as text.
pub(super) struct Panel {
    /// The title, if it has one.
    pub(super) title: Option<String>,
    /// The type, as the app names it.
    pub(super) kind: String,
    /// Names and values of the settings that select its data.
    pub(super) settings: Vec<(&'static str, String)>,
    /// The text of a panel that holds Markdown.
    pub(super) markdown: Option<String>,
}

/// The settings that select the data of a panel, with their names for people. All other settings are about looks.
const SETTINGS: [(&str, &str); 24] = [
    ("metrics", "metrics"),
    ("metricRegex", "metrics that match"),
    ("expressions", "expressions"),
    ("xAxis", "x axis"),
    ("xExpression", "x expression"),
    ("yAxis", "y axis"),
    ("zAxis", "z axis"),
    ("columns", "columns"),
    ("mediaKeys", "media"),
    ("targetKey", "target"),
    ("groupBy", "grouped by"),
    ("groupAgg", "aggregated by"),
    ("groupArea", "area"),
    ("smoothingType", "smoothing"),
    ("smoothingWeight", "smoothing weight"),
    ("xAxisMin", "x from"),
    ("xAxisMax", "x to"),
    ("yAxisMin", "y from"),
    ("yAxisMax", "y to"),
    ("limit", "limit"),
    ("panelDefId", "definition"),
    ("userQuery", "query"),
    ("fieldSettings", "fields"),
    ("stringSettings", "texts"),
];

impl Panel {
    /// Reads a panel.
    pub(super) fn read(panel: &Value) -> Self {
        let config = panel.get("config").unwrap_or(&Value::Null);
        let title = ["chartTitle", "title"].into_iter().find_map(|key| text(config, key));
        let kind = text(panel, "viewType").unwrap_or("panel").to_owned();
        let is_markdown = kind == "Markdown Panel";
        let is_known = |(key, _): &(&str, &str)| config.get(key).is_some();
        let mut settings: Vec<(&'static str, String)> =
            SETTINGS.iter().filter_map(|(key, name)| Some((*name, value(config.get(key)?)?))).collect();
        let is_empty = config.as_map().is_none_or(wandb_core::Map::is_empty);
        // Other types of panels, such as those of Weave, have settings with other names.
        if !is_markdown && !is_empty && !SETTINGS.iter().any(is_known) {
            settings.push(("settings", config.to_json()));
        }
        Self {
            title: title.filter(|title| !title.is_empty()).map(str::to_owned),
            kind,
            settings,
            markdown: text(config, "value").filter(|_| is_markdown).map(str::to_owned),
        }
    }
}

/// Returns a setting as text, or `None` if it is empty.
fn value(setting: &Value) -> Option<String> {
    match setting {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::List(list) => {
            let names: Vec<String> = list.iter().map(name).collect();
            Some(names.join(", ")).filter(|names| !names.is_empty())
        }
        Value::Map(map) if map.is_empty() => None,
        other => Some(other.to_json()),
    }
}

/// Returns an entry of a list: the text itself, or the key that a column shows.
fn name(entry: &Value) -> String {
    let own = entry.as_str().or_else(|| text(entry, "accessor"));
    own.map_or_else(|| entry.to_json(), str::to_owned)
}

/// Returns the panels of a grid. They are in different places in different versions of the format.
pub(super) fn of_grid(grid: &Value) -> Vec<&Value> {
    let mut found: Vec<&Value> = Vec::new();
    found.extend(list(grid.get_path(["panelBankSectionConfig", "panels"])));
    let is_shown = |section: &&Value| text(section, "name") != Some("Hidden Panels");
    for section in list(grid.get_path(["panelBankConfig", "sections"])).iter().filter(is_shown) {
        found.extend(list(section.get("panels")));
    }
    if let Some(views) = grid.get_path(["panels", "views"]).and_then(Value::as_map) {
        for (_, view) in views.iter() {
            found.extend(list(view.get("config")));
        }
    }
    found
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_list).unwrap_or_default()
}
