use super::*;

#[test]
fn unrequested_fields_are_notes() {
    let field = Field::new("Run", "historyKeys");
    assert!(!Issue::unsupported_field(field.clone()).is_note());
    assert!(Issue::UnsupportedField { field, requested: false }.is_note());
}

#[test]
fn log_lines_point_to_the_log_file() {
    let run = RunPath::new("team", "project", "run").unwrap();
    let mut issue = Issue::LogLinesMissing { run, counted: Some(9), received: 4, first: Some(5) };
    assert_eq!(
        issue.to_string(),
        "team/project/run: the server sent 4 of 9 log lines, from number 5 on; the run's file output.log may hold \
         the rest"
    );
    if let Issue::LogLinesMissing { counted, first, .. } = &mut issue {
        (*counted, *first) = (None, Some(0));
    }
    assert_eq!(
        issue.to_string(),
        "team/project/run: the server sent 4 log lines; the run's file output.log may hold the rest"
    );
}
