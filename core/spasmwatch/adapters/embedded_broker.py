"""The embedded MQTT broker: rumqttd in a child process (package iotcore), on loopback only, with accounts."""

import json
import logging
from pathlib import Path

from spasmwatch.errors import BusError, SpasmWatchError

log = logging.getLogger(__name__)

# Values of rumqttd's own example, with the payload bound a little above our 16 KiB records.
_CONFIGURATION = """\
id = 0
[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 1000
max_segment_size = 104857600
max_segment_count = 10
[v4.spasmwatch]
name = "spasmwatch"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v4.spasmwatch.connections]
connection_timeout_ms = 60000
max_payload_size = 20480
max_inflight_count = 1000
dynamic_filters = true
[v4.spasmwatch.connections.auth]
{accounts}
"""

READY_S = 30.0
"""How long a busy machine may need until it answers."""


class EmbeddedBroker:
    """Started by the constructor, stopped by ``close``; the child also ends when this process dies."""

    def __init__(self, folder: Path, port: int, accounts: dict[str, str]) -> None:
        try:
            from iotcore import Broker
        except ImportError as error:
            raise SpasmWatchError("the embedded broker needs the package iotcore: install spasmwatch[demo]") from error
        lines = "\n".join(f"{user} = {json.dumps(password)}" for user, password in accounts.items())
        path = folder / "broker.toml"
        path.touch(mode=0o600)
        path.write_text(_CONFIGURATION.format(port=port, accounts=lines), encoding="utf-8")
        self._port = port
        self._broker = Broker(config_path=str(path))
        self.start()

    def start(self) -> None:
        """Start it, also again after it has ended; does nothing while it runs. Raises BusError."""
        try:
            if not self.running:
                self._broker.stop()  # lets go of what is left of the process of before
            self._broker.start(READY_S)
        except (OSError, RuntimeError, ValueError) as error:
            raise BusError(f"the embedded broker cannot start on port {self._port}: {error}") from error

    @property
    def running(self) -> bool:
        """Whether the broker process is alive."""
        return bool(self._broker.is_running)

    def close(self) -> None:
        """Stop the broker and free its port."""
        self._broker.stop()
