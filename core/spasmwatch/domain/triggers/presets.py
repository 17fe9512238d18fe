"""Ready-made rules for common devices; a household's rule names one and overrides what differs.

The levels are engineering choices from the data sheets of common household devices, to be checked against
``spasmwatch triggers discover`` in the home at hand.
"""

from collections.abc import Mapping
from typing import Any, Final

PRESETS: Final[Mapping[str, Mapping[str, Any]]] = {
    # The heater cycles while it brews and keeps warm: one coffee until it has been quiet for five minutes.
    "coffee_machine": {
        "property": "power", "above": 800, "release": 400, "for_s": 20, "gap_s": 300,
        "kind": "caffeine", "value": 1, "unit": "cup", "certainty": 0.7,
    },
    "bright_light": {
        "property": "illuminance", "above": 2000, "release": 1500, "for_s": 60, "gap_s": 120, "longest_s": 57600,
        "kind": "bright_light", "form": "span", "certainty": 0.8,
    },
    "television": {
        "property": "power", "above": 30, "release": 15, "for_s": 1800, "gap_s": 600, "longest_s": 57600,
        "kind": "screen", "form": "span", "certainty": 0.6,
    },
    "computer": {
        "property": "power", "above": 40, "release": 20, "for_s": 1800, "gap_s": 900, "longest_s": 57600,
        "kind": "screen", "form": "span", "certainty": 0.6,
    },
    "loud": {
        "property": "noise", "above": 75, "release": 70, "for_s": 60, "gap_s": 120, "longest_s": 57600,
        "kind": "noise", "form": "span", "certainty": 0.8,
    },
    # In bed is not asleep; getting up for half an hour does not end the night.
    "bed": {
        "property": "occupancy", "equals": True, "for_s": 3600, "gap_s": 1800, "longest_s": 57600,
        "kind": "sleep", "form": "span", "certainty": 0.6,
    },
    # Opened is not taken. A contact is true when closed.
    "medication_box": {
        "property": "contact", "equals": False, "gap_s": 300,
        "kind": "medication", "text": "box opened", "certainty": 0.6,
    },
    "bad_air": {
        "property": "co2", "above": 1400, "release": 1100, "for_s": 600, "gap_s": 600, "longest_s": 86400,
        "kind": "air", "form": "span", "certainty": 0.8,
    },
    "heat": {
        "property": "temperature", "above": 28, "release": 27, "for_s": 1800, "gap_s": 1800, "longest_s": 172800,
        "kind": "temperature", "form": "span", "certainty": 0.8,
    },
    "fan": {
        "property": "state", "equals": True, "for_s": 300, "gap_s": 300, "longest_s": 86400,
        "kind": "wind", "form": "span", "certainty": 0.5,
    },
}  # fmt: skip
