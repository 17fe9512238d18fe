"""``[triggers]``: what the smart home tells, and what is made of it."""

from typing import Annotated

from pydantic import Field, field_validator

from spasmwatch.domain.exposures import GAP_RULE
from spasmwatch.domain.records import DiaryKind, Name, ShortText, Text, TriggerKind, TriggerSource
from spasmwatch.domain.triggers.rules import Rule
from spasmwatch.domain.triggers.thinning import Thinning
from spasmwatch.settings.mqtt import Mqtt
from spasmwatch.settings.section import Section

Base = Annotated[str, Field(pattern=r"^[^+#\s]+$", max_length=200)]
"""A topic prefix without wildcards."""
Pattern = Annotated[str, Field(pattern=r"^[^#\s]+$", max_length=200)]
"""A topic prefix; ``+`` stands for any one level."""
Device = Annotated[str, Field(min_length=1, max_length=200)]
"""A device's name; ``*`` stands for anything."""


class Sources(Section):
    """``[triggers.sources]``: where each system publishes; an empty list leaves it out.

    ``zigbee2mqtt``, ``shelly_gen1`` and ``statestream`` are base topics (statestream is Home Assistant's
    ``mqtt_statestream``). ``tasmota`` are FullTopic patterns with ``%prefix%`` and ``%topic%``. ``esphome`` and
    ``shelly`` (generation 2 and later) are topic prefixes of devices, ``+`` for any; a Shelly under ``+`` is known by
    its name shelly…, in the topic or in what it says (``src``).
    """

    zigbee2mqtt: tuple[Base, ...] = ("zigbee2mqtt",)
    tasmota: tuple[Base, ...] = ("%prefix%/%topic%/", "%topic%/%prefix%/", "tasmota/%topic%/%prefix%/")
    esphome: tuple[Pattern, ...] = ("+",)
    shelly_gen1: tuple[Base, ...] = ("shellies",)
    shelly: tuple[Pattern, ...] = ("+",)
    statestream: tuple[Base, ...] = ("homeassistant",)

    @field_validator("tasmota")
    @classmethod
    def _names_both(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            if pattern.count("%prefix%") != 1 or pattern.count("%topic%") != 1:
                raise ValueError(f"{pattern!r} must hold %prefix% and %topic% once each, as Tasmota's FullTopic does")
        return patterns


class Reading(Section):
    """``[triggers.readings.NAME]``: record a numeric property as readings, where its name does not say what it is."""

    device: Device
    property: Annotated[str, Field(min_length=1, max_length=200)]
    source: TriggerSource | None = None
    kind: TriggerKind
    unit: ShortText | None = None


class Entry(Section):
    """What one press writes into the diary."""

    kind: DiaryKind
    subkind: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")] | None = None
    value: float | None = None
    unit: ShortText | None = None
    text: Text | None = None


class Button(Entry):
    """``[[triggers.buttons]]``: an action of a button on the network becomes a diary entry.

    ``action`` is the device's word: ``single``, ``double``, ``hold`` (Zigbee2MQTT), ``single_push`` (Shelly),
    ``SINGLE`` (Tasmota). ``author`` stands in the diary; name the person who carries the button.
    """

    device: Device
    action: ShortText
    property: Annotated[str, Field(min_length=1, max_length=200)] = "action"
    source: TriggerSource | None = None
    author: Name = "button"


class HomeAssistantButton(Entry):
    """``[triggers.homeassistant.buttons.NAME]``: a diary button in Home Assistant; ``label`` is what it says."""

    label: Annotated[str, Field(min_length=1, max_length=60)]


BUTTONS = {
    "coffee": HomeAssistantButton(label="Coffee", kind="caffeine", value=1, unit="cup"),
    "stress": HomeAssistantButton(label="Stress", kind="stress", value=7),
    "tired": HomeAssistantButton(label="Tired", kind="fatigue", value=7),
    "relaxation": HomeAssistantButton(label="Relaxation", kind="remedy", subkind="relaxation"),
}


class HomeAssistant(Section):
    """``[triggers.homeassistant]``: announce SpasmWatch to Home Assistant by MQTT discovery.

    Off until switched on: whoever sees Home Assistant sees these. ``prefix`` is its discovery prefix, ``name`` the
    device's name there. ``reasons`` adds each alert's reason in words to its state. ``pause_minutes`` is how long the
    camera stays off after a press of its pause button; it cannot be switched on from there.
    """

    enabled: bool = False
    prefix: Base = "homeassistant"
    name: ShortText = "SpasmWatch"
    reasons: bool = False
    pause_minutes: Annotated[float, Field(ge=1, le=1440)] = 60.0
    buttons: dict[Name, HomeAssistantButton] = Field(default_factory=lambda: dict(BUTTONS))


class Triggers(Section):
    """``broker`` is the home's own broker where it is not ours (``[triggers.broker]``, the same keys as ``[mqtt]``).

    ``bridge_topic`` is the notification topic of a Mosquitto bridge that brings the home's topics to our broker (``0``
    or ``1``). ``readings_by_name`` records light, noise, temperature, humidity, air and wind of every device that names
    them so; ``ignore`` leaves devices out altogether. ``rules`` make events and spans, ``buttons`` diary entries.
    ``thinning`` overrides how readings of a kind are thinned. A topic with more than ``flood_per_s`` messages a second
    for long has only its latest read, once a second.
    """

    broker: Mqtt | None = None
    bridge_topic: Base | None = None
    sources: Sources = Sources()
    readings_by_name: bool = True
    ignore: tuple[Device, ...] = ()
    readings: dict[Name, Reading] = Field(default_factory=dict)
    rules: dict[Name, Rule] = Field(default_factory=dict)
    buttons: tuple[Button, ...] = ()
    thinning: dict[TriggerKind, Thinning] = Field(default_factory=dict)
    flood_per_s: Annotated[float, Field(ge=1)] = 20.0
    homeassistant: HomeAssistant = HomeAssistant()

    @field_validator("rules")
    @classmethod
    def _gap_is_taken(cls, rules: dict[str, Rule]) -> dict[str, Rule]:
        if GAP_RULE in rules:
            raise ValueError(f"a rule cannot be called {GAP_RULE!r}: that names the times without connection")
        return rules
