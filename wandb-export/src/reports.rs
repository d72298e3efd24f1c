//! Converts reports to Markdown.
//!
//! The content of a report (`spec`) is a list of blocks in the manner of Slate, the editor of the web app. Their types
//! and fields are those that the Python package `wandb-workspaces` reads and writes (`reports/v2/internal.py`).

mod blocks;
mod filters;
mod inline;
mod panels;

use wandb_core::ValueError;
use wandb_core::model::View;

/// Converts a report to Markdown, with task lists and formulas between dollar signs.
///
/// Text, lists, code, formulas, images and links keep their form. A grid of panels becomes a list of its run sets, with
/// filters, grouping and order, and of its panels, with their metrics and axes. A block of an unknown type becomes a
/// code block of its JSON, so nothing is left out.
///
/// ```
/// use wandb_export::model::View;
///
/// let mut report = View::new("team", "project", "Vmlldzox");
/// report.display_name = Some("Results".to_owned());
/// report.spec = Some(r#"{"blocks": [{"type": "paragraph", "children": [{"text": "Loss is down."}]}]}"#.to_owned());
/// assert_eq!(wandb_export::report_to_markdown(&report)?, "# Results\n\nLoss is down.\n");
/// # Ok::<(), wandb_export::ValueError>(())
/// ```
///
/// # Errors
/// If the content is not JSON.
pub fn report_to_markdown(report: &View) -> Result<String, ValueError> {
    let content = report.content()?;
    let mut blocks = blocks::Blocks::default();
    blocks.add_title(report);
    let list = |key: &str| content.get(key).and_then(|list| list.as_list()).unwrap_or_default();
    for block in list("blocks") {
        blocks.add(block);
    }
    // Before version 5 of the format, a report was a list of sections with panels.
    for section in list("panelGroups") {
        blocks.add_section(section);
    }
    Ok(blocks.into_text())
}

#[cfg(test)]
mod tests;
