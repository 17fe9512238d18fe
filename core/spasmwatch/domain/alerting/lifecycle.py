"""The life of an alert: pending, firing, acknowledged, snoozed, dismissed, resolved.

Acknowledge (somebody cares for it), snooze (remind me later) and false alarm (it was none) are three things. What is
acknowledged is not repeated; the end of a snooze fires again; a worse severity fires again; a false alarm sends a
correction to everybody who had been told.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from spasmwatch.domain.alerting.parameters import Repeats
from spasmwatch.domain.records import Alert, AlertState, Rule, Scope, Severity, Side, SpasmKind
from spasmwatch.domain.topics import AlertCommand

RANK: dict[Severity, int] = {"info": 0, "warning": 1, "urgent": 2}
KEPT_CLOSED = timedelta(days=7)
"""How long a closed alert can still be called a false alarm."""
LONGEST_SNOOZE = timedelta(days=7)

Evidence = dict[str, float | str | None]
NoticeKind = Literal["firing", "repeat", "next", "correction"]


@dataclass(frozen=True, slots=True)
class Key:
    """What an alert is about; there is never more than one open alert for a key.

    ``what`` tells apart what the scope cannot: the cause of a fault, the entry of a red flag, a new region.
    """

    rule: Rule
    person: str
    kind: SpasmKind | None = None
    side: Side | None = None
    node: str | None = None
    what: str = ""

    def alert_id(self, since: datetime) -> str:
        """An id that the same history always yields, fit for a topic level."""
        parts = (self.rule, self.person, self.kind, self.side, self.node, self.what, f"{since:%Y%m%dT%H%M%S%f}"[:18])
        return re.sub(r"[^A-Za-z0-9_-]", "_", "-".join(part for part in parts if part))[:200]


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's condition holds. ``hold`` is how long it must last before it fires."""

    key: Key
    severity: Severity
    reason: str
    evidence: Evidence = field(default_factory=dict)
    hold: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        # Numbers travel as floats.
        floats = {name: float(value) if isinstance(value, int) else value for name, value in self.evidence.items()}
        object.__setattr__(self, "evidence", floats)


Verdict = tuple[Key, Finding | str | None]
"""A key and: the finding, the reason why it is over (a text), or None for "leave it as it is"."""


@dataclass(slots=True)
class Open:
    """One alert as it stands; kept for a while after its end (``closed_at``)."""

    alert_id: str
    key: Key
    severity: Severity
    state: AlertState
    since: datetime
    reason: str
    evidence: Evidence
    until: datetime | None = None
    actor: str | None = None
    closed_at: datetime | None = None
    told_at: datetime | None = None
    step: int = 0
    step_at: datetime | None = None
    repeats: int = 0
    first_told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody is to be told: caregivers of ``step`` and before (``next``: of ``step`` only)."""

    kind: NoticeKind
    alert: Alert
    step: int = 0


@dataclass(slots=True)
class Outcome:
    """Transitions to publish, in order, and whom to tell what."""

    alerts: list[Alert] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        """Append another outcome."""
        self.alerts += other.alerts
        self.notices += other.notices


@dataclass(slots=True)
class Memory:
    """What the life cycle must remember across restarts."""

    alerts: list[Open] = field(default_factory=list)
    commands: dict[str, datetime] = field(default_factory=dict)


class Lifecycle:
    """All alerts of a home. ``steps`` is the number of rounds of caregivers that can be told one after another."""

    def __init__(self, repeats: Repeats, steps: int = 1, memory: Memory | None = None) -> None:
        self._repeats, self._steps = repeats, steps
        self.memory = memory or Memory()
        self._by_key = {alert.key: alert for alert in self.memory.alerts}
        self.changed = False
        self._open = {alert.key for alert in self.memory.alerts if alert.closed_at is None}

    @property
    def nothing_open(self) -> bool:
        """Whether no alert is open: the usual case, in which a minute needs little work."""
        return not self._open

    def open(self) -> list[Open]:
        """Alerts that are not closed."""
        return [alert for alert in self.memory.alerts if alert.closed_at is None] if self._open else []

    def is_open(self, key: Key) -> bool:
        """Whether the condition of ``key`` is known to hold (acknowledged, snoozed and dismissed ones included)."""
        return bool(self._open) and key in self._open

    def find(self, alert_id: str) -> Open | None:
        """The alert of this id, if it is still remembered."""
        return next((alert for alert in self.memory.alerts if alert.alert_id == alert_id), None)

    def forget(self, person: str) -> None:
        """Drop all alerts of a person."""
        self.memory.alerts = [alert for alert in self.memory.alerts if alert.key.person != person]
        self._by_key = {key: alert for key, alert in self._by_key.items() if key.person != person}
        self._open = {key for key in self._open if key.person != person}

    def report(self, finding: Finding, now: datetime) -> Outcome:
        """A rule's condition holds (again)."""
        alert = self._by_key.get(finding.key)
        if alert is not None and alert.closed_at is not None:
            return self._again(alert, finding, now)
        if alert is None:
            return self._begin(finding, now)
        self.changed = True
        alert.reason, alert.evidence = finding.reason, finding.evidence
        worse = RANK[finding.severity] > RANK[alert.severity]
        if worse:
            alert.severity = finding.severity
        if worse and alert.state in ("firing", "acknowledged", "snoozed"):
            return self._fire(alert, now)
        return Outcome()

    def clear(self, key: Key, now: datetime, reason: str) -> Outcome:
        """Fresh data show that the condition is over."""
        alert = self._by_key.get(key)
        if alert is None or alert.closed_at is not None:
            return Outcome()
        self.changed = True
        self._open.discard(key)
        alert.closed_at = now
        alert.until = None
        if alert.state == "dismissed":
            return Outcome()
        alert.state, alert.reason = "resolved", reason
        return Outcome([_record(alert, now)])

    def command(self, alert_id: str, command: AlertCommand, now: datetime) -> Outcome:
        """A caregiver's word. Raises LookupError (with one clear line) for one that cannot be followed."""
        if command.id in self.memory.commands:
            return Outcome()
        alert = self.find(alert_id)
        if alert is None:
            raise LookupError(f"no alert {alert_id!r} is known")
        outcome = self._obey(alert, command, now)
        self.changed = True
        self.memory.commands[command.id] = now
        return outcome

    def due(self) -> datetime | None:
        """When :meth:`tick` can next change something."""
        times = [time for alert in self.open() for time in self._times(alert)]
        return min(times, default=None)

    def tick(self, now: datetime) -> Outcome:
        """Let time pass: holds and snoozes end, unanswered alerts insist, old ones are forgotten."""
        outcome = Outcome()
        for alert in self.open():
            outcome.add(self._tick(alert, now))
        self._forget(now)
        return outcome

    def _begin(self, finding: Finding, now: datetime) -> Outcome:
        self.changed = True
        key = finding.key
        alert = Open(key.alert_id(now), key, finding.severity, "pending", now, finding.reason, finding.evidence)
        self.memory.alerts.append(alert)
        self._by_key[key] = alert
        self._open.add(key)
        if finding.hold > timedelta(0):
            alert.until = now + finding.hold
            return Outcome([_record(alert, now)])
        return self._fire(alert, now)

    def _again(self, alert: Open, finding: Finding, now: datetime) -> Outcome:
        over = alert.closed_at or now
        if now - over > timedelta(hours=self._repeats.cooldown_h):
            return self._begin(finding, now)
        if alert.state == "dismissed":
            # Somebody has just called it a false alarm; the same again is no news.
            return Outcome()
        self.changed = True
        worse = RANK[finding.severity] > RANK[alert.severity]
        alert.closed_at = None
        self._open.add(alert.key)
        alert.reason, alert.evidence = finding.reason, finding.evidence
        alert.severity = finding.severity if worse else alert.severity
        if worse:
            return self._fire(alert, now)
        alert.state = "firing"
        return Outcome([_record(alert, now)])

    def _fire(self, alert: Open, now: datetime, actor: str | None = None, verb: str | None = None) -> Outcome:
        alert.state, alert.until, alert.actor = "firing", None, actor
        alert.told_at = alert.first_told_at = now
        alert.step, alert.step_at, alert.repeats = 0, now, 0
        record = _record(alert, now, verb)
        return Outcome([record], [Notice("firing", record)])

    def _obey(self, alert: Open, command: AlertCommand, now: datetime) -> Outcome:
        verb, actor = command.verb, command.actor
        if verb == "false_alarm":
            return self._dismiss(alert, actor, now)
        if alert.closed_at is not None or alert.state == "dismissed":
            raise LookupError(f"alert {alert.alert_id} is already {alert.state}")
        if verb == "unsnooze":
            if alert.state != "snoozed":
                raise LookupError(f"alert {alert.alert_id} is not snoozed")
            return self._fire(alert, now, actor, verb)
        if verb == "snooze":
            until = command.until or now + timedelta(hours=1)
            if not now < until <= now + LONGEST_SNOOZE:
                raise LookupError(f"a snooze lasts at most {LONGEST_SNOOZE.days} days from now, not until {until}")
            alert.state, alert.until = "snoozed", until
        else:
            alert.state, alert.until = "acknowledged", None
        alert.actor = actor
        return Outcome([_record(alert, now, verb)])

    def _dismiss(self, alert: Open, actor: str, now: datetime) -> Outcome:
        if alert.state == "dismissed":
            return Outcome()
        told = alert.told_at is not None
        alert.state, alert.until, alert.actor = "dismissed", None, actor
        record = _record(alert, now, "false_alarm")
        return Outcome([record], [Notice("correction", record, alert.step)] if told else [])

    def _times(self, alert: Open) -> list[datetime]:
        if alert.state in ("pending", "snoozed") and alert.until:
            return [alert.until]
        if alert.state != "firing" or RANK[alert.severity] == 0:
            return []
        times = [self._next_step_at(alert), self._repeat_at(alert)]
        return [time for time in times if time is not None]

    def _next_step_at(self, alert: Open) -> datetime | None:
        if alert.step + 1 >= self._steps or alert.step_at is None:
            return None
        urgent = alert.severity == "urgent"
        minutes = self._repeats.urgent_next_after_minutes if urgent else self._repeats.next_after_minutes
        return alert.step_at + timedelta(minutes=minutes)

    def _repeat_at(self, alert: Open) -> datetime | None:
        if alert.told_at is None:
            return None
        if alert.severity == "urgent":
            return alert.told_at + timedelta(minutes=self._repeats.urgent_minutes)
        if alert.repeats >= self._repeats.most_warnings:
            return None
        return alert.told_at + timedelta(hours=self._repeats.warning_h)

    def _tick(self, alert: Open, now: datetime) -> Outcome:
        if alert.state in ("pending", "snoozed") and alert.until is not None and now >= alert.until:
            self.changed = True
            return self._fire(alert, now)
        outcome = Outcome()
        if alert.state != "firing" or RANK[alert.severity] == 0:
            return outcome
        step_at, repeat_at = self._next_step_at(alert), self._repeat_at(alert)
        if step_at is not None and now >= step_at:
            self.changed = True
            alert.step, alert.step_at = alert.step + 1, now
            outcome.notices.append(Notice("next", _record(alert, now), alert.step))
        if repeat_at is not None and now >= repeat_at:
            self.changed = True
            alert.told_at, alert.repeats = now, alert.repeats + 1
            outcome.notices.append(Notice("repeat", _record(alert, now), alert.step))
        return outcome

    def _forget(self, now: datetime) -> None:
        old = [alert for alert in self.memory.alerts if alert.closed_at and now - alert.closed_at > KEPT_CLOSED]
        if not old:
            return
        self.changed = True
        for alert in old:
            self.memory.alerts.remove(alert)
            if self._by_key.get(alert.key) is alert:
                del self._by_key[alert.key]
        horizon = now - timedelta(days=30)
        self.memory.commands = {name: at for name, at in self.memory.commands.items() if at > horizon}


def _record(alert: Open, now: datetime, verb: str | None = None) -> Alert:
    key = alert.key
    return Alert.model_validate(
        {
            "person": key.person,
            "time": now,
            "alert_id": alert.alert_id,
            "rule": key.rule,
            "scope": Scope(kind=key.kind, side=key.side, node=key.node),
            "severity": alert.severity,
            "state": alert.state,
            "since": alert.since,
            "until": alert.until,
            "reason": alert.reason,
            "evidence": alert.evidence,
            "actor": alert.actor,
            "verb": verb,
        }
    )
