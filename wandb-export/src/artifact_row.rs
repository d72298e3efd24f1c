//! Converts versions of artifacts to table rows.

use wandb_core::model::{Artifact, Timestamp};
use wandb_core::{Row, Value};

/// Converts a version to a row. Omits fields that the server lacks.
pub(crate) fn to_row(artifact: &Artifact) -> Row {
    let text = |text: &Option<String>| text.clone().map(Value::String);
    let time = |time: &Option<Timestamp>| time.as_ref().map(|time| Value::String(time.to_string()));
    let list = |texts: &[String]| Value::List(texts.iter().cloned().map(Value::String).collect());
    let source = &artifact.source;
    let source = format!("{}/{}/{}:{}", source.entity, source.project, source.collection, source.version);
    let has_digest = artifact.digest.is_some();
    let cells = [
        ("name", Some(Value::String(format!("{}:{}", artifact.collection, artifact.version)))),
        ("type", text(&artifact.kind)),
        ("aliases", Some(list(&artifact.aliases))),
        ("tags", artifact.tags.as_deref().map(list)),
        ("size", artifact.size.map(Value::from)),
        ("file_count", artifact.file_count.map(Value::from)),
        ("created_at", time(&artifact.created_at)),
        ("updated_at", time(&artifact.updated_at)),
        ("linked_at", time(&artifact.linked_at)),
        ("state", text(&artifact.state)),
        ("description", text(&artifact.description)),
        ("metadata", artifact.metadata.clone().map(Value::Map)),
        ("history_step", artifact.history_step.map(Value::from)),
        ("ttl_duration_seconds", artifact.ttl_duration_seconds.map(Value::from)),
        ("ttl_is_inherited", artifact.ttl_is_inherited.map(Value::from)),
        ("digest", text(&artifact.digest)),
        ("digest_algorithm", has_digest.then(|| Value::String(artifact.digest_algorithm.to_string()))),
        ("commit_hash", text(&artifact.commit_hash)),
        ("entity", Some(Value::String(artifact.entity.clone()))),
        ("project", Some(Value::String(artifact.project.clone()))),
        ("source", artifact.is_link().then_some(Value::String(source))),
        ("id", Some(Value::String(artifact.id.clone()))),
    ];
    cells.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

#[cfg(test)]
mod tests {
    use wandb_core::model::ArtifactSource;

    use super::*;

    #[test]
    fn withheld_fields_have_no_cell() {
        let mut artifact = Artifact::new("QQ==", ArtifactSource::new("e", "p", "a", "v3"));
        assert_eq!(
            serde_json::to_string(&to_row(&artifact)).unwrap(),
            r#"{"name":"a:v3","aliases":[],"entity":"e","project":"p","id":"QQ=="}"#
        );
        artifact.collection = "best".to_owned();
        assert_eq!(to_row(&artifact).get("source"), Some(&Value::String("e/p/a:v3".to_owned())));
    }
}
