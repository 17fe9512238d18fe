"""Stands before InfluxDB 1.6 and gives it the two things that 1.8 and 2.x have: ``/api/v2/write`` and tokens.

Run as ``python influx_forwarder.py PORT TARGET_PORT TOKEN``.
"""

import http.client
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

PRECISIONS = {"ns": "n", "us": "u", "ms": "ms", "s": "s"}


class Forwarder(BaseHTTPRequestHandler):
    """Maps, checks the token and passes on; everything else is the engine's own."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    target_port = 0
    token = ""
    _local = threading.local()

    def do_GET(self) -> None:
        self._forward()

    def do_POST(self) -> None:
        self._forward()

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Authorization") != f"Token {self.token}":
            self._answer(401, b'{"code":"unauthorized","message":"unauthorized access"}', "application/json")
            return
        response = self._ask(self._address(), body)
        self._answer(response.status, response.read(), response.headers.get("Content-Type", "application/json"))

    def _address(self) -> str:
        parts = urlsplit(self.path)
        if parts.path != "/api/v2/write":
            return self.path
        given = {name: values[0] for name, values in parse_qs(parts.query).items()}
        database, _, policy = given["bucket"].partition("/")
        return "/write?" + urlencode({"db": database, "rp": policy, "precision": PRECISIONS[given["precision"]]})

    def _ask(self, address: str, body: bytes) -> http.client.HTTPResponse:
        for attempt in (1, 2):
            connection = getattr(self._local, "connection", None) or http.client.HTTPConnection(
                "127.0.0.1", self.target_port, timeout=60
            )
            self._local.connection = connection
            try:
                connection.request(self.command, address, body)
                return connection.getresponse()
            except (http.client.HTTPException, OSError):
                connection.close()
                self._local.connection = None
                if attempt == 2:
                    # As a broken line would look to the client.
                    self.close_connection = True
                    raise ConnectionAbortedError from None
        raise AssertionError

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Says nothing when a client or the engine breaks the line."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    port, Forwarder.target_port, Forwarder.token = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    Server(("127.0.0.1", port), Forwarder).serve_forever()
