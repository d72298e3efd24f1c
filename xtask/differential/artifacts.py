"""Reads and downloads artifacts with the official SDK and with wandb-export, and compares values, digests and bytes.

    python artifacts.py --program PATH --server PATH [--question TEXT]

The SDK logs artifacts to a local server, which also has generated ones. Each question goes to wandb-export over both
transports. The last line is `N passed, N failed`.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import tempfile
from collections.abc import Callable, Iterator

from servers import Server

TRANSPORTS = ["async", "blocking"]
TEAM, PROJECT = "local-team", "logged"
# Entries and bytes; with versions and the percentage of the entries that they have in common.
GENERATED = ["5x1000", "300x10", "1x3000000", "20x2000x3x50"]
# Timeout of a command in seconds.
TIMEOUT = 300
# The columns of `artifact` that the SDK has under the same names.
COLUMNS = [
    "type", "size", "file_count", "digest", "description", "state", "entity", "project", "commit_hash",
    "history_step",
]  # fmt: skip


class Tool:
    """Runs wandb-export over one transport."""

    def __init__(self, program: pathlib.Path, transport: str, folder: pathlib.Path):
        self.program, self.transport, self.folder = program, transport, folder
        folder.mkdir(parents=True)

    def rows(self, *arguments: str, code: int = 0) -> list[dict]:
        command = [self.program, *arguments, "-f", "jsonl", "--transport", self.transport, "--no-progress"]
        ended = subprocess.run(command, cwd=self.folder, capture_output=True, timeout=TIMEOUT)
        if ended.returncode != code:
            raise RuntimeError(f"exit code {ended.returncode}: {ended.stderr.decode('utf-8', 'replace')}")
        return [json.loads(line) for line in ended.stdout.decode("utf-8").split("\n") if line]


class Counts:
    passed = failed = 0

    def compare(self, question: str, sdk, ours) -> None:
        if sdk == ours:
            self.passed += 1
            return
        self.failed += 1
        print(f"DIFFERENT {question}\n    sdk  {str(sdk)[:2000]}\n    ours {str(ours)[:2000]}", flush=True)


def log_artifacts() -> None:
    """Logs artifacts with the SDK: versions, aliases, metadata, references, odd names."""
    import wandb

    settings = wandb.Settings(console="off", silent=True)
    for number in range(3):
        with wandb.init(entity=TEAM, project=PROJECT, id=f"run{number}", settings=settings) as run:
            data = wandb.Artifact("data", type="dataset", description="größe", metadata={"n": number, "a": {"b": [1.5]}})
            with data.new_file("same.txt") as file:
                file.write("same")
            with data.new_file("dir/ünï 漢字 #?%.txt") as file:
                file.write(f"content {number}")
            with data.new_file("copies/same.txt") as file:
                file.write("same")
            data.add_reference("store://bucket/key", name="store.bin", checksum=False)
            run.log_artifact(data, aliases=["latest", f"n{number}"], tags=["t"] if number == 1 else None).wait()
            if number:
                source = run.use_artifact(f"data:v{number - 1}")
                derived = wandb.Artifact("derived", type="model")
                derived.add_reference(source.get_entry("same.txt").ref_url(), name="linked.txt")
                run.log_artifact(derived).wait()


def shown(artifact) -> dict:
    """Returns what the SDK says about a version."""
    values = {name: getattr(artifact, name) for name in COLUMNS}
    return {
        **values,
        "name": artifact.name.split(":")[0] + ":" + artifact.version,
        "aliases": sorted(artifact.aliases),
        "tags": sorted(artifact.tags),
        "metadata": artifact.metadata,
        "created_at": artifact.created_at,
        "digest_algorithm": artifact.digest_algorithm.value.removeprefix("MANIFEST_"),
        "id": artifact.id,
    }


def told(row: dict) -> dict:
    """Returns the same of a row of wandb-export, which leaves out what there is not."""
    values = {name: row.get(name) for name in COLUMNS}
    return {
        **values,
        "name": row["name"],
        "aliases": sorted(row["aliases"]),
        "tags": sorted(row.get("tags", [])),
        "metadata": row.get("metadata", {}),
        "created_at": row["created_at"],
        "digest_algorithm": row["digest_algorithm"],
        "id": row["id"],
    }


def contents(folder: pathlib.Path) -> dict[str, bytes]:
    """Returns the files by their names in the artifact, which a mapping file has if they cannot be stored everywhere."""
    mapping = folder / "wandb-export-names.json"
    names = json.loads(mapping.read_text("utf-8")) if mapping.exists() else {}
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and path != mapping and not name.startswith(".wandb-export"):
            found[names.get(name, name)] = path.read_bytes()
    return found


def entries(manifest) -> list[tuple]:
    return [(path, entry.digest, entry.size, entry.ref) for path, entry in sorted(manifest.entries.items())]


def questions(api, tool: Tool, scratch: pathlib.Path, compare: Callable) -> Iterator[tuple[str, Callable]]:
    """Yields the questions, each with a function that compares the answers."""
    projects = [f"{TEAM}/{PROJECT}", f"{TEAM}/artifacts"]
    for project in projects:
        versions = [
            artifact
            for of in api.artifact_types(project)
            for collection in of.collections()
            for artifact in collection.artifacts()
        ]

        def listed(project=project, versions=versions) -> None:
            sdk = sorted(artifact.qualified_name for artifact in versions)
            rows = tool.rows("artifacts", project)
            compare(sdk, sorted(f"{row['entity']}/{row['project']}/{row['name']}" for row in rows))

        yield f"artifacts {project}", listed
        for artifact in versions:
            path = artifact.qualified_name
            yield f"artifact {path}", lambda a=artifact, path=path: compare(shown(a), told(tool.rows("artifact", path)[0]))

            def lineage(artifact=artifact, path=path) -> None:
                row = tool.rows("artifact", path)[0]
                logger = artifact.logged_by()
                sdk = (logger and "/".join(logger.path), sorted("/".join(run.path) for run in artifact.used_by()))
                compare(sdk, (row.get("logged_by"), sorted(row["used_by"])))

            yield f"lineage {path}", lineage

            def manifest(artifact=artifact, path=path) -> None:
                rows = tool.rows("artifact", path, "--files")
                ours = [(row["path"], row["digest"], row.get("size"), row.get("reference")) for row in rows]
                compare(entries(artifact.manifest), ours)
                compare(artifact.manifest.digest(), artifact.digest)

            yield f"manifest {path}", manifest

            def downloaded(artifact=artifact, path=path) -> None:
                theirs = scratch / "sdk" / path.replace("/", "_")
                for name, entry in artifact.manifest.entries.items():
                    if not (entry.ref or "").startswith("store:"):
                        artifact.get_entry(name).download(root=str(theirs))
                ours = tool.folder / path.replace("/", "_").replace(":", "_")
                has_references = any((e.ref or "").startswith("store:") for e in artifact.manifest.entries.values())
                tool.rows("artifact", path, "--download", "-o", str(ours), code=5 if has_references else 0)
                compare(contents(theirs), contents(ours))

            yield f"download {path}", downloaded
    for number in range(3):
        for field, kind in [("logged", "logged_artifacts"), ("used", "used_artifacts")]:

            def of_run(number=number, field=field, kind=kind) -> None:
                sdk = sorted(artifact.name for artifact in getattr(api.run(f"{projects[0]}/run{number}"), kind)())
                rows = tool.rows("artifacts", f"{projects[0]}/run{number}")
                compare(sdk, sorted(row["name"] for row in rows if row["relation"] == field))

            yield f"{field} by run{number}", of_run


def ask(arguments, server: Server, transport: str, scratch: pathlib.Path, counts: Counts) -> None:
    import wandb

    tool = Tool(arguments.program, transport, scratch / transport)
    api = wandb.Api({"base_url": server.base_url})
    name = ""
    for name, compare_answers in questions(api, tool, scratch / transport, lambda *pair: counts.compare(name, *pair)):
        if arguments.question not in name:
            continue
        try:
            compare_answers()
        except Exception as problem:  # noqa: BLE001: either side failed, which is a difference.
            counts.failed += 1
            print(f"FAILED {name} over {transport}: {type(problem).__name__}: {problem}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--server", type=pathlib.Path, required=True)
    parser.add_argument("--question", default="", help="run only questions whose name contains this text")
    arguments = parser.parse_args()
    home = pathlib.Path(os.environ["HOME"])
    home.mkdir(parents=True, exist_ok=True)
    os.chdir(home)
    options = [text for size in GENERATED for text in ("--generate-artifacts", size)]
    counts = Counts()
    with Server(arguments.server, *options) as server, tempfile.TemporaryDirectory() as directory:
        os.environ["WANDB_BASE_URL"] = server.base_url
        os.environ["WANDB_API_KEY"] = server.api_key
        log_artifacts()
        for transport in TRANSPORTS:
            ask(arguments, server, transport, pathlib.Path(directory), counts)
    print(f"{counts.passed} passed, {counts.failed} failed")
    raise SystemExit(counts.failed > 0 or counts.passed == 0 and not arguments.question)


if __name__ == "__main__":
    main()
