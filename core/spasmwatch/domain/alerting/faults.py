"""What programs say about themselves: availability, fault topics and health records, as findings about one node."""

from datetime import timedelta

from spasmwatch.domain.alerting.lifecycle import Finding, Key
from spasmwatch.domain.alerting.parameters import Faults
from spasmwatch.domain.records import HOME, Health
from spasmwatch.domain.topics import Fault

OFFLINE_HOLD = timedelta(seconds=45)
"""A restart is no fault."""

Judgement = tuple[Key, Finding | None]
"""A condition and, when it holds, its finding; None means that it is over."""


def key(node: str, what: str) -> Key:
    """The alert of one cause at one node."""
    return Key("fault", HOME, node=node, what=what)


def availability(node: str, online: bool) -> Judgement:
    """From the retained ``availability`` of a node (its last will when it dies)."""
    about = key(node, "offline")
    if online:
        return about, None
    return about, Finding(about, "info", f"{node} is offline", {"cause": "offline"}, OFFLINE_HOLD)


def told(node: str, fault: Fault) -> Judgement:
    """From the retained ``fault`` of a node."""
    about = key(node, "fault")
    if not fault.active:
        return about, None
    cause = fault.cause or "no cause given"
    return about, Finding(about, "info", f"{node} reports a fault: {cause}", {"cause": cause})


def health(record: Health, settings: Faults) -> list[Judgement]:
    """From a health record: its own verdict, recorder lag, full disk, heat."""
    node = record.node
    cause = record.cause or "no cause given"
    lag, disk = record.lag_s, record.disk_free_mb
    checks: list[tuple[str, bool | None, str]] = [
        ("health", record.state == "fault", f"{node} reports a fault: {cause}"),
        ("lag", None if lag is None else lag > settings.lag_s, f"{node} lags {lag or 0:.0f} s behind"),
        ("disk", None if disk is None else disk < settings.disk_free_mb, f"{node}: only {disk or 0:.0f} MB free"),
        ("throttled", record.throttled, f"{node} is throttled by heat or a weak power supply"),
    ]
    judgements: list[Judgement] = []
    for what, wrong, text in checks:
        if wrong is None:
            continue
        about = key(node, what)
        judgements.append((about, Finding(about, "info", text, {"cause": what}) if wrong else None))
    return judgements


def clock(node: str, clock_ok: bool) -> Judgement:
    """From ``clock_ok`` of spasms and observations: without a synchronised clock nothing can be dated."""
    about = key(node, "clock")
    if clock_ok:
        return about, None
    return about, Finding(about, "info", f"{node}: its clock is not synchronised", {"cause": "clock"})
