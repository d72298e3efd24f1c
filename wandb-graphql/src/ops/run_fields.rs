//! The requested fields of a run.

use wandb_core::model::{Config, HistoryKeys, Run, RunState, Timestamp, UnreadableField, map_from_json};
use wandb_core::operation::Field;
use wandb_core::{Value, ValueError};

use super::user_fields::UserFields;
use crate::schema::{DateTime, Int64, JsonText, sdl as schema};

/// How much of a run to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Detail {
    /// All fields except `config`, `summaryMetrics`, `systemMetrics` and `historyKeys`, which are slow for the server
    /// (`LightweightRunFragment` in the Python SDK).
    Light,
    /// All fields except `historyKeys`, which can be larger than the rest of a run that has logged many keys.
    Standard,
    /// All fields (`RunFragment`).
    #[default]
    Full,
}

/// The optional fields: the heavy ones first, heaviest in front; then the project's; then those of every form.
const OPTIONAL_FIELDS: &[Field] = &[
    Field::new("Run", "historyKeys"),
    Field::new("Run", "config"),
    Field::new("Run", "summaryMetrics"),
    Field::new("Run", "systemMetrics"),
    Field::new("Project", "runCount"),
    Field::new("Run", "displayName"),
    Field::new("Run", "state"),
    Field::new("Run", "createdAt"),
    Field::new("Run", "projectId"),
    Field::new("Run", "tags"),
    Field::new("Run", "sweepName"),
    Field::new("Run", "group"),
    Field::new("Run", "jobType"),
    Field::new("Run", "commit"),
    Field::new("Run", "readOnly"),
    Field::new("Run", "heartbeatAt"),
    Field::new("Run", "description"),
    Field::new("Run", "notes"),
    Field::new("Run", "historyLineCount"),
    Field::new("Run", "user"),
    Field::new("User", "username"),
    Field::new("User", "name"),
];

/// How many of the first fields the light form omits.
const HEAVY_FIELDS: usize = 4;

/// How many of the first fields the standard form omits.
const HEAVIEST_FIELDS: usize = 1;

impl Detail {
    /// The fields to request if the server has them, including fields of the project around the runs.
    pub fn optional_fields(self) -> &'static [Field] {
        match self {
            Self::Light => &OPTIONAL_FIELDS[HEAVY_FIELDS..],
            Self::Standard => &OPTIONAL_FIELDS[HEAVIEST_FIELDS..],
            Self::Full => OPTIONAL_FIELDS,
        }
    }
}

#[derive(cynic::QueryFragment, Debug)]
#[cynic(graphql_type = "Run")]
pub(super) struct RunFields {
    id: cynic::Id,
    name: String,
    #[cynic(feature = "Run.displayName")]
    display_name: Option<String>,
    #[cynic(feature = "Run.state")]
    state: Option<String>,
    #[cynic(feature = "Run.createdAt")]
    created_at: Option<DateTime>,
    #[cynic(feature = "Run.heartbeatAt")]
    heartbeat_at: Option<DateTime>,
    #[cynic(feature = "Run.user")]
    user: Option<UserFields>,
    #[cynic(feature = "Run.tags")]
    tags: Option<Vec<Option<String>>>,
    #[cynic(feature = "Run.group")]
    group: Option<String>,
    #[cynic(feature = "Run.jobType")]
    job_type: Option<String>,
    #[cynic(feature = "Run.sweepName")]
    sweep_name: Option<String>,
    #[cynic(feature = "Run.commit")]
    commit: Option<String>,
    #[cynic(feature = "Run.notes")]
    notes: Option<String>,
    #[cynic(feature = "Run.description")]
    description: Option<String>,
    #[cynic(feature = "Run.readOnly")]
    read_only: Option<bool>,
    #[cynic(feature = "Run.projectId")]
    project_id: Option<Int64>,
    #[cynic(feature = "Run.historyLineCount")]
    history_line_count: Option<i32>,
    #[cynic(feature = "Run.config")]
    config: Option<JsonText>,
    #[cynic(feature = "Run.summaryMetrics")]
    summary_metrics: Option<JsonText>,
    #[cynic(feature = "Run.systemMetrics")]
    system_metrics: Option<JsonText>,
    #[cynic(feature = "Run.historyKeys")]
    history_keys: Option<JsonText>,
}

impl RunFields {
    /// Converts the fields to a run. A field that was not requested, is null, or cannot be read becomes `None`.
    pub(super) fn into_run(self, entity: &str, project: &str) -> Run {
        let mut run = Run::new(entity, project, self.name, self.id.into_inner());
        run.name = self.display_name;
        run.state = self.state.as_deref().map(RunState::from);
        run.created_at = self.created_at.map(|time| Timestamp::from(time.0));
        run.heartbeat_at = self.heartbeat_at.map(|time| Timestamp::from(time.0));
        run.user = self.user.map(Into::into);
        run.tags = self.tags.map(|tags| tags.into_iter().flatten().collect());
        run.group = self.group;
        run.job_type = self.job_type;
        run.sweep = self.sweep_name;
        run.commit = self.commit;
        run.notes = self.notes;
        run.description = self.description;
        run.read_only = self.read_only;
        run.project_id = self.project_id.map(|id| id.0);
        run.history_line_count = self.history_line_count.and_then(|count| u64::try_from(count).ok());
        let mut unreadable = Vec::new();
        run.config = parse("config", self.config, &mut unreadable, Config::parse);
        run.summary = parse("summaryMetrics", self.summary_metrics, &mut unreadable, map_from_json);
        run.system_metrics = parse("systemMetrics", self.system_metrics, &mut unreadable, map_from_json);
        run.history_keys = parse("historyKeys", self.history_keys, &mut unreadable, |text| {
            Value::parse(text).map(|value| HistoryKeys::from_value(&value))
        });
        run.unreadable_fields = unreadable;
        run
    }
}

/// Maximum length of an unreadable field's text in its reason, in characters.
const EXCERPT_LENGTH: usize = 80;

/// Parses a field that holds JSON text. A text that cannot be read becomes an unreadable field.
pub(super) fn parse<T>(
    field: &str,
    text: Option<JsonText>,
    unreadable: &mut Vec<UnreadableField>,
    parse: impl FnOnce(&[u8]) -> Result<T, ValueError>,
) -> Option<T> {
    let JsonText(text) = text?;
    parse(text.as_bytes())
        .map_err(|error| {
            let excerpt: String = text.chars().take(EXCERPT_LENGTH).collect();
            unreadable.push(UnreadableField::new(field, format!("{error}; it begins {excerpt:?}")));
        })
        .ok()
}
