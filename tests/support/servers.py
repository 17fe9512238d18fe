"""Real servers, started on free loopback ports and stopped by the test."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from support.require import require


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for_port(port: int, timeout: float = 15) -> None:
    """Wait until something listens on ``port``."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.2):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nothing listens on port {port} after {timeout} s")


@contextlib.contextmanager
def running(command: list[str], port: int, log: Path, folder: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A server process that listens on ``port``, started in ``folder``; stopped at the end."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=folder)
        try:
            wait_for_port(port)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def mosquitto(folder: Path, port: int | None = None, extra: str = "") -> Iterator[int]:
    """A real Mosquitto for one test, open to loopback only; yields its port."""
    program = require("mosquitto")
    port = port or free_port()
    configuration = folder / f"mosquitto-{port}.conf"
    configuration.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 1000\n"
        f"max_queued_messages 0\npersistence false\n{extra}\n"
    )
    with running([program, "-c", str(configuration)], port, folder / f"mosquitto-{port}.log"):
        yield port
