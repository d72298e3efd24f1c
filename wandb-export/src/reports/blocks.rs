//! Blocks of a report to Markdown.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options, Tag, TagEnd};
use pulldown_cmark_to_cmark::cmark;
use wandb_core::Value;
use wandb_core::model::View;

use super::inline::{children, link, plain_text, push_children, text};
use super::panels::Panel;
use super::{filters, panels};

/// The blocks written so far, each as Markdown.
#[derive(Debug, Default)]
pub(super) struct Blocks(Vec<String>);

impl Blocks {
    /// Returns the whole text. An empty line separates blocks.
    pub(super) fn into_text(self) -> String {
        let mut text = self.0.join("\n\n");
        text.push('\n');
        text
    }

    /// Adds the title, the description and the author.
    pub(super) fn add_title(&mut self, report: &View) {
        self.add_heading(HeadingLevel::H1, report.title());
        if let Some(description) = report.description.as_deref().filter(|text| !text.is_empty()) {
            self.add_paragraph(vec![Event::Text(description.into())]);
        }
        let user = report.user.as_ref();
        let author = user.and_then(|user| user.name.as_deref().or(user.username.as_deref()));
        let time = report.updated_at.as_ref().or(report.created_at.as_ref());
        let facts =
            [author.map(|name| format!("by {name}")), time.map(|time| format!("last changed {time}"))];
        let facts: Vec<String> = facts.into_iter().flatten().collect();
        if !facts.is_empty() {
            let facts = Event::Text(facts.join(", ").into());
            self.add_paragraph(vec![Event::Start(Tag::Emphasis), facts, Event::End(TagEnd::Emphasis)]);
        }
    }

    /// Adds a block.
    pub(super) fn add(&mut self, block: &Value) {
        match text(block, "type").unwrap_or_default() {
            "heading" => self.add_heading_block(block),
            "paragraph" | "default" => self.add_paragraph(inline(block)),
            "block-quote" => self.add_quote(std::slice::from_ref(block)),
            "callout-block" => self.add_quote(children(block)),
            "list" => self.add_events(&list(block)),
            "code-block" => self.add_code(text(block, "language").unwrap_or_default(), &code(block)),
            "markdown-block" => self.add_raw(text(block, "content").unwrap_or_default()),
            "latex" => {
                let formula = text(block, "content").unwrap_or_default();
                self.add_paragraph(vec![Event::DisplayMath(formula.into())]);
            }
            "horizontal-rule" => self.add_events(&[Event::Rule]),
            "image" => self.add_image(block),
            "video" => self.add_link("Video", text(block, "url")),
            "spotify" => {
                let id = text(block, "spotifyID").unwrap_or_default();
                self.add_link("Spotify", Some(&format!("https://open.spotify.com/track/{id}")));
            }
            "twitter" | "soundcloud" => self.add_code("html", text(block, "html").unwrap_or_default()),
            "gallery" => self.add_gallery(block),
            "panel-grid" => self.add_grid(block.get("metadata").unwrap_or(&Value::Null)),
            // Markdown viewers make their own.
            "table-of-contents" => {}
            _ => self.add_code("json", &block.to_json()),
        }
    }

    /// Adds a section of a report in the format before version 5.
    pub(super) fn add_section(&mut self, section: &Value) {
        self.add_heading(HeadingLevel::H2, text(section, "name").unwrap_or("Section"));
        self.add_grid(section);
    }

    fn add_heading_block(&mut self, block: &Value) {
        let level = block.get("level").and_then(Value::as_i64).unwrap_or(1).clamp(1, 5);
        // The first level is the title's.
        let level = usize::try_from(level + 1).ok().and_then(|level| HeadingLevel::try_from(level).ok());
        let level = level.unwrap_or(HeadingLevel::H2);
        let mut events = vec![Event::Start(heading(level))];
        push_children(block, &mut events);
        events.push(Event::End(TagEnd::Heading(level)));
        self.add_events(&events);
        for hidden in block.get("collapsedChildren").and_then(Value::as_list).unwrap_or_default() {
            self.add(hidden);
        }
    }

    fn add_heading(&mut self, level: HeadingLevel, title: &str) {
        let title = title.replace(['\n', '\r'], " ");
        let events =
            vec![Event::Start(heading(level)), Event::Text(title.into()), Event::End(TagEnd::Heading(level))];
        self.add_events(&events);
    }

    fn add_paragraph(&mut self, mut events: Vec<Event<'_>>) {
        events.insert(0, Event::Start(Tag::Paragraph));
        events.push(Event::End(TagEnd::Paragraph));
        self.add_events(&events);
    }

    fn add_quote(&mut self, lines: &[Value]) {
        let mut events = vec![Event::Start(Tag::BlockQuote(None))];
        for line in lines {
            events.push(Event::Start(Tag::Paragraph));
            push_children(line, &mut events);
            events.push(Event::End(TagEnd::Paragraph));
        }
        events.push(Event::End(TagEnd::BlockQuote(None)));
        self.add_events(&events);
    }

    fn add_code(&mut self, language: &str, code: &str) {
        let kind = CodeBlockKind::Fenced(CowStr::Borrowed(language));
        self.add_events(&[
            Event::Start(Tag::CodeBlock(kind)),
            Event::Text(format!("{}\n", code.trim_end_matches('\n')).into()),
            Event::End(TagEnd::CodeBlock),
        ]);
    }

    fn add_image(&mut self, block: &Value) {
        let caption = plain_text(block);
        let image = Tag::Image {
            link_type: LinkType::Inline,
            dest_url: text(block, "url").unwrap_or_default().into(),
            title: "".into(),
            id: "".into(),
        };
        let mut events = vec![Event::Start(image)];
        if !caption.is_empty() {
            events.push(Event::Text(caption.replace('\n', " ").into()));
        }
        events.push(Event::End(TagEnd::Image));
        self.add_paragraph(events);
    }

    fn add_link(&mut self, title: &str, url: Option<&str>) {
        let url = url.unwrap_or_default();
        self.add_paragraph(vec![
            Event::Text(format!("{title}: ").into()),
            Event::Start(link(url)),
            Event::Text(url.into()),
            Event::End(TagEnd::Link),
        ]);
    }

    fn add_gallery(&mut self, block: &Value) {
        let list = |key: &str| block.get(key).and_then(Value::as_list).unwrap_or_default();
        let mut events = vec![Event::Start(Tag::List(None))];
        for entry in list("links") {
            let url = text(entry, "url").filter(|url| !url.is_empty());
            let name = |target| text(entry, "title").filter(|title| !title.is_empty()).unwrap_or(target);
            if let Some(url) = url {
                let name = Event::Text(name(url).into());
                push_item([Event::Start(link(url)), name, Event::End(TagEnd::Link)], &mut events);
            } else {
                let id = text(entry, "id").unwrap_or_default();
                push_item([Event::Text(format!("Report {}", name(id)).into())], &mut events);
            }
        }
        for id in list("ids").iter().filter_map(Value::as_str) {
            push_item([Event::Text(format!("Report {id}").into())], &mut events);
        }
        events.push(Event::End(TagEnd::List(false)));
        self.add_events(&events);
    }

    /// Adds the run sets and panels of a grid.
    fn add_grid(&mut self, grid: &Value) {
        let mut events = vec![Event::Start(Tag::List(None))];
        for run_set in grid.get("runSets").and_then(Value::as_list).unwrap_or_default() {
            push_item(describe_runs(run_set), &mut events);
        }
        let found: Vec<Panel> = panels::of_grid(grid).into_iter().map(Panel::read).collect();
        for panel in &found {
            push_item(describe_panel(panel), &mut events);
        }
        events.push(Event::End(TagEnd::List(false)));
        if events.len() > 2 {
            self.add_events(&events);
        }
        for markdown in found.iter().filter_map(|panel| panel.markdown.as_deref()) {
            self.add_raw(markdown);
        }
    }

    /// Adds text that already is Markdown.
    fn add_raw(&mut self, markdown: &str) {
        let markdown = markdown.trim_matches('\n');
        if !markdown.trim().is_empty() {
            self.0.push(markdown.to_owned());
        }
    }

    fn add_events(&mut self, events: &[Event<'_>]) {
        let mut markdown = String::new();
        let options = Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_MATH;
        // Only a writer that fails makes this fail, and a string never does.
        if cmark(events.iter(), &mut markdown, options).is_ok() {
            self.add_raw(&markdown);
        }
    }
}

fn heading(level: HeadingLevel) -> Tag<'static> {
    Tag::Heading { level, id: None, classes: Vec::new(), attrs: Vec::new() }
}

fn inline(block: &Value) -> Vec<Event<'_>> {
    let mut events = Vec::new();
    push_children(block, &mut events);
    events
}

/// The lines of a code block. Each is a block of its own.
fn code(block: &Value) -> String {
    children(block).iter().map(plain_text).collect::<Vec<_>>().join("\n")
}

/// A list, with the lists in its items.
fn list(block: &Value) -> Vec<Event<'_>> {
    let items = children(block);
    let is_ordered = |value: &Value| value.get("ordered").and_then(Value::as_bool) == Some(true);
    let ordered = is_ordered(block) || items.first().is_some_and(is_ordered);
    let mut events = vec![Event::Start(Tag::List(ordered.then_some(1)))];
    for item in items {
        events.push(Event::Start(Tag::Item));
        if let Some(is_checked) = item.get("checked").and_then(Value::as_bool) {
            events.push(Event::TaskListMarker(is_checked));
        }
        let is_list = |child: &&Value| text(child, "type") == Some("list");
        if children(item).iter().any(|child| is_list(&child)) {
            for child in children(item) {
                if is_list(&child) {
                    events.extend(list(child));
                } else if text(child, "text").is_some() {
                    events.push(Event::Text(plain_text(child).into()));
                } else {
                    push_children(child, &mut events);
                }
            }
        } else {
            push_children(item, &mut events);
        }
        events.push(Event::End(TagEnd::Item));
    }
    events.push(Event::End(TagEnd::List(ordered)));
    events
}

fn push_item<'a>(content: impl IntoIterator<Item = Event<'a>>, events: &mut Vec<Event<'a>>) {
    events.push(Event::Start(Tag::Item));
    events.extend(content);
    events.push(Event::End(TagEnd::Item));
}

fn describe_runs(run_set: &Value) -> Vec<Event<'static>> {
    let name = text(run_set, "name").unwrap_or("Run set").to_owned();
    let mut events = vec![Event::Text(format!("Runs: {name}").into())];
    let mut add = |label: &str, value: String| {
        if !value.is_empty() {
            events.push(Event::Text(format!("; {label} ").into()));
            events.push(Event::Code(value.into()));
        }
    };
    if let Some(project) = run_set.get("project") {
        let parts = ["entityName", "name"].into_iter().filter_map(|key| text(project, key));
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        add("of project", parts.join("/"));
    }
    let query = run_set.get_path(["search", "query"]).and_then(Value::as_str).unwrap_or_default();
    add("named like", query.to_owned());
    add("where", run_set.get("filters").map(filters::expression).unwrap_or_default());
    let grouping = run_set.get("grouping").and_then(Value::as_list).unwrap_or_default();
    add("grouped by", grouping.iter().filter_map(filters::key).collect::<Vec<_>>().join(", "));
    add("ordered by", run_set.get("sort").map(filters::order).unwrap_or_default());
    events
}

fn describe_panel(panel: &Panel) -> Vec<Event<'static>> {
    let mut events = Vec::new();
    if let Some(title) = &panel.title {
        let title = Event::Text(title.replace('\n', " ").into());
        events.extend([
            Event::Start(Tag::Strong),
            title,
            Event::End(TagEnd::Strong),
            Event::Text(": ".into()),
        ]);
    }
    events.push(Event::Text(panel.kind.clone().into()));
    for (label, value) in &panel.settings {
        events.push(Event::Text(format!("; {label} ").into()));
        events.push(Event::Code(value.replace('\n', " ").into()));
    }
    events
}
