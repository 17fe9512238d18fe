"""The demo's stand-in for a caregiver's phone: takes pushes over HTTP on loopback and shows each as a line."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_BYTES = 64 * 1024


class DemoPhone:
    """Listens for Apprise's JSON pushes; ``show`` gets one readable line for each."""

    def __init__(self, show: Callable[[str], None]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = min(int(self.headers.get("Content-Length") or 0), MAX_BYTES)
                try:
                    push = json.loads(self.rfile.read(length))
                    show(f"push to a phone: {push.get('title', '')}: {push.get('message', '')}".replace("\n", " "))
                except (ValueError, AttributeError):
                    self.send_error(400)
                    return
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """No access log in the demo."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="phone", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Its Apprise address."""
        return f"json://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        """Switch it off."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
