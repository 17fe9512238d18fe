"""Who may say and hear what on the broker: one account a program, and no more rights than its work needs."""

from collections.abc import Sequence
from dataclasses import dataclass

STATES = ("availability", "fault", "health", "+/state")
"""What every program tells of itself."""
RECORDS = {
    "recorder": (),
    "alerts": ("alert", "trend"),
    "diary": ("diary", "label"),
    "triggers": ("trigger", "diary"),
    "insights": ("insight",),
}
PROGRAMS = tuple(RECORDS)
CAMERA_RECORDS = ("spasm", "observation")
SEEN_BY_VIEWERS = ("spasm", "observation", "alert", "trend", "insight", *STATES)
"""Everything but what people wrote: diary entries, labels and commands."""
GADGETS = "gadgets"
VIEWER = "viewer"
HOME_ASSISTANT = "homeassistant"
GADGET_TOPICS = (
    "zigbee2mqtt/#", "stat/#", "tele/#", "+/stat/+", "+/tele/+", "tasmota/#", "shellies/#", "homeassistant/#",
    "+/events/rpc", "+/status", "+/status/+", "+/online", "+/+/+/state",
)  # fmt: skip
"""Where the gadgets that SpasmWatch understands speak unless their owner has changed it."""


@dataclass(frozen=True)
class Account:
    """A broker account and its rights: topics or filters with ``read``, ``write``, ``readwrite`` or ``deny``."""

    name: str
    rights: tuple[tuple[str, str], ...]


def accounts(base: str, home: str, cameras: Sequence[str], gadget_topics: Sequence[str] = ()) -> list[Account]:
    """All accounts of a home. ``gadget_topics`` are filters beyond the usual ones that gadgets speak on."""
    here = f"{base}/{home}"
    heard = tuple(("read", topic) for topic in (*GADGET_TOPICS, *gadget_topics))
    found = [camera(here, name) for name in cameras]
    found += [_program(here, name, heard if name in ("triggers", "diary") else ()) for name in PROGRAMS]
    found.append(Account(VIEWER, tuple(("read", f"{here}/+/{what}") for what in SEEN_BY_VIEWERS)))
    found.append(_home_assistant(here))
    # Bulbs, buttons and bridges talk to each other as they like, and never hear or say a word of ours, our
    # announcement to Home Assistant included.
    ours = (f"{base}/#", f"homeassistant/device/spasmwatch_{home}/config", "$SYS/#")
    found.append(Account(GADGETS, (*(("deny", topic) for topic in ours), ("readwrite", "#"))))
    return found


def camera(here: str, node: str) -> Account:
    """A camera says its own records and states; it hears its receipts, the commands for itself, and of treatments."""
    says = [("write", f"{here}/{node}/{what}") for what in (*CAMERA_RECORDS, *STATES)]
    hears = [("read", f"{here}/{topic}") for topic in (f"{node}/stored", f"{node}/+/set", "diary/treated")]
    return Account(node, (*says, *hears))


def _program(here: str, name: str, heard: tuple[tuple[str, str], ...]) -> Account:
    says = [("write", f"{here}/{name}/{what}") for what in (*RECORDS[name], *STATES)]
    return Account(name, (*says, *_MORE[name](here), *heard))


def _recorder(here: str) -> list[tuple[str, str]]:
    # A second recorder (deploy/compose/replicas.yml) has the same rights and a name of its own.
    second = [("write", f"{here}/recorder2/{what}") for what in STATES]
    return [("read", f"{here}/#"), ("write", f"{here}/+/stored"), *second]


def _alerts(here: str) -> list[tuple[str, str]]:
    return [("read", f"{here}/#"), ("write", f"{here}/alerts/told")]


def _diary(here: str) -> list[tuple[str, str]]:
    # The pages know who is logged in, so they alone may speak for any person, and say whom the patient lets be told.
    return [
        ("read", f"{here}/#"),
        ("write", f"{here}/diary/told"),
        ("write", f"{here}/diary/treated"),
        ("write", f"{here}/+/pause/set"),
        ("write", f"{here}/users/+/alerts/+/command"),
    ]


def _triggers(here: str) -> list[tuple[str, str]]:
    # It speaks to Home Assistant: what viewers see goes out, commands come in under Home Assistant's own name.
    return [
        *(("read", f"{here}/+/{what}") for what in SEEN_BY_VIEWERS),
        ("read", f"{here}/triggers/#"),
        ("read", "$SYS/broker/connection/+/state"),
        ("write", f"{here}/diary/add"),
        ("write", f"{here}/+/pause/set"),
        ("write", f"{here}/users/{HOME_ASSISTANT}/alerts/+/command"),
        ("write", "homeassistant/device/+/config"),
    ]


def _insights(here: str) -> list[tuple[str, str]]:
    return [("read", f"{here}/insights/stored"), ("read", f"{here}/+/availability")]


_MORE = {"recorder": _recorder, "alerts": _alerts, "diary": _diary, "triggers": _triggers, "insights": _insights}


def _home_assistant(here: str) -> Account:
    """Home Assistant hears what is announced to it and speaks in its own name only."""
    return Account(
        HOME_ASSISTANT,
        (
            *(("read", f"{here}/+/{what}") for what in SEEN_BY_VIEWERS),
            ("read", "homeassistant/#"),
            ("write", "homeassistant/status"),
            ("write", "homeassistant/+/+/+"),
            ("write", f"{here}/triggers/+/set"),
            ("write", f"{here}/users/{HOME_ASSISTANT}/#"),
        ),
    )


def access_file(found: Sequence[Account]) -> str:
    """Mosquitto's ACL file. Who is not named in it may do nothing."""
    blocks = ["# Written by spasmwatch init; changes here are lost. Nobody else may do anything.\n"]
    for account in found:
        lines = [f"user {account.name}", *(f"topic {right} {topic}" for right, topic in account.rights)]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)
