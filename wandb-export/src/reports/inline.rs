//! Text with marks, links and formulas within a block.

use pulldown_cmark::{CowStr, Event, LinkType, Tag, TagEnd};
use wandb_core::Value;

/// Returns the children of a block.
pub(super) fn children(block: &Value) -> &[Value] {
    block.get("children").and_then(Value::as_list).unwrap_or_default()
}

/// Returns a text field.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

/// Returns the text of a block without marks.
pub(super) fn plain_text(block: &Value) -> String {
    match text(block, "text") {
        Some(own) => own.to_owned(),
        None => children(block).iter().map(plain_text).collect(),
    }
}

/// Appends the children of a block as inline elements.
pub(super) fn push_children<'a>(block: &'a Value, events: &mut Vec<Event<'a>>) {
    for child in children(block) {
        match text(child, "type") {
            Some("link") => {
                events.push(Event::Start(link(text(child, "url").unwrap_or_default())));
                push_children(child, events);
                events.push(Event::End(TagEnd::Link));
            }
            Some("latex") => {
                events.push(Event::InlineMath(text(child, "content").unwrap_or_default().into()));
            }
            _ => match text(child, "text") {
                Some(own) => push_marked(child, own, events),
                None => push_children(child, events),
            },
        }
    }
}

/// The start of a link.
pub(super) fn link(url: &str) -> Tag<'_> {
    Tag::Link {
        link_type: LinkType::Inline,
        dest_url: url.into(),
        title: CowStr::Borrowed(""),
        id: CowStr::Borrowed(""),
    }
}

/// Appends text with its marks. Markdown has none for underlined text.
fn push_marked<'a>(leaf: &'a Value, own: &'a str, events: &mut Vec<Event<'a>>) {
    let has = |mark: &str| leaf.get(mark).and_then(Value::as_bool) == Some(true);
    if own.is_empty() {
        return;
    }
    if has("inlineCode") {
        events.push(Event::Code(own.into()));
        return;
    }
    // Markdown recognizes no mark next to a space.
    let marked = own.trim();
    if marked.is_empty() {
        push_text(own, events);
        return;
    }
    let (before, after) = own.split_at(own.len() - own.trim_start().len());
    let after = &after[marked.len()..];
    let marks = [("bold", Tag::Strong), ("italic", Tag::Emphasis), ("strikethrough", Tag::Strikethrough)];
    let marks: Vec<_> = marks.into_iter().filter(|(mark, _)| has(mark)).map(|(_, tag)| tag).collect();
    push_text(before, events);
    events.extend(marks.iter().cloned().map(Event::Start));
    push_text(marked, events);
    events.extend(marks.iter().rev().map(|tag| Event::End(tag.to_end())));
    push_text(after, events);
}

/// Appends text. A line break in it stays one.
fn push_text<'a>(own: &'a str, events: &mut Vec<Event<'a>>) {
    for (index, line) in own.split('\n').enumerate() {
        if index > 0 {
            events.push(Event::HardBreak);
        }
        if !line.is_empty() {
            events.push(Event::Text(line.into()));
        }
    }
}
