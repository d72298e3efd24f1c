"""Logs artifacts with the official SDK to the local server, reads them back with it, and compares the two.

    python logged_artifacts.py --server PATH

So the server stores and returns what the SDK expects: facts, manifests, files byte for byte, lineage, tables, media,
links and registries. The last line is `N passed, N failed`.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import pathlib
import tempfile
import traceback

from artifact_logs import ENTITY, MANY, ORGANIZATION, PROJECT, REGISTRY, Log, Logged, everything
from exact import describe, differences
from servers import Server

# A generated artifact: 60 entries of 3 000 bytes, three versions that have 80 % of them in common.
GENERATED = "60x3000x3x80"
FORM = ["--artifact-layout", "V1", "--artifact-digests", "XXH128"]
SERVER = ["--registry", "models", "--generate-artifacts", GENERATED, *FORM]
# Maximum number of differences printed per question, and of characters per value.
MAX_SHOWN, MAX_CHARACTERS = 3, 300


class Questions:
    """Counts and prints the results."""

    def __init__(self) -> None:
        self.passed = self.failed = 0

    def ask(self, name: str, expected, read) -> None:
        """Compares a value with the result of a function."""
        try:
            found = [
                f"at {it.place or '(all)'}: logged {describe(it.sdk)[:MAX_CHARACTERS]}, read {describe(it.ours)[:MAX_CHARACTERS]}"
                for it in differences(expected, read())
            ]
        except Exception as problem:  # noqa: BLE001: whatever is raised is the answer.
            place = traceback.extract_tb(problem.__traceback__)[-1]
            found = [f"raises {type(problem).__name__}: {problem} ({place.filename}:{place.lineno})"]
        self.passed, self.failed = self.passed + (not found), self.failed + bool(found)
        for line in found[:MAX_SHOWN]:
            print(f"DIFFERENT {name}: {line}", flush=True)


def hashes(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def on_disk(folder: str) -> dict[str, bytes]:
    root = pathlib.Path(folder)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def about_version(ask, api, logged: Logged, folder: pathlib.Path) -> None:
    """Asks for everything that is known about one version."""
    name = logged.path.split("/")[-1]
    artifact = fresh(api, logged.path, folder)
    facts = {
        "name": name, "type": logged.type, "state": "COMMITTED", "entity": ENTITY, "project": PROJECT,
        "version": name.split(":")[1], "description": logged.description, "metadata": logged.metadata,
        "file_count": len(logged.files) + len(logged.references), "aliases": sorted(logged.aliases),
        "tags": sorted(logged.tags), "ttl": str(logged.ttl), "is_link": False,
    }  # fmt: skip
    ask(f"facts of {name}", facts, lambda: {
        **{key: getattr(artifact, key) for key in facts}, "ttl": str(artifact.ttl),
        "aliases": sorted(artifact.aliases), "tags": sorted(artifact.tags),
    })  # fmt: skip
    if logged.digest:
        ask(f"digest of {name}", logged.digest, lambda: artifact.digest)
    # The server's digest, before the manifest is read and replaces it.
    ask(f"digest of the manifest of {name}", artifact.digest, lambda: artifact.manifest.digest())
    ask(f"commit of {name}", [True, True], lambda: [bool(artifact.commit_hash), bool(artifact.created_at)])
    size = sum(map(len, logged.files.values()))
    manifest = artifact.manifest.entries
    ask(f"manifest of {name}", sorted([*logged.files, *logged.references]), lambda: sorted(manifest))
    references = sum(manifest[path].size or 0 for path in logged.references)
    ask(f"size of {name}", size + references, lambda: artifact.size)
    ask(f"sizes in {name}", {path: len(content) for path, content in logged.files.items()},
        lambda: {path: manifest[path].size or 0 for path in logged.files})  # fmt: skip
    ask(f"references of {name}", logged.references, lambda: {path: manifest[path].ref for path in logged.references})
    listed = sorted([*logged.files, *logged.references])
    ask(f"files of {name}", listed, lambda: sorted(file.name for file in artifact.files(per_page=700)))
    ask(f"number of files of {name}", len(listed), lambda: len(artifact.files()))
    ask(f"one file of {name}", listed[:1],
        lambda: [file.name for file in artifact.files(names=listed[:1])] if listed else [])  # fmt: skip
    ask(f"run of {name}", logged.run, lambda: artifact.logged_by().id)
    place = folder / name.replace(":", "-")
    missing = set(logged.references) - {"local.txt", "from data.bin"}
    if missing:
        # References to places that do not exist cannot be downloaded.
        ask(f"download of {name}", hashes(logged.files), lambda: hashes({
            path: download(artifact, path, place) for path in logged.files
        }))  # fmt: skip
        ask(f"local reference of {name}", b"local".hex(), lambda: download(artifact, "local.txt", place).hex())
        ask(f"artifact reference of {name}", (bytes(range(256)) * 40).hex(),
            lambda: download(artifact, "from data.bin", place).hex())  # fmt: skip
        return
    ask(f"download of {name}", hashes(logged.files), lambda: hashes(on_disk(artifact.download(root=str(place)))))
    ask(f"verification of {name}", None, lambda: artifact.verify(root=str(place)))
    # A single entry has no signed URL, so the SDK uses the route of the API.
    artifact = fresh(api, logged.path, folder)
    for path in list(logged.files)[:5]:
        own = folder / "entries" / name.replace(":", "-")
        ask(f"entry {path} of {name}", logged.files[path].hex(),
            lambda path=path, own=own: download(artifact, path, own).hex())  # fmt: skip


def download(artifact, path: str, folder: pathlib.Path) -> bytes:
    return pathlib.Path(artifact.get_entry(path).download(root=str(folder))).read_bytes()


def fresh(api, path: str, folder: pathlib.Path):
    """Returns a version that the SDK reads with an empty cache, so that all bytes come from the server.

    `skip_cache` is no replacement: SDK 0.31 may then write a later file to the place of an earlier one.
    """
    os.environ["WANDB_CACHE_DIR"] = tempfile.mkdtemp(dir=folder)
    return api.artifact(path)


def about_lists(ask, api, log: Log) -> None:
    """Asks for types, collections, versions, and the artifacts of runs."""
    project = f"{ENTITY}/{PROJECT}"
    types = {"dataset", "empty type", "model", "media", "run_table", "wandb-run-incremental-table", "wandb-history"}
    ask("types", [], lambda: sorted({kind.name for kind in api.artifact_types(project)} - types))
    collections = {"data", "many", "hashed", "references", "together", "tables", GENERATED}
    ask("collections", sorted(collections),
        lambda: sorted(it.name for it in api.artifact_collections(project, "dataset")))  # fmt: skip
    ask("number of collections", len(collections), lambda: len(api.artifact_collections(project, "dataset")))
    ask("ordered collections", sorted(collections),
        lambda: [it.name for it in api.artifact_type("dataset", project).collections(order="name", per_page=2)])  # fmt: skip
    ask("filtered collections", ["data"],
        lambda: [it.name for it in api.artifact_type("dataset", project).collections(filters={"name": {"$regex": "^da"}})])  # fmt: skip
    ask("versions", ["v2", "v1", "v0"],
        lambda: [it.version for it in api.artifacts("dataset", f"{project}/data", per_page=2)])  # fmt: skip
    ask("ordered versions", ["v0", "v1", "v2"],
        lambda: [it.version for it in api.artifacts("dataset", f"{project}/data", order="created_at")])  # fmt: skip
    ask("tagged versions", ["v0"],
        lambda: [it.version for it in api.artifacts("dataset", f"{project}/data", tags="raw")])  # fmt: skip
    ask("aliases of a collection", ["again", "best", "first", "latest", "v0", "v1", "v2"],
        lambda: sorted(api.artifact_collection("dataset", f"{project}/data").aliases))  # fmt: skip
    own = sorted(it.path.split("/")[-1] for it in log.versions)
    ask("logged artifacts", own,
        lambda: sorted(it.name for it in api.run(f"{project}/producer").logged_artifacts() if it.name in own))  # fmt: skip
    used = ["data:v1", "many:v0"]
    ask("used artifacts", used, lambda: sorted({it.name for it in api.run(f"{project}/consumer").used_artifacts()}))
    ask("users", ["consumer"], lambda: [run.id for run in api.artifact(f"{project}/many:latest").used_by()])
    ask("existence", [True, False, True, False], lambda: [
        api.artifact_exists(f"{project}/data:best"), api.artifact_exists(f"{project}/data:none"),
        api.artifact_collection_exists(f"{project}/data", "dataset"), api.artifact_collection_exists(f"{project}/none", "dataset"),
    ])  # fmt: skip
    ask("many files", MANY, lambda: len(api.artifact(f"{project}/many:v0").manifest.entries))


def about_contents(ask, api, log: Log, folder: pathlib.Path) -> None:
    """Asks for tables and media in artifacts."""
    project = f"{ENTITY}/{PROJECT}"
    os.environ["WANDB_CACHE_DIR"] = tempfile.mkdtemp(dir=folder)
    logged = [it.name for it in api.run(f"{project}/producer").logged_artifacts() if it.type == "run_table"]
    log.tables["logged"] = (logged[0], *log.tables["logged"][1:])
    for name, (artifact, path, columns, data) in log.tables.items():
        read = lambda artifact=artifact, path=path: api.artifact(f"{project}/{artifact}").get(path)  # noqa: E731
        ask(f"columns of {name}", columns, lambda read=read: read().columns)
        # The SDK reads NaN as None.
        expected = [[None if cell != cell else cell for cell in row] for row in plain(data)]
        ask(f"rows of {name}", expected, lambda read=read: plain(read().data))
    parts = [[1, "a"], [2, "b"], [3, "c"]]
    ask("partitioned table", parts,
        lambda: [list(row) for _, row in api.artifact(f"{project}/tables:v0").get("all parts").iterrows()])  # fmt: skip
    ask("pictures", [[0, [2, 3, 0]], [1, [2, 3, 255]]], lambda: [
        [number, [picture.image.height, picture.image.width, picture.image.getpixel((0, 0))[0]]]
        for number, picture in api.artifact(f"{project}/tables:v0").get("pictures").data
    ])  # fmt: skip
    for name, content in log.artifact_media.items():
        ask(f"media {name}", content.hex(), lambda name=name: pathlib.Path(
            api.artifact(f"{project}/media:v0").get(name)._path
        ).read_bytes().hex())  # fmt: skip
    run = api.run(f"{project}/producer")
    for name, content in log.run_media.items():
        ask(f"media {name} of the run", [hashlib.sha256(content).hexdigest(), content.hex()], lambda name=name: [
            run.summary[name]["sha256"], pathlib.Path(run.file(run.summary[name]["path"]).download("media", replace=True).name).read_bytes().hex(),
        ])  # fmt: skip
    grown = [it for it in api.run(f"{project}/producer").logged_artifacts() if it.type == "wandb-run-incremental-table"]
    ask("incremental table", 3, lambda: len(grown))
    newest = max(grown, key=lambda it: int(it.version[1:]))
    ask("increments", 3, lambda: len(newest.manifest.entries))
    ask("increments are downloaded", 3, lambda: len(on_disk(newest.download())))


def plain(rows: list[list]) -> list[list]:
    """Replaces times by their text, which the comparison knows."""
    return [[cell.isoformat() if hasattr(cell, "isoformat") else cell for cell in row] for row in rows]


def about_registries(ask, api, folder: pathlib.Path) -> None:
    """Asks for links and registries."""
    project = f"{ENTITY}/{PROJECT}"
    linked = f"{ORGANIZATION}/{REGISTRY}/best data"
    artifact = fresh(api, f"{linked}:prod", folder)
    facts = {"name": "best data:prod", "source_name": "data:v1", "is_link": True, "aliases": ["latest", "prod"], "project": REGISTRY}
    ask("linked artifact", facts,
        lambda: {**{key: getattr(artifact, key) for key in facts}, "aliases": sorted(artifact.aliases)})  # fmt: skip
    ask("files of the linked artifact", sorted(artifact.manifest.entries),
        lambda: sorted(file.name for file in artifact.files()))  # fmt: skip
    ask("bytes of the linked artifact", b"second".hex(), lambda: download(artifact, "a.txt", folder / "linked").hex())
    ask("links", ["best data:v0"], lambda: [it.name for it in api.artifact(f"{project}/data:v1").linked_artifacts])
    registries = lambda **chosen: api.registries(organization=ORGANIZATION, **chosen)  # noqa: E731
    ask("registries", ["models"], lambda: [it.name for it in registries()])
    ask("filtered registries", [[], ["models"]], lambda: [
        [it.name for it in registries(filter={"name": "other"})], [it.name for it in registries(filter={"name": {"$regex": "mod"}})],
    ])  # fmt: skip
    ask("registry", ["models", True],
        lambda: [(it := api.registry("models", organization=ORGANIZATION)).name, it.allow_all_artifact_types])  # fmt: skip
    ask("registry collections", ["best data"], lambda: [it.name for it in registries().collections()])
    ask("registry versions", ["best data:v0"], lambda: [it.name for it in registries().versions()])
    ask("registry versions by alias", [["best data:v0"], []], lambda: [
        [it.name for it in registries().versions(filter={"alias": alias})] for alias in ["prod", "best"]
    ])  # fmt: skip
    ask("ordered registry versions", ["best data:v0"],
        lambda: [it.name for it in registries().versions(order="linked_at")])  # fmt: skip
    ask("new registry", ["made", False, ["model"]], lambda: made(api))


def made(api) -> list:
    api.create_registry("made", visibility="organization", organization=ORGANIZATION, artifact_types=["model"])
    registry = api.registry("made", organization=ORGANIZATION)
    return [registry.name, registry.allow_all_artifact_types, list(registry.artifact_types)]


def about_generated(ask, api, folder: pathlib.Path) -> None:
    """Asks for the generated versions, whose files the SDK finds by entity and digest."""
    for version in ["v0", "v2"]:
        path = f"{ENTITY}/{PROJECT}/{GENERATED}:{version}"
        artifact, place = fresh(api, path, folder), folder / f"generated-{version}"
        ask(f"layout of {version}", "V1",
            lambda artifact=artifact: artifact.manifest.storage_policy.config()["storageLayout"])  # fmt: skip
        ask(f"algorithm of {version}", "MANIFEST_XXH128", lambda artifact=artifact: artifact.digest_algorithm.value)
        ask(f"digest of generated {version}", artifact.digest, lambda artifact=artifact: artifact.manifest.digest())
        ask(f"download of generated {version}", None,
            lambda artifact=artifact, place=place: artifact.verify(root=artifact.download(root=str(place))))  # fmt: skip
        ask(f"sizes of generated {version}", [3_000] * 60,
            lambda place=place: list(map(len, on_disk(str(place)).values())))  # fmt: skip
        alone = fresh(api, path, folder)
        name = sorted(alone.manifest.entries)[0]
        ask(f"entry of generated {version}", 3_000,
            lambda alone=alone, name=name: len(download(alone, name, folder / "alone")))  # fmt: skip


def about_changes(ask, api) -> None:
    """Changes versions and collections, and reads them again."""
    path = f"{ENTITY}/{PROJECT}/data:v0"
    artifact = api.artifact(path)
    artifact.aliases += ["moved", "again"]
    artifact.aliases.remove("first")
    artifact.metadata["later"] = {"x": [1]}
    artifact.description = "changed"
    artifact.tags = ["raw", "new"]
    artifact.ttl = None
    artifact.save()
    read = api.artifact(path)
    ask("changed version", [["again", "moved"], {"x": [1]}, "changed", ["new", "raw"], None],
        lambda: [sorted(read.aliases), read.metadata["later"], read.description, sorted(read.tags), read.ttl])  # fmt: skip
    ask("alias has moved", ["best"], lambda: api.artifact(f"{ENTITY}/{PROJECT}/data:v1").aliases)
    collection = api.artifact_collection("dataset", f"{ENTITY}/{PROJECT}/many")
    collection.name, collection.description, collection.tags = "renamed", "all rows", ["a", "b c"]
    collection.save()
    again = api.artifact_collection("dataset", f"{ENTITY}/{PROJECT}/renamed")
    ask("changed collection", ["renamed", "all rows", ["a", "b c"]],
        lambda: [again.name, again.description, sorted(again.tags)])  # fmt: skip
    read.delete(delete_aliases=True)
    ask("deleted version", [False, ["v2", "v1"]], lambda: [
        api.artifact_exists(path), [it.version for it in api.artifacts("dataset", f"{ENTITY}/{PROJECT}/data")],
    ])  # fmt: skip
    linked = api.artifact(f"{ORGANIZATION}/{REGISTRY}/best data:v0")
    linked.unlink()
    ask("removed link", False, lambda: api.artifact_exists(f"{ORGANIZATION}/{REGISTRY}/best data:v0"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    pathlib.Path(os.environ["HOME"]).mkdir(parents=True, exist_ok=True)
    questions = Questions()
    with tempfile.TemporaryDirectory() as home, Server(arguments.server.resolve(), *SERVER) as server:
        os.environ["WANDB_BASE_URL"] = server.base_url
        os.environ["WANDB_API_KEY"] = server.api_key
        folder = pathlib.Path(home)
        os.environ["WANDB_DIR"] = home
        os.chdir(folder)
        log = Log(folder / "logged")
        everything(log)

        import wandb

        (folder / "read").mkdir()
        api = wandb.Api(overrides={"entity": ENTITY, "project": PROJECT})
        for logged in log.versions:
            about_version(questions.ask, api, logged, folder / "read")
        about_lists(questions.ask, api, log)
        about_contents(questions.ask, api, log, folder / "read")
        about_registries(questions.ask, api, folder / "read")
        about_generated(questions.ask, api, folder / "read")
        about_changes(questions.ask, api)
        wandb.teardown()
        os.chdir("/")
    print(f"{questions.passed} passed, {questions.failed} failed")
    raise SystemExit(1 if questions.failed or not questions.passed else 0)


if __name__ == "__main__":
    main()
