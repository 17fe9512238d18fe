"""A push service on loopback: keeps what it is sent, answers as a test wants."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class PushReceiver:
    """``requests`` holds (monotonic arrival is left to the test) path, headers and JSON body of every POST."""

    port: int = 0
    status: int = 200
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ntfy(self) -> str:
        """An Apprise address of this receiver as an ntfy server."""
        return f"ntfy://127.0.0.1:{self.port}/caregivers"

    def bodies(self) -> list[dict[str, Any]]:
        """The JSON bodies, in order of arrival."""
        return [request["body"] for request in self.requests]


@contextmanager
def push_receiver(status: int = 200) -> Iterator[PushReceiver]:
    """A running receiver."""
    receiver = PushReceiver(status=status)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.loads(raw) if raw else {}
            if receiver.status == 200:
                receiver.requests.append({"path": self.path, "headers": dict(self.headers), "body": body})
            self.send_response(receiver.status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST  # noqa: N815 — named by the standard library

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
