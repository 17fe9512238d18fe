"""The discovery message: one device with all its entities, and only those that somebody answers for.

Keys follow Home Assistant's device discovery: ``dev``, ``o`` and ``cmps``; each component has ``p`` and ``unique_id``.
All states come from one retained JSON object, spasms from a topic that is never retained.
"""

from collections.abc import Mapping
from typing import Any, Final, get_args

from spasmwatch import __version__
from spasmwatch.domain.records import SPASM_KINDS, Trend
from spasmwatch.domain.topics import Topics
from spasmwatch.settings.triggers import HomeAssistant

NODE: Final = "triggers"
ACTOR: Final = "homeassistant"
"""Who acknowledges, pauses and logs from there: it does not tell which person pressed, and may not speak for one."""
PRESS: Final = "PRESS"
ALERT_STATES: Final = ("none", "pending", "firing", "acknowledged", "snoozed")
TREND_STATES: Final = get_args(Trend.model_fields["state"].annotation)

Components = dict[str, dict[str, Any]]


class Discovery:
    """Topics and payloads of one home's device in Home Assistant; ``topics`` are those at its broker."""

    def __init__(self, settings: HomeAssistant, topics: Topics) -> None:
        self._settings, self._topics = settings, topics
        self._id = f"spasmwatch_{topics.home}"
        self.topic = f"{settings.prefix}/device/{self._id}/config"
        self.status_topic = f"{settings.prefix}/status"
        self.state_topic = topics.state(NODE, "homeassistant")
        self.spasm_topic = topics.state(NODE, "spasm")

    def command_topic(self, feature: str) -> str:
        """Where a press of ``acknowledge``, ``pause_<camera>`` or ``diary_<button>`` comes in."""
        return self._topics.command(NODE, feature)

    def announcement(self, nodes: frozenset[str], cameras: frozenset[str]) -> dict[str, Any]:
        """What to announce when these nodes and cameras have been seen: nothing that does not answer."""
        components = self._always()
        for camera in sorted(cameras):
            components |= self._camera(camera)
        if "alerts" in nodes:
            components |= self._alerts()
        if "diary" in nodes:
            components |= self._diary()
        return {
            "dev": {"ids": [self._id], "name": self._settings.name, "mf": "SpasmWatch", "sw": __version__},
            "o": {"name": "SpasmWatch", "sw": __version__},
            "qos": 1,
            "cmps": {key: component | {"unique_id": f"{self._id}_{key}"} for key, component in components.items()},
        }

    def _always(self) -> Components:
        return {
            "state": self._sensor("Spasms", "trend", dev_cla="enum", options=list(TREND_STATES)),
            # Off until somebody in the home switches them on there: live numbers are a stress of their own.
            "rate": self._sensor("Spasms per observed hour", "rate", unit_of_meas="1/h", en=False),
            "usual": self._sensor("Usual spasms per observed hour", "usual", unit_of_meas="1/h", en=False),
            "coverage": self._sensor("Time observed", "coverage", unit_of_meas="%"),
            "spasm": {
                "p": "event",
                "name": "Spasm",
                "state_topic": self.spasm_topic,
                "event_types": list(SPASM_KINDS),
                "en": False,
                "availability": self._availability(),
            },
            "fault": {
                **self._shown("binary_sensor", "Fault", "{{ 'ON' if value_json.faults else 'OFF' }}"),
                "dev_cla": "problem",
                "ent_cat": "diagnostic",
                "json_attr_t": self.state_topic,
                "json_attr_tpl": "{{ value_json.faults | tojson }}",
            },
        }

    def _camera(self, camera: str) -> Components:
        mine = f"value_json.cameras['{camera}']"
        return {
            f"{camera}_online": {
                **self._shown("binary_sensor", f"{camera} connected", f"{{{{ 'ON' if {mine}.online else 'OFF' }}}}"),
                "dev_cla": "connectivity",
                "ent_cat": "diagnostic",
            },
            f"{camera}_paused": self._shown(
                "binary_sensor", f"{camera} paused", f"{{{{ 'ON' if {mine}.paused else 'OFF' }}}}"
            ),
            # A button, no switch: from here the camera can only be stopped.
            f"{camera}_pause": self._button(f"Pause {camera}", f"pause_{camera}", f"{mine}.online"),
        }

    def _alerts(self) -> Components:
        return {
            "alert": {
                **self._sensor("Alert", "alert", dev_cla="enum", options=list(ALERT_STATES)),
                "json_attr_t": self.state_topic,
                "json_attr_tpl": "{{ value_json.alert_details | tojson }}",
            },
            "acknowledge": self._button("Acknowledge alerts", "acknowledge", "value_json.alerts_online"),
        }

    def _diary(self) -> Components:
        return {
            f"diary_{name}": self._button(button.label, f"diary_{name}", "value_json.diary_online")
            for name, button in self._settings.buttons.items()
        }

    def _sensor(self, name: str, key: str, **more: Any) -> dict[str, Any]:
        shown = self._shown("sensor", name, f"{{{{ value_json.{key} }}}}")
        return shown | ({"stat_cla": "measurement"} if "unit_of_meas" in more else {}) | more

    def _shown(self, platform: str, name: str, template: str) -> dict[str, Any]:
        return {
            "p": platform,
            "name": name,
            "state_topic": self.state_topic,
            "val_tpl": template,
            "availability": self._availability(),
        }

    def _button(self, name: str, feature: str, answers: str) -> dict[str, Any]:
        return {
            "p": "button",
            "name": name,
            "command_topic": self.command_topic(feature),
            "payload_press": PRESS,
            "qos": 1,
            "availability": self._availability(answers),
            "availability_mode": "all",
        }

    def _availability(self, answers: str | None = None) -> list[Mapping[str, str]]:
        ours = {"topic": self._topics.of(NODE, "availability")}
        if answers is None:
            return [ours]
        return [
            ours,
            {"topic": self.state_topic, "value_template": f"{{{{ 'online' if {answers} else 'offline' }}}}"},
        ]
