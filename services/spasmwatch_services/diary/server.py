"""The web server in a thread of the program: a port in use or a broken certificate is one clear line."""

import asyncio
import errno
import logging
import socket
import ssl
import threading
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from spasmwatch.errors import SpasmWatchError
from spasmwatch.settings.diary import DiarySettings

log = logging.getLogger(__name__)

STOP_S = 3
"""How long open requests may take when the program ends."""


class WebServer:
    """Listens from the moment it is made; ``serve`` answers until ``close``."""

    def __init__(self, app: FastAPI, settings: DiarySettings, certificate: tuple[Path, Path] | None) -> None:
        self._socket = listen(settings.host, settings.port)
        self.port: int = self._socket.getsockname()[1]
        try:
            self._server = uvicorn.Server(
                uvicorn.Config(
                    app,
                    log_config=None,
                    access_log=False,
                    server_header=False,
                    date_header=True,
                    proxy_headers=bool(settings.trusted_proxies),
                    forwarded_allow_ips=list(settings.trusted_proxies) or None,
                    timeout_graceful_shutdown=STOP_S,
                    timeout_keep_alive=30,
                    h11_max_incomplete_event_size=64 * 1024,
                    ssl_certfile=certificate[0] if certificate else None,
                    ssl_keyfile=certificate[1] if certificate else None,
                    lifespan="off",
                )
            )
            self._server.config.load()
        except (OSError, ssl.SSLError) as error:
            self._socket.close()
            raise SpasmWatchError(f"the certificate of the pages cannot be used: {error}") from error
        self._done = threading.Event()

    def serve(self) -> None:
        """Answer requests; returns after ``close``."""
        try:
            asyncio.run(self._server.serve(sockets=[self._socket]))
        finally:
            self._done.set()

    def close(self) -> None:
        """Finish what is being answered and stop listening."""
        self._server.should_exit = True
        self._done.wait(STOP_S + 2)
        self._socket.close()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises SpasmWatchError saying what is in the way."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            message = f"port {port} of {host} is in use by another program; set diary.port to a free one"
        else:
            message = f"cannot listen on {host} port {port}: {error.strerror}; check diary.host and diary.port"
        raise SpasmWatchError(message) from error
    return listener
