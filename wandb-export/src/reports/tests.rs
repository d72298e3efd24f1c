use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser};
use serde_json::json;
use wandb_core::model::{User, View};

use super::report_to_markdown;

/// Converts a report with these blocks, and returns the text after the title.
fn blocks(blocks: &serde_json::Value) -> String {
    let mut report = View::new("team", "project", "Vmlldzox");
    report.display_name = Some("T".to_owned());
    report.spec = Some(json!({ "version": 5, "blocks": blocks }).to_string());
    let markdown = report_to_markdown(&report).unwrap();
    markdown.strip_prefix("# T\n").unwrap().trim_start_matches('\n').to_owned()
}

fn paragraph(text: &str) -> serde_json::Value {
    json!({ "type": "paragraph", "children": [{ "text": text }] })
}

#[test]
fn title_description_and_author_come_first() {
    let mut report = View::new("team", "project", "Vmlldzox");
    report.display_name = Some("Results *of* May".to_owned());
    report.description = Some("All runs.".to_owned());
    let mut user = User::new();
    user.username = Some("ada".to_owned());
    report.user = Some(user);
    report.updated_at = Some("2024-05-02T12:00:00".into());
    let expected = "# Results \\*of\\* May\n\nAll runs.\n\n*by ada, last changed 2024-05-02T12:00:00*\n";
    assert_eq!(report_to_markdown(&report).unwrap(), expected);
}

#[test]
fn text_blocks_keep_their_form() {
    let markdown = blocks(&json!([
        { "type": "heading", "level": 1, "children": [{ "text": "First" }],
          "collapsedChildren": [paragraph("Hidden below the heading.")] },
        { "type": "paragraph", "children": [
            { "text": "Plain, " }, { "text": "bold ", "bold": true }, { "text": "both", "bold": true, "italic": true },
            { "text": " and " }, { "text": "let x = `1`;", "inlineCode": true }, { "text": ", a " },
            { "type": "link", "url": "https://example.org/a b", "children": [{ "text": "link" }] },
            { "text": " and " }, { "type": "latex", "content": "e^{i\\pi}", "children": [{ "text": "" }] },
            { "text": ".\nA new line." } ] },
        { "type": "list", "children": [
            { "type": "list-item", "children": [{ "text": "one" }] },
            { "type": "list-item", "children": [{ "text": "two" },
                { "type": "list", "ordered": true, "children": [
                    { "type": "list-item", "ordered": true, "children": [{ "text": "inner" }] }] }] }] },
        { "type": "list", "ordered": true, "children": [
            { "type": "list-item", "ordered": true, "children": [{ "text": "first" }] },
            { "type": "list-item", "ordered": true, "children": [{ "text": "second" }] }] },
        { "type": "list", "children": [
            { "type": "list-item", "checked": true, "children": [{ "text": "done" }] },
            { "type": "list-item", "checked": false, "children": [{ "text": "open" }] }] },
        { "type": "block-quote", "children": [{ "text": "Quoted." }] },
        { "type": "callout-block", "children": [
            { "type": "callout-line", "children": [{ "text": "Line one." }] },
            { "type": "callout-line", "children": [{ "text": "Line two." }] }] },
        { "type": "code-block", "language": "python", "children": [
            { "type": "code-line", "children": [{ "text": "def f():" }] },
            { "type": "code-line", "children": [{ "text": "    return \"```\"" }] }] },
        { "type": "latex", "block": true, "content": "\\sum_i x_i", "children": [{ "text": "" }] },
        { "type": "horizontal-rule", "children": [{ "text": "" }] },
        { "type": "markdown-block", "content": "| a | b |\n|---|---|\n| 1 | 2 |", "children": [{ "text": "" }] },
        { "type": "table-of-contents", "children": [{ "text": "" }] }
    ]));
    insta::assert_snapshot!(markdown);
}

#[test]
fn embedded_media_become_links() {
    let markdown = blocks(&json!([
        { "type": "image", "url": "https://example.org/a.png", "hasCaption": true, "children": [{ "text": "A [plot]" }] },
        { "type": "video", "url": "https://example.org/v", "children": [{ "text": "" }] },
        { "type": "spotify", "spotifyType": "track", "spotifyID": "42", "children": [{ "text": "" }] },
        { "type": "twitter", "html": "<blockquote>hi</blockquote>", "children": [{ "text": "" }] },
        { "type": "gallery", "links": [
            { "type": "url", "url": "https://example.org", "title": "Site" }, { "type": "report", "id": "Vmlldzoy" }],
          "children": [{ "text": "" }] },
        { "type": "new-kind", "children": [{ "text": "kept" }], "x": 1 }
    ]));
    insta::assert_snapshot!(markdown);
}

#[test]
fn panels_are_listed_with_their_queries() {
    let filters = json!({ "op": "OR", "filters": [{ "op": "AND", "filters": [
        { "key": { "section": "config", "name": "lr" }, "op": ">", "value": 0.1 },
        { "op": "OR", "filters": [
            { "key": { "section": "run", "name": "state" }, "op": "=", "value": "finished" },
            { "key": { "section": "run", "name": "tags" }, "op": "IN", "value": ["a"], "disabled": true }] }] }] });
    let flat = json!({ "filterFormat": "filterV2", "filters": [
        { "key": { "section": "summary", "name": "loss" }, "op": "<", "value": 1 },
        { "connector": "OR", "filters": [
            { "key": { "section": "run", "name": "group" }, "op": "=", "value": null },
            { "connector": "AND", "key": { "section": "run", "name": "jobType" }, "op": "!=", "value": "eval" }] }] });
    let markdown = blocks(&json!([
        { "type": "panel-grid", "children": [{ "text": "" }], "metadata": {
            "runSets": [
                { "name": "Best", "project": { "entityName": "team", "name": "other" }, "search": { "query": "cnn" },
                  "filters": filters, "grouping": [{ "section": "config", "name": "model" }],
                  "sort": { "keys": [{ "key": { "section": "summary", "name": "loss" }, "ascending": true }] } },
                { "name": "Flat", "filters": flat }],
            "panelBankSectionConfig": { "name": "Report Panels", "panels": [
                { "viewType": "Run History Line Plot", "config": { "chartTitle": "Loss", "metrics": ["loss", "val/loss"],
                    "xAxis": "_step", "smoothingWeight": 0.9 } },
                { "viewType": "Scatter Plot", "config": { "xAxis": "c::lr", "yAxis": "s::loss" } },
                { "viewType": "Parallel Coordinates Plot", "config": { "columns": [{ "accessor": "c::lr", "log": true }] } },
                { "viewType": "Media Browser", "config": { "mediaKeys": ["images"] } },
                { "viewType": "Markdown Panel", "config": { "value": "Some **text**." } },
                { "viewType": "Weave", "config": { "panelConfig": { "exp": 1 } } }] },
            "panelBankConfig": { "sections": [{ "name": "Hidden Panels", "panels": [
                { "viewType": "Bar Chart", "config": { "metrics": ["never"] } }] }] } } }
    ]));
    insta::assert_snapshot!(markdown);
}

#[test]
fn sections_of_old_reports_are_kept() {
    let mut report = View::new("team", "project", "Vmlldzox");
    report.display_name = Some("Old".to_owned());
    report.spec = Some(
        json!({ "panelGroups": [{ "name": "Training", "runSets": [{ "name": "All", "sort": { "key": { "section": "run", "name": "createdAt" } } }],
            "panels": { "views": { "0": { "config": [{ "viewType": "Bar Chart", "config": { "metrics": ["acc"] } }] } } } }] })
        .to_string(),
    );
    let expected = "# Old\n\n## Training\n\n* Runs: All; ordered by `createdAt descending`\n* Bar Chart; metrics `acc`\n";
    assert_eq!(report_to_markdown(&report).unwrap(), expected);
}

#[test]
fn content_must_be_json() {
    let mut report = View::new("team", "project", "Vmlldzox");
    assert_eq!(report_to_markdown(&report).unwrap(), "# Vmlldzox\n", "a report may be empty");
    report.spec = Some("{".to_owned());
    assert!(report_to_markdown(&report).is_err());
}

/// The text that a reader of the Markdown sees.
fn seen(markdown: &str) -> String {
    let mut text = String::new();
    for event in Parser::new_ext(
        markdown,
        Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_MATH,
    ) {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push('\n'),
            other => assert!(!matches!(other, Event::Html(_) | Event::InlineHtml(_)), "{markdown:?}"),
        }
    }
    text
}

proptest! {
    /// Whatever is written in a paragraph, a reader sees that, and not markup.
    #[test]
    fn readers_see_the_text(text in r"[a-z0-9 #*_`$<>&!\[\]()|~+=.:/\\-]{1,40}") {
        let text = text.trim();
        prop_assume!(!text.is_empty());
        let markdown = blocks(&json!([paragraph(text)]));
        prop_assert_eq!(seen(&markdown), text, "{}", markdown);
    }

    #[test]
    fn no_content_panics(text in "\\PC{0,20}", kind in "[a-z-]{0,12}", level in any::<i64>()) {
        let block = json!({ "type": kind, "level": level, "children": [{ "text": text }, text, 1, null], "links": [1], "content": text });
        blocks(&json!([block, 1, null, [block]]));
    }
}
