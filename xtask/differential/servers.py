"""Starts and stops local servers for scripts, and reads their stored data."""

from __future__ import annotations

import base64
import json
import pathlib
import subprocess
import urllib.request

STORED = """
query StoredRun($entity: String!, $project: String!, $run: String!) {
    project(name: $project, entityName: $entity) {
        run(name: $run) { displayName notes group tags config summaryMetrics }
    }
}
"""


class Server:
    """The local server, started with these arguments. Use it in a `with` statement."""

    def __init__(self, program: pathlib.Path, *arguments: str | pathlib.Path):
        # The server stops when its standard input closes, also if this program is killed.
        self.process = subprocess.Popen(
            [program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.base_url = self.process.stdout.readline().strip()
        self.api_key = self.process.stdout.readline().strip()
        if not self.api_key:
            raise RuntimeError("the local server exited before it listened")

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def stored(self, path: str) -> dict:
        """Reads a run from the server without the SDK and without wandb-export."""
        entity, project, run = path.split("/")
        variables = {"entity": entity, "project": project, "run": run}
        login = base64.b64encode(f"api:{self.api_key}".encode()).decode()
        request = urllib.request.Request(
            f"{self.base_url}/graphql",
            json.dumps({"query": STORED, "variables": variables}).encode(),
            {"Authorization": f"Basic {login}", "Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as response:
            answer = json.load(response)
        facts = answer["data"]["project"]["run"]
        return {
            **facts,
            "config": json.loads(facts["config"] or "{}"),
            "summaryMetrics": json.loads(facts["summaryMetrics"] or "{}"),
        }
