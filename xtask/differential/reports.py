"""Compares reports: saved by the package wandb-workspaces, read by the official SDK and by wandb-export."""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys

import servers

ENTITY, PROJECT = "local-team", "reports"
PATH = f"{ENTITY}/{PROJECT}"
# Texts of the blocks, each in its own place. All of them appear in the Markdown.
TEXTS = ["First heading", "Größe & <b>bold</b> *stars*", "A quote.", "Careful!", "ordered item", "checked item", "plain item"]
SNIPPETS = [r"\int_0^1 x^2", "print(1 < 2)", "| a | b |", "https://example.org/a.png", "https://example.org/video"]
QUERIES = ["val/loss", "_step", "config.lr", "Loss by step", "images", "finished"]


def all_blocks(wr) -> list:
    from wandb_workspaces.reports.v2.interface import GalleryURL

    panels = [
        wr.LinePlot(title="Loss by step", x="_step", y=["loss", "val/loss"], smoothing_factor=0.5),
        wr.ScatterPlot(title="Scatter", x=wr.Config("lr"), y=wr.SummaryMetric("loss")),
        wr.BarPlot(title="Bars", metrics=["acc"]),
        wr.ScalarChart(title="Scalar", metric="acc"),
        wr.ParallelCoordinatesPlot(columns=[wr.ParallelCoordinatesPlotColumn(wr.Config("lr"))]),
        wr.ParameterImportancePlot(with_respect_to="loss"),
        wr.MediaBrowser(media_keys=["images"]),
        wr.MarkdownPanel("Some **panel** text."),
        wr.RunComparer(diff_only=True),
        wr.CodeComparer(diff="split"),
    ]
    runset = wr.Runset(ENTITY, PROJECT, name="Best", query="cnn", filters='Metric("State") == "finished" and Config("lr") >= 0.1')
    return [
        wr.TableOfContents(),
        wr.H1(text=TEXTS[0], collapsed_blocks=[wr.P("Below the heading.")]),
        wr.P([TEXTS[1], " and ", wr.Link("a link", url="https://example.org"), " ", wr.InlineCode("code"), wr.InlineLatex("x^2")]),
        wr.BlockQuote(TEXTS[2]),
        wr.CalloutBlock(TEXTS[3]),
        wr.OrderedList([TEXTS[4], "second"]),
        wr.CheckedList([wr.CheckedListItem(TEXTS[5], checked=True), wr.CheckedListItem("open", checked=False)]),
        wr.UnorderedList([TEXTS[6]]),
        wr.LatexBlock(SNIPPETS[0]),
        wr.CodeBlock(SNIPPETS[1], language="python"),
        wr.MarkdownBlock("| a | b |\n|---|---|\n| 1 | 2 |"),
        wr.Image(SNIPPETS[3], caption="An image"),
        wr.Video(SNIPPETS[4]),
        wr.HorizontalRule(),
        wr.Gallery([GalleryURL("https://example.org/gallery", title="Gallery", image_url="https://example.org/a.png")]),
        wr.PanelGrid(runsets=[runset], panels=panels),
    ]


def facts(report) -> dict:
    """Returns the facts of a report from the SDK."""
    return {
        "title": report.display_name,
        "id": report.id,
        "name": report.name,
        "description": report.description or None,
        "user": report.user["username"],
        "created_at": report.created_at,
        "updated_at": report.updated_at,
        "url": report.url,
        "content": report.spec,
    }


class Comparison:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name: str, expected, found) -> None:
        if expected == found:
            self.passed += 1
            return
        self.failed += 1
        print(f"FAILED {name}\n  SDK:          {expected!r}\n  wandb-export: {found!r}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--server", type=pathlib.Path, required=True)
    options = parser.parse_args()
    comparison = Comparison()
    with servers.Server(options.server) as server:
        os.environ.update(WANDB_BASE_URL=server.base_url, WANDB_API_KEY=server.api_key, WANDB_SILENT="true")
        import wandb
        import wandb_workspaces.reports.v2 as wr

        api = wandb.Api()
        api.create_project(PROJECT, ENTITY)
        wr.Report(PROJECT, entity=ENTITY, title="All: blocks / 1", description="Every <kind>.", blocks=all_blocks(wr)).save()
        wr.Report(PROJECT, entity=ENTITY, title="Empty").save()
        wr.Report(PROJECT, entity=ENTITY, title="Draft").save(draft=True)
        reports = {report.id: facts(report) for report in api.reports(PATH)}

        def ours(*arguments: str) -> str:
            command = [options.program, "reports", PATH, "--no-progress", *arguments]
            return subprocess.run(command, check=True, text=True, capture_output=True, encoding="utf-8").stdout

        for transport in ["async", "blocking"]:
            lines = ours("--content", "-f", "jsonl", "--transport", transport).splitlines()
            rows = {row["id"]: row for row in map(json.loads, lines)}
            comparison.check(f"ids ({transport})", list(reports), list(rows))
            for id, report in reports.items():
                row = rows.get(id, {})
                for field, expected in report.items():
                    comparison.check(f"{report['title']} {field} ({transport})", expected, row.get(field))
        drafts = [json.loads(line)["title"] for line in ours("--kind", "drafts", "-f", "jsonl").splitlines()]
        comparison.check("drafts", ["Draft"], drafts)
        folder = pathlib.Path("reports")
        ours("--download", "-o", str(folder))
        markdown = "\n".join(file.read_text(encoding="utf-8") for file in folder.glob("All-blocks-1--*.md"))
        plain = markdown.replace("\\", "").replace("&amp;", "&").replace("&lt;", "<")
        for text in [*TEXTS, *QUERIES]:
            comparison.check(f"Markdown has {text}", True, text in plain)
        for text in SNIPPETS:
            comparison.check(f"Markdown has {text}", True, text in markdown)
        for report in reports.values():
            saved = [json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.json")]
            comparison.check(f"JSON of {report['title']}", True, report["content"] in saved)
    print(f"{comparison.passed} passed, {comparison.failed} failed")
    return int(comparison.failed > 0)


if __name__ == "__main__":
    sys.exit(main())
