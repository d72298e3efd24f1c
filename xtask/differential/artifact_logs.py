"""Logs artifacts, tables and media with the official SDK, online, and remembers what each of them holds."""

from __future__ import annotations

import dataclasses
import datetime
import math
import pathlib

ENTITY, PROJECT = "local-team", "artifacts"
ORGANIZATION, REGISTRY = "local-org", "wandb-registry-models"
MANY = 2_000
PDB = "HETATM    1  O   HOH A   1       0.000   0.000   0.000  1.00  0.00           O\nEND\n"


@dataclasses.dataclass
class Logged:
    """A version that was logged, as it must come back."""

    path: str
    type: str
    run: str
    digest: str
    files: dict[str, bytes]
    # Paths, and the addresses that they refer to.
    references: dict[str, str] = dataclasses.field(default_factory=dict)
    aliases: list[str] = dataclasses.field(default_factory=list)
    tags: list[str] = dataclasses.field(default_factory=list)
    metadata: dict = dataclasses.field(default_factory=dict)
    description: str | None = None
    ttl: datetime.timedelta | None = None


class Log:
    """Logs in a folder, and collects what was logged."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.versions: list[Logged] = []
        self.tables: dict[str, tuple[str, str, list[str], list[list]]] = {}
        # Content of media by name: in the artifact `media`, and logged to the run.
        self.artifact_media: dict[str, bytes] = {}
        self.run_media: dict[str, bytes] = {}

    def init(self, name: str):
        import wandb

        quiet = wandb.Settings(console="off", x_disable_stats=True, x_disable_machine_info=True, silent=True)
        return wandb.init(entity=ENTITY, project=PROJECT, id=name, settings=quiet)

    def write(self, name: str, content: bytes) -> pathlib.Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def log(self, run, artifact, version: int, files: dict[str, bytes], **facts) -> Logged:
        """Logs an artifact that holds these files, and waits until it is committed."""
        for name, content in files.items():
            place = self.write(f"{artifact.name.split(':')[0]}/{version}/{len(content)}/{name}", content)
            artifact.add_file(str(place), name=name)
        return self.commit(run, artifact, version, files, **facts)

    def commit(self, run, artifact, version: int, files: dict[str, bytes], **facts) -> Logged:
        name, digest = artifact.name.split(":")[0], artifact.digest
        chosen = {key: facts[key] for key in ["aliases", "tags"] if key in facts}
        run.log_artifact(artifact, **chosen).wait()
        logged = Logged(
            f"{ENTITY}/{PROJECT}/{name}:v{version}", artifact.type, run.id, digest, files,
            metadata=artifact.metadata or {}, description=artifact.description, **facts,
        )  # fmt: skip
        self.versions.append(logged)
        return logged


def everything(log: Log) -> None:
    """Logs the runs `producer` and `consumer`."""
    with log.init("producer") as run:
        several_versions(log, run)
        special(log, run)
        references(log, run)
        together(log, run)
        tables(log, run)
        media(log, run)
    with log.init("consumer") as run:
        run.use_artifact("data:best")
        run.use_artifact(f"{ENTITY}/{PROJECT}/many:latest")
        run.use_artifact(f"{ORGANIZATION}/{REGISTRY}/best data:prod")


def several_versions(log: Log, run) -> None:
    import wandb

    first = {
        "a.txt": b"first", "nested/deep/b.bin": bytes(range(256)) * 40, "with space/ünï 漢字🚀.txt": "ž".encode(),
        "empty": b"", "percent%20#?.txt": b"odd",
    }  # fmt: skip
    metadata = {"rows": 3, "nested": {"list": [1, 2.5, None, "ü"]}, "flag": True}
    artifact = wandb.Artifact("data", "dataset", description="First line.\nSecond: ü.", metadata=metadata)
    artifact.ttl = datetime.timedelta(days=30)
    log.log(run, artifact, 0, first, aliases=["first"], tags=["raw", "with space"], ttl=artifact.ttl)
    second = {**first, "a.txt": b"second", "new.txt": b"new"}
    del second["empty"]
    log.log(run, wandb.Artifact("data", "dataset"), 1, second, aliases=["best", "latest"])
    # The same content again is not a new version, but gets the alias.
    again = wandb.Artifact("data", "dataset")
    for name, content in second.items():
        again.add_file(str(log.write(f"again/{name}", content)), name=name)
    run.log_artifact(again, aliases=["again"]).wait()
    log.versions[-1].aliases.append("again")
    # A draft from a version shares its files.
    draft = wandb.Api().artifact(f"{ENTITY}/{PROJECT}/data:v1").new_draft()
    draft.remove("new.txt")
    third = {name: content for name, content in second.items() if name != "new.txt"}
    log.log(run, draft, 2, {"drafted.txt": b"drafted"}, aliases=["latest"])
    log.versions[-1].files = {**third, "drafted.txt": b"drafted"}
    log.versions[-2].aliases.remove("latest")
    run.link_artifact(wandb.Api().artifact(f"{ENTITY}/{PROJECT}/data:v1"), f"{ORGANIZATION}/{REGISTRY}/best data", aliases=["prod"])


def special(log: Log, run) -> None:
    import wandb

    many = {f"part-{number % 7}/file {number:05}.txt": f"content {number // 2}".encode() for number in range(MANY)}
    artifact = wandb.Artifact("many", "dataset")
    for name, content in many.items():
        log.write(f"many/{name}", content)
    artifact.add_dir(str(log.folder / "many"))
    log.commit(run, artifact, 0, many, aliases=["latest"])
    log.log(run, wandb.Artifact("nothing", "empty type"), 0, {}, aliases=["latest"])
    hashed = wandb.Artifact("hashed", "dataset", digest_algorithm="XXH128")
    log.log(run, hashed, 0, {"x.txt": b"xxh128", "y/z": b"\0" * 5_000}, aliases=["latest"])
    model = log.write("model/weights.bin", b"weights" * 99)
    run.log_model(str(model), name="net")
    log.versions.append(Logged(f"{ENTITY}/{PROJECT}/net:v0", "model", run.id, "", {"weights.bin": b"weights" * 99}, aliases=["latest"]))


def references(log: Log, run) -> None:
    import wandb
    from wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry

    local = log.write("elsewhere/local.txt", b"local")
    artifact = wandb.Artifact("references", "dataset")
    artifact.add_reference("https://example.com/a%20b.csv?x=1", name="web.csv", checksum=False)
    artifact.add_reference(local.as_uri(), name="local.txt")
    artifact.add_reference("other://place/file", name="other.bin")
    # The SDK's handler of S3 makes such an entry, but only with boto3 and a bucket.
    entry = ArtifactManifestEntry(path="s3.bin", ref="s3://bucket/key", digest="etag", size=12, extra={"etag": "etag"})
    artifact.manifest.add_entry(entry)
    source = wandb.Api().artifact(f"{ENTITY}/{PROJECT}/data:v1")
    artifact.add_reference(source.get_entry("nested/deep/b.bin").ref_url(), name="from data.bin")
    inner = source.get_entry("nested/deep/b.bin").ref_url()
    logged = log.log(run, artifact, 0, {"own.txt": b"own"}, aliases=["latest"])
    logged.references = {
        "web.csv": "https://example.com/a%20b.csv?x=1", "local.txt": local.as_uri(), "other.bin": "other://place/file",
        "s3.bin": "s3://bucket/key", "from data.bin": inner,
    }  # fmt: skip


def together(log: Log, run) -> None:
    """A version that is created in two parts, as several processes do."""
    import wandb

    parts = {"part one": b"1", "part two": b"22"}
    for name, content in parts.items():
        part = wandb.Artifact("together", "dataset")
        part.add_file(str(log.write(f"together/{name}", content)), name=name)
        run.upsert_artifact(part, distributed_id="parts")
    last = wandb.Artifact("together", "dataset")
    last.add_file(str(log.write("together/end", b"end")), name="end")
    run.finish_artifact(last, distributed_id="parts").wait()
    files = {**parts, "end": b"end"}
    log.versions.append(Logged(f"{ENTITY}/{PROJECT}/together:v0", "dataset", run.id, "", files, aliases=["latest"]))


def columns() -> dict[str, list]:
    """Returns columns of every type that a table has without media."""
    return {
        "integer": [1, -(2**53) + 1, None],
        "float": [0.1, math.inf, math.nan],
        "text": ["plain", "ünï 漢字🚀\n\"quoted\"", ""],
        "boolean": [True, False, None],
        "list": [[1, 2], [], [3]],
        "dict": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}, {"a": 3, "b": "z"}],
        "nothing": [None, None, None],
        "time": [datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc), None, None],
    }


def rows(chosen: dict[str, list]) -> list[list]:
    return [list(row) for row in zip(*chosen.values())]


def tables(log: Log, run) -> None:
    import numpy as np
    import wandb

    chosen = columns()
    artifact = wandb.Artifact("tables", "dataset")
    artifact.add(wandb.Table(columns=list(chosen), data=rows(chosen)), "plain")
    log.tables["plain"] = ("tables:v0", "plain", list(chosen), rows(chosen))
    artifact.add(wandb.Table(columns=["a"], data=[]), "without rows")
    log.tables["without rows"] = ("tables:v0", "without rows", ["a"], [])
    parts = {"parts/1": [[1, "a"], [2, "b"]], "parts/2": [[3, "c"]]}
    for name, data in parts.items():
        artifact.add(wandb.Table(columns=["n", "t"], data=data), name)
        log.tables[name] = ("tables:v0", name, ["n", "t"], data)
    artifact.add(wandb.data_types.PartitionedTable("parts"), "all parts")
    pixels = [np.full((2, 3, 3), shade, dtype=np.uint8) for shade in [0, 255]]
    cells = [[number, wandb.Image(pixel)] for number, pixel in enumerate(pixels)]
    artifact.add(wandb.Table(columns=["n", "picture"], data=cells), "pictures")
    run.log_artifact(artifact, aliases=["latest"]).wait()
    run.log({"summary table": wandb.Table(columns=["x", "y"], data=[[1, 2.5], [2, None]])})
    log.tables["logged"] = ("", "summary table.table.json", ["x", "y"], [[1, 2.5], [2, None]])
    growing = wandb.Table(columns=["step"], log_mode="INCREMENTAL")
    for step in range(3):
        growing.add_data(step)
        run.log({"growing": growing})


def media(log: Log, run) -> None:
    import numpy as np
    import plotly.graph_objects
    import wandb
    from bokeh.plotting import figure

    sound, video = log.write("media/sound.wav", b"RIFF" + bytes(40)), log.write("media/video.mp4", bytes(99))
    molecule, page = log.write("media/water.pdb", PDB.encode()), "<html><body>ü</body></html>"
    shape = log.write("media/shape.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")

    def plot():
        made = figure(title="bokeh")
        made.line([1, 2], [3, 4])
        return made

    box = {"box_data": [{"position": {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}, "class_id": 1}], "class_labels": {1: "one"}}
    mask = {"mask_data": np.zeros((4, 5), dtype=np.uint8), "class_labels": {0: "none"}}
    objects = {
        "image": lambda: wandb.Image(np.full((4, 5, 3), 7, dtype=np.uint8), boxes={"boxes": box}, masks={"mask": mask}),
        "sound": lambda: wandb.Audio(str(sound), caption="sound"),
        "video": lambda: wandb.Video(str(video), format="mp4"),
        "page": lambda: wandb.Html(page, inject=False),
        "points": lambda: wandb.Object3D(np.zeros((2, 3))),
        "bokeh": lambda: wandb.data_types.Bokeh(plot()),
        "molecule": lambda: wandb.Molecule(str(molecule)),
        "shape": lambda: wandb.Object3D(str(shape)),
        "plotly": lambda: wandb.Plotly(plotly.graph_objects.Figure(data=[{"type": "scatter", "x": [1], "y": [2]}])),
    }
    artifact = wandb.Artifact("media", "media")
    for name, make in objects.items():
        # The SDK has no way to put the others into an artifact.
        if name not in ["molecule", "shape", "plotly"]:
            item = make()
            log.artifact_media[name] = pathlib.Path(item._path).read_bytes()
            artifact.add(item, name)
        item = make()
        log.run_media[name] = pathlib.Path(item._path).read_bytes()
        run.log({name: item})
    run.log_artifact(artifact, aliases=["latest"]).wait()
    run.log({"images": [wandb.Image(np.full((4, 5, 3), shade, dtype=np.uint8)) for shade in [1, 2]]})
    run.log({"histogram": wandb.Histogram([1, 2, 2, 3])})
