"""A real InfluxDB engine on free loopback ports, reached as production reaches InfluxDB 2.x."""

import contextlib
import secrets
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from spasmwatch.settings.store import Influx
from support.require import require
from support.servers import free_port, running

CONFIGURATION = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
  index-version = "tsi1"
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
  flux-enabled = false
  max-body-size = 25000000
[monitor]
  store-enabled = false
[logging]
  level = "error"
"""


@dataclass(frozen=True)
class Engine:
    """``settings`` lead through the forwarder with its token; ``port`` is the engine itself, without any."""

    settings: Influx
    port: int
    process: subprocess.Popen[bytes]

    def create(self, database: str) -> None:
        """Make an empty database (what a bucket is to InfluxQL)."""
        data = urllib.parse.urlencode({"q": f'DROP DATABASE "{database}"; CREATE DATABASE "{database}"'}).encode()
        urllib.request.urlopen(f"http://127.0.0.1:{self.port}/query", data, timeout=30).read()


@contextlib.contextmanager
def influx_engine(folder: Path, port: int | None = None) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """``influxd`` itself; yields its port and process. The same folder again continues with the same data."""
    program = require("influxd")
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    configuration = folder / "influxdb.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port, rpc=free_port()))
    with running([program, "-config", str(configuration)], port, folder / "influxd.log") as process:
        yield port, process


@contextlib.contextmanager
def forwarder(folder: Path, target_port: int) -> Iterator[Influx]:
    """The forwarder before an engine; yields the settings that lead through it."""
    port, token = free_port(), secrets.token_hex(8)
    script = Path(__file__).with_name("influx_forwarder.py")
    command = [sys.executable, str(script), str(port), str(target_port), token]
    with running(command, port, folder / "forwarder.log"):
        yield Influx(url=f"http://127.0.0.1:{port}", token=SecretStr(token))


@contextlib.contextmanager
def influxdb(folder: Path) -> Iterator[Engine]:
    """Engine and forwarder with empty databases of the default names."""
    with influx_engine(folder) as (port, process), forwarder(folder, port) as settings:
        engine = Engine(settings, port, process)
        for database in (settings.bucket, settings.diary_bucket):
            engine.create(database)
        yield engine
