use insta::assert_snapshot;
use proptest::prelude::*;
use wandb_core::Row;

use super::random_rows::rows;
use super::*;

/// Returns the inferred columns and findings, one per line.
fn infer(nested: Nested, asked_for: &[&str], lines: &[&str]) -> String {
    let mut builder = SchemaBuilder::new(nested).asked_for(asked_for.iter().map(|name| (*name).to_owned()));
    for line in lines {
        builder.observe(&Row::parse(line.as_bytes()).expect("valid JSON"));
    }
    let schema = builder.finish();
    let mut lines = Vec::new();
    describe(schema.fields(), "", &mut lines);
    lines.extend(schema.findings().iter().map(|finding| format!("! {finding}")));
    lines.join("\n")
}

fn describe(fields: &[Field], indent: &str, lines: &mut Vec<String>) {
    for field in fields {
        match field.kind() {
            FieldKind::Column(column_type) => lines.push(format!("{indent}{}: {column_type}", field.name())),
            FieldKind::Struct(fields) => {
                lines.push(format!("{indent}{}: struct", field.name()));
                describe(fields, &format!("{indent}  "), lines);
            }
        }
    }
}

#[test]
fn stated_types_decide_what_values_leave_open() {
    let stated = [
        ("none", Some(ColumnType::Bool)),
        ("text", Some(ColumnType::Utf8)),
        ("number", Some(ColumnType::Float64)),
        ("wrong", Some(ColumnType::Bool)),
        ("integers", Some(ColumnType::Float64)),
        ("open", None),
        ("a", Some(ColumnType::Json)),
    ];
    let mut builder = SchemaBuilder::new(Nested::Dotted).asked_for(["first".to_owned()]);
    builder.expect(&stated.map(|(name, stated)| (name.to_owned(), stated)));
    for row in [
        r#"{"_step": 0, "wrong": "NaN", "integers": 1, "new": 1, "none": null}"#,
        r#"{"text": "NaN", "number": "NaN", "a": {"b": 1}}"#,
    ] {
        builder.observe(&Row::parse(row.as_bytes()).expect("valid JSON"));
    }
    let schema = builder.finish();
    let mut lines = Vec::new();
    describe(schema.fields(), "", &mut lines);
    assert_eq!(
        lines,
        [
            "_step: 64-bit integer",
            "first: string",
            "none: boolean",
            "text: string",
            "number: float",
            "wrong: float",
            "integers: 64-bit integer",
            "open: string",
            "a.b: 64-bit integer",
            "new: 64-bit integer",
        ]
    );
    let findings: Vec<_> = schema.findings().iter().map(|finding| &*finding.column).collect();
    assert_eq!(findings, ["wrong"]);
}

const NESTED: [&str; 4] = [
    r#"{"loss": 1, "eval": {"acc": 0.5, "by": {"class": [1]}}, "_step": 0}"#,
    r#"{"late": true, "eval": {"f1": "NaN"}, "_step": 1}"#,
    r#"{"eval": {}, "image": {"_type": "image-file", "path": "x.png"}, "_step": 2}"#,
    r#"{"eval": null, "mixed": {"a": 1}, "_step": 3}"#,
];

#[test]
fn objects_become_dotted_columns() {
    assert_snapshot!(infer(Nested::Dotted, &[], &NESTED), @r#"
    _step: 64-bit integer
    loss: 64-bit integer
    eval: JSON text
    eval.acc: float
    eval.by.class: JSON text
    eval.f1: float
    late: boolean
    image: JSON text
    mixed.a: 64-bit integer
    ! column "eval": an object in some rows, split into separate columns (seen: null × 1, object × 3)
    ! column "eval.f1": only the strings NaN and Infinity, read as numbers (seen: NaN or Infinity as a string × 1)
    "#);
}

#[test]
fn objects_become_json_columns() {
    assert_snapshot!(infer(Nested::Json, &[], &NESTED), @"
    _step: 64-bit integer
    loss: 64-bit integer
    eval: JSON text
    late: boolean
    image: JSON text
    mixed: JSON text
    ");
}

#[test]
fn objects_become_structs() {
    assert_snapshot!(infer(Nested::Struct, &[], &NESTED), @r#"
    _step: 64-bit integer
    loss: 64-bit integer
    eval: struct
      acc: float
      by: struct
        class: JSON text
      f1: float
    late: boolean
    image: JSON text
    mixed: struct
      a: 64-bit integer
    ! column "eval.f1": only the strings NaN and Infinity, read as numbers (seen: NaN or Infinity as a string × 1)
    "#);
}

#[test]
fn mixed_objects_and_values_are_no_struct() {
    let lines = [r#"{"a": {"b": 1}}"#, r#"{"a": 2}"#, r#"{"a": {"b": 3}}"#];
    assert_snapshot!(infer(Nested::Struct, &[], &lines), @r#"
    a: JSON text
    ! column "a": the type changes, so every value is written as JSON text (seen: integer × 1, object × 2)
    "#);
    assert_snapshot!(infer(Nested::Json, &[], &lines), @r#"
    a: JSON text
    ! column "a": the type changes, so every value is written as JSON text (seen: integer × 1, object × 2)
    "#);
    assert_snapshot!(infer(Nested::Dotted, &[], &lines), @r#"
    a: 64-bit integer
    a.b: 64-bit integer
    ! column "a": an object in some rows, split into separate columns (seen: integer × 1, object × 2)
    "#);
}

#[test]
fn media_mixed_with_objects_is_json() {
    let lines = [r#"{"a": {"b": 1}}"#, r#"{"a": {"_type": "histogram"}}"#];
    assert_snapshot!(infer(Nested::Struct, &[], &lines), @"a: JSON text");
}

#[test]
fn requested_columns_come_first_even_if_unseen() {
    let lines = [r#"{"b": 1, "_step": 0, "a": {"y": 1, "x": 2}, "c": 3}"#];
    assert_snapshot!(infer(Nested::Dotted, &["c", "gone", "a"], &lines), @"
    _step: 64-bit integer
    c: 64-bit integer
    gone: string
    a.y: 64-bit integer
    a.x: 64-bit integer
    b: 64-bit integer
    ");
    assert_snapshot!(infer(Nested::Json, &["c", "_step"], &lines), @"
    c: 64-bit integer
    _step: 64-bit integer
    b: 64-bit integer
    a: JSON text
    ");
}

#[test]
fn name_clash_renames_the_longer_path() {
    let lines = [r#"{"a": {"b": 1}, "A.b": 2, "a.b#2": 4}"#, r#"{"a.b": "x"}"#];
    assert_snapshot!(infer(Nested::Dotted, &[], &lines), @r#"
    a.b#3: 64-bit integer
    A.b: 64-bit integer
    a.b#2: 64-bit integer
    a.b: string
    ! column "a.b#3": renamed, as another column is called "a.b" too
    "#);
}

#[test]
fn integer_findings_are_reported() {
    let lines = [r#"{"big": 18446744073709551616, "id": 9007199254740993}"#, r#"{"big": 1, "id": 0.5}"#];
    assert_snapshot!(infer(Nested::Dotted, &[], &lines), @r#"
    big: JSON text
    id: JSON text
    ! column "big": integers beyond 64 bits, so every integer is written as JSON text (seen: integer × 1, integer beyond 64 bits × 1)
    ! column "id": floats mixed with integers that no double can hold, so every number is written as JSON text (seen: integer × 1, float × 1)
    "#);
}

fn names(nested: Nested, most: usize, lines: &[&str]) -> Vec<String> {
    let mut builder = SchemaBuilder::new(nested).max_columns(most);
    for line in lines {
        builder.observe(&Row::parse(line.as_bytes()).expect("valid JSON"));
    }
    builder.finish().fields().iter().map(|field| field.name().to_owned()).collect()
}

#[test]
fn the_most_common_keys_become_columns() {
    let lines = [r#"{"a": 1, "b": {"x": 1, "y": 2}, "_step": 0}"#, r#"{"c": 1, "b": {"y": 2}, "rest": 1}"#];
    assert_eq!(names(Nested::Dotted, 6, &lines), ["_step", "a", "b.x", "b.y", "c", "rest"]);
    assert_eq!(names(Nested::Dotted, 5, &lines), ["_step", "a", "b.x", "b.y", "rest"]);
    assert_eq!(names(Nested::Dotted, 3, &lines), ["_step", "b.y", "rest"]);
    assert_eq!(names(Nested::Dotted, 1, &lines), ["rest"]);
    assert_eq!(names(Nested::Json, 3, &lines), ["_step", "b", "rest"]);
    assert_eq!(names(Nested::Struct, 3, &lines), ["_step", "b", "rest"]);
    assert_eq!(
        names(Nested::Json, 2, &[r#"{"rest": 1, "b": 1}"#, r#"{"rest": 1, "c": 1}"#]),
        ["rest", "rest#2"]
    );
}

#[test]
fn keys_beyond_the_tracking_limit_go_to_rest() {
    let mut builder = SchemaBuilder::new(Nested::Json).max_columns(10);
    for key in 0..140_000 {
        builder.observe(&Row::parse(format!(r#"{{"k{key}": 1}}"#).as_bytes()).expect("valid JSON"));
    }
    let schema = builder.finish();
    assert_eq!(schema.column_count(), 10);
    let finding = schema.findings().last().expect("a finding").to_string();
    assert!(finding.contains("131064 at least") && finding.contains("the 9 most common"), "{finding}");
}

#[test]
fn objects_nested_too_deeply_are_json() {
    let line = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    for nested in [Nested::Dotted, Nested::Struct] {
        for (depth, is_too_deep) in [(31, false), (32, false), (33, true), (256, true)] {
            let mut builder = SchemaBuilder::new(nested);
            builder.observe(&Row::parse(line(depth).as_bytes()).expect("valid JSON"));
            let schema = builder.finish();
            let reasons: Vec<_> = schema.findings().iter().map(|finding| finding.reason).collect();
            let expected = if is_too_deep { vec![Reason::TooDeep] } else { vec![] };
            assert_eq!(reasons, expected, "{nested} {depth}");
        }
    }
}

#[test]
fn thousands_of_clashing_names_stay_unique() {
    // All of these paths have the same dotted name, `a.a.a…`.
    let mut builder = SchemaBuilder::new(Nested::Dotted);
    let keys = ["a"; 15];
    for cuts in 0..1_u32 << 14 {
        let mut text = String::from("{\"a");
        for (place, key) in keys[1..].iter().enumerate() {
            text += if cuts >> place & 1 == 0 { "." } else { "\":{\"" };
            text += key;
        }
        text = format!("{text}\":1{}}}", "}".repeat(cuts.count_ones() as usize));
        builder.observe(&Row::parse(text.as_bytes()).expect("valid JSON"));
    }
    let schema = builder.finish();
    assert_eq!((schema.column_count(), schema.findings().len()), (1 << 14, (1 << 14) - 1));
}

proptest! {
    #[test]
    fn names_are_unique_and_types_ignore_row_order(rows in rows()) {
        for nested in Nested::ALL {
            let infer = |rows: &mut dyn Iterator<Item = &Row>| {
                let mut builder = SchemaBuilder::new(nested);
                rows.for_each(|row| builder.observe(row));
                builder.finish()
            };
            let (forwards, backwards) = (infer(&mut rows.iter()), infer(&mut rows.iter().rev()));
            let mut names: Vec<_> = forwards.fields().iter().map(Field::name).collect();
            let types = |schema: &Schema| {
                let mut text: Vec<_> = schema.fields().iter().filter_map(|field| match field.kind() {
                    FieldKind::Column(column_type) => Some((field.path().to_vec(), *column_type)),
                    FieldKind::Struct(_) => None,
                }).map(|(path, column_type)| format!("{path:?} {column_type}")).collect();
                text.sort();
                text
            };
            prop_assert_eq!(types(&forwards), types(&backwards));
            names.sort_unstable();
            names.dedup();
            prop_assert_eq!(names.len(), forwards.fields().len());
        }
    }
}
