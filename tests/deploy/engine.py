"""A real InfluxDB engine on loopback, asked in InfluxQL as Grafana asks it."""

import json
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.require import require
from support.servers import free_port, running

DATABASE = "spasmwatch"


@contextmanager
def engine(folder: Path) -> Iterator["Engine"]:
    """An empty InfluxDB for one test module."""
    program = require("influxd")
    port, internal = free_port(), free_port()
    configuration = folder / "influxdb.conf"
    configuration.write_text(
        f'reporting-disabled = true\nbind-address = "127.0.0.1:{internal}"\n'
        f'[meta]\ndir = "{folder}/meta"\n[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\n'
        f'query-log-enabled = false\n[http]\nbind-address = "127.0.0.1:{port}"\nlog-enabled = false\n'
        "[monitor]\nstore-enabled = false\n[continuous_queries]\nenabled = false\n"
    )
    with running([program, "-config", str(configuration)], port, folder / "influxd.log"):
        server = Engine(port)
        server.ask(f'CREATE DATABASE "{DATABASE}"', post=True)
        yield server


class Engine:
    """Writes line protocol, asks InfluxQL."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def write(self, lines: Iterable[str]) -> None:
        """Line protocol with times in seconds, in batches."""
        batch: list[str] = []
        for line in lines:
            batch.append(line)
            if len(batch) == 20_000:
                self._send(batch)
                batch = []
        self._send(batch)

    def _send(self, batch: list[str]) -> None:
        request = urllib.request.Request(
            f"{self.url}/write?db={DATABASE}&precision=s", data="\n".join(batch).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 204

    def ask(self, query: str, post: bool = False) -> list[dict[str, Any]]:
        """The series of one query. Fails with the engine's own words when it refuses."""
        arguments = urllib.parse.urlencode({"db": DATABASE, "q": query, "epoch": "s"})
        address, body = (f"{self.url}/query", arguments.encode()) if post else (f"{self.url}/query?{arguments}", None)
        with urllib.request.urlopen(address, data=body, timeout=60) as answer:
            result = json.load(answer)["results"][0]
        assert "error" not in result, f"{result['error']}: {query}"
        series: list[dict[str, Any]] = result.get("series", [])
        return series
