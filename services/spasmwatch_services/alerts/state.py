"""The alert service's own SQLite file: what the rules remember, what waits to be published and whom to push to.

One event is one transaction: memory, the ids of the records taken in, alert records and pushes are kept together or not
at all, so a kill at any moment leaves a state from which nothing is lost and nothing counted twice.
"""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from spasmwatch.domain.alerting.engine import EngineMemory
from spasmwatch.domain.alerting.lifecycle import Memory
from spasmwatch.domain.alerting.person import PersonMemory
from spasmwatch.domain.alerting.presence import NodeMemory
from spasmwatch.domain.records import Alert
from spasmwatch.domain.trend.daybook import Day
from spasmwatch.errors import OutboxError

_LAYOUT = """
CREATE TABLE IF NOT EXISTS memory (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS day (person TEXT, day TEXT, value TEXT NOT NULL, PRIMARY KEY (person, day));
CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_at ON seen (at);
CREATE TABLE IF NOT EXISTS record (position INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (
    id TEXT PRIMARY KEY, recipient TEXT NOT NULL, alert_id TEXT, kind TEXT NOT NULL, severity TEXT NOT NULL,
    value TEXT NOT NULL, created REAL NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'waiting', done REAL
);
CREATE INDEX IF NOT EXISTS delivery_waiting ON delivery (recipient, due) WHERE state = 'waiting';
"""
SEEN_DAYS = 30
"""How long an outbox may go on repeating a record before it would count twice."""
KEPT_DELIVERIES_DAYS = 14

_PERSON = TypeAdapter(PersonMemory)
_NODE = TypeAdapter(NodeMemory)
_LIFECYCLE = TypeAdapter(Memory)
_DAY = TypeAdapter(Day)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One push to one recipient. ``kind`` is a notice's kind, or ``summary`` or ``canary``; ``value`` its content.

    ``created`` is known of one that was kept; ``due`` moves on with every attempt.
    """

    id: str
    recipient: str
    alert_id: str | None
    kind: str
    severity: str
    value: dict[str, Any]
    due: datetime
    attempts: int = 0
    created: datetime | None = None

    @property
    def rule(self) -> str | None:
        """The rule of the alert that it is about."""
        rule = self.value.get("alert", {}).get("rule")
        return None if rule is None else str(rule)


def _digest(person: str) -> str:
    """For a note about who is to be forgotten: the name itself would be left over where no service reads it."""
    return hashlib.sha256(person.encode()).hexdigest()


class State:
    """Opens or makes the file. All methods may be called from any thread; they raise OutboxError."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        with self._clear(f"cannot open {path}"):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=FULL")
            self._base.execute("PRAGMA secure_delete=ON")  # what is forgotten is gone from the disk too
            self._base.executescript(_LAYOUT)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is kept together or not at all."""
        with self._lock, self._clear("cannot write the alert state"):
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    # What has been taken in

    def is_new(self, record_id: str, now: datetime) -> bool:
        """Note a record's id; False when it had been noted before."""
        return self._run("INSERT OR IGNORE INTO seen VALUES (?, ?)", record_id, now.timestamp()).rowcount == 1

    def forget_old(self, now: datetime) -> None:
        """Drop ids and finished pushes that nobody asks for any more."""
        self._run("DELETE FROM seen WHERE at < ?", (now - timedelta(days=SEEN_DAYS)).timestamp())
        horizon = (now - timedelta(days=KEPT_DELIVERIES_DAYS)).timestamp()
        self._run("DELETE FROM delivery WHERE state != 'waiting' AND done < ?", horizon)

    # What the rules remember

    def load(self) -> EngineMemory:
        """Everything as it was left."""
        pieces = dict(self._rows("SELECT name, value FROM memory"))
        memory = EngineMemory()
        try:
            for name, text in pieces.items():
                _take_in(memory, name, text)
            for person, day, text in self._rows("SELECT person, day, value FROM day"):
                memory.days.setdefault(person, {})[date.fromisoformat(day)] = _DAY.validate_json(text)
        except (ValidationError, ValueError) as error:
            raise OutboxError(f"the alert state is damaged ({error}); move alerts.sqlite away to start anew") from error
        return memory

    def save(self, memory: EngineMemory, names: Iterable[str]) -> None:
        """Keep the named pieces."""
        for name in names:
            self._run("INSERT OR REPLACE INTO memory VALUES (?, ?)", name, _text_of(memory, name))

    def save_days(self, person: str, days: dict[date, Day], touched: Iterable[date]) -> None:
        """Keep the touched days of a person; one that is gone is removed."""
        for day in touched:
            if day in days:
                text = _DAY.dump_json(days[day]).decode()
                self._run("INSERT OR REPLACE INTO day VALUES (?, ?, ?)", person, day.isoformat(), text)
            else:
                self._run("DELETE FROM day WHERE person = ? AND day = ?", person, day.isoformat())

    def note(self, name: str) -> str | None:
        """A small value of the service itself, e.g. when the last summary went out."""
        rows = self._rows("SELECT value FROM memory WHERE name = ?", f"note/{name}")
        return str(rows[0][0]) if rows else None

    def set_note(self, name: str, value: str) -> None:
        """Keep a small value."""
        self._run("INSERT OR REPLACE INTO memory VALUES (?, ?)", f"note/{name}", value)

    def drop_note(self, name: str) -> None:
        """Forget a small value."""
        self._run("DELETE FROM memory WHERE name = ?", f"note/{name}")

    def forget(self, person: str) -> int:
        """Remove everything of a person; a running service drops what it holds at its next round."""
        lifecycle = self._rows("SELECT value FROM memory WHERE name = 'lifecycle'")
        memory = _LIFECYCLE.validate_json(lifecycle[0][0]) if lifecycle else Memory()
        theirs = [alert.alert_id for alert in memory.alerts if alert.key.person == person]
        memory.alerts = [alert for alert in memory.alerts if alert.key.person != person]
        with self.transaction():
            removed = self._run("DELETE FROM day WHERE person = ?", person).rowcount
            removed += self._run("DELETE FROM memory WHERE name = ?", f"person/{person}").rowcount
            removed += self._run("DELETE FROM record WHERE json_extract(value, '$.person') = ?", person).rowcount
            removed += self._run(
                "DELETE FROM delivery WHERE json_extract(value, '$.alert.person') = ? OR kind = 'summary'", person
            ).rowcount
            if lifecycle:
                self._run("UPDATE memory SET value = ? WHERE name = 'lifecycle'", _LIFECYCLE.dump_json(memory).decode())
            self.set_note(f"forget/{_digest(person)}", "asked")
        self._rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return removed + len(theirs)

    def to_forget(self, people: Iterable[str]) -> list[str]:
        """Those of ``people`` whom the running service must drop from its own memory; each is told once."""
        rows = self._rows("DELETE FROM memory WHERE name LIKE 'note/forget/%' RETURNING name")
        asked = {str(row[0]).removeprefix("note/forget/") for row in rows}
        return [person for person in people if _digest(person) in asked]

    # What waits to be published

    def queue(self, alert: Alert) -> None:
        """A transition (with its id) to hand over to the outbox."""
        self._run(
            "INSERT INTO record (what, value) VALUES (?, ?)", alert.what, alert.model_dump_json(exclude_unset=True)
        )

    def queued(self) -> list[tuple[int, Alert]]:
        """Transitions not handed over yet, in order."""
        rows = self._rows("SELECT position, value FROM record ORDER BY position")
        return [(position, Alert.model_validate_json(text)) for position, text in rows]

    def handed_over(self, position: int) -> None:
        """The outbox has it."""
        self._run("DELETE FROM record WHERE position <= ?", position)

    # Whom to push to

    def plan(self, delivery: Delivery, now: datetime) -> None:
        """A push to make; the same id twice is one."""
        self._run(
            "INSERT OR IGNORE INTO delivery (id, recipient, alert_id, kind, severity, value, created, due)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            delivery.id,
            delivery.recipient,
            delivery.alert_id,
            delivery.kind,
            delivery.severity,
            json.dumps(delivery.value),
            now.timestamp(),
            delivery.due.timestamp(),
        )

    def due(self, recipient: str, now: datetime) -> list[Delivery]:
        """Pushes to make now, oldest first."""
        rows = self._rows(
            "SELECT id, recipient, alert_id, kind, severity, value, due, attempts, created FROM delivery"
            " WHERE state = 'waiting' AND recipient = ? AND due <= ? ORDER BY due, created LIMIT 50",
            recipient,
            now.timestamp(),
        )
        return [
            Delivery(row[0], row[1], row[2], row[3], row[4], json.loads(row[5]), _time(row[6]), row[7], _time(row[8]))
            for row in rows
        ]

    def next_due(self, recipient: str) -> datetime | None:
        """When the next push to this recipient is due."""
        rows = self._rows("SELECT MIN(due) FROM delivery WHERE state = 'waiting' AND recipient = ?", recipient)
        return _time(rows[0][0]) if rows[0][0] is not None else None

    def done(self, delivery_id: str, state: str, now: datetime) -> None:
        """``sent``, ``dropped`` or ``expired``."""
        self._run("UPDATE delivery SET state = ?, done = ? WHERE id = ?", state, now.timestamp(), delivery_id)

    def later(self, delivery_id: str, due: datetime) -> None:
        """It failed; try again then."""
        self._run("UPDATE delivery SET attempts = attempts + 1, due = ? WHERE id = ?", due.timestamp(), delivery_id)

    def postpone(self, delivery_id: str, due: datetime) -> None:
        """It may not go out now; make it then."""
        self._run("UPDATE delivery SET due = ? WHERE id = ?", due.timestamp(), delivery_id)

    def drop(self, alert_id: str, now: datetime) -> None:
        """Somebody has answered: what still waits about this alert need not be sent (corrections still go)."""
        self._run(
            "UPDATE delivery SET state = 'dropped', done = ? WHERE state = 'waiting' AND alert_id = ?"
            " AND kind != 'correction'",
            now.timestamp(),
            alert_id,
        )

    def supersede(self, alert_id: str, recipient: str, now: datetime) -> None:
        """A later word about this alert is planned for this recipient: earlier ones that still wait are not needed."""
        self._run(
            "UPDATE delivery SET state = 'dropped', done = ? WHERE state = 'waiting' AND alert_id = ? AND recipient = ?"
            " AND kind != 'correction'",
            now.timestamp(),
            alert_id,
            recipient,
        )

    def waits(self, delivery_id: str) -> bool:
        """Whether this push is still to be made."""
        return bool(self._rows("SELECT 1 FROM delivery WHERE id = ? AND state = 'waiting'", delivery_id))

    def waiting_recipients(self) -> list[str]:
        """Those for whom a push waits."""
        return [str(row[0]) for row in self._rows("SELECT DISTINCT recipient FROM delivery WHERE state = 'waiting'")]

    def withdraw(self, recipient: str, now: datetime, *, but_urgent: bool) -> None:
        """This recipient is no longer told: what waits is not sent, but (on wish) urgent alerts and test pushes."""
        self._run(
            "UPDATE delivery SET state = 'dropped', done = ? WHERE state = 'waiting' AND recipient = ?"
            " AND NOT (? AND (severity = 'urgent' OR kind = 'canary'))",
            now.timestamp(),
            recipient,
            but_urgent,
        )

    def mark_over(self, alert_id: str, now: datetime) -> None:
        """What still waits about this alert is told as over."""
        self._run(
            "UPDATE delivery SET value = json_set(value, '$.over', ?) WHERE state = 'waiting' AND alert_id = ?",
            now.isoformat(),
            alert_id,
        )

    def told(self, alert_id: str) -> list[str]:
        """Recipients to whom a push about this alert has gone out."""
        rows = self._rows("SELECT DISTINCT recipient FROM delivery WHERE alert_id = ? AND state = 'sent'", alert_id)
        return [str(row[0]) for row in rows]

    def pushes(self) -> tuple[int, int]:
        """How many were delivered (and are still remembered), and how many wait."""
        rows = dict(self._rows("SELECT state, COUNT(*) FROM delivery GROUP BY state"))
        return int(rows.get("sent", 0)), int(rows.get("waiting", 0))

    def _run(self, statement: str, *values: object) -> sqlite3.Cursor:
        with self._lock, self._clear("cannot write the alert state"):
            return self._base.execute(statement, values)

    def _rows(self, statement: str, *values: object) -> list[Any]:
        with self._lock, self._clear("cannot read the alert state"):
            return self._base.execute(statement, values).fetchall()

    @contextmanager
    def _clear(self, what: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise OutboxError(f"{what}: {error}") from error


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _take_in(memory: EngineMemory, name: str, text: str) -> None:
    kind, _, which = name.partition("/")
    if kind == "person":
        memory.people[which] = _PERSON.validate_json(text)
    elif kind == "node":
        memory.nodes[which] = _NODE.validate_json(text)
    elif kind == "lifecycle":
        memory.lifecycle = _LIFECYCLE.validate_json(text)


def _text_of(memory: EngineMemory, name: str) -> str:
    kind, _, which = name.partition("/")
    raw = {
        "person": lambda: _PERSON.dump_json(memory.people[which]),
        "node": lambda: _NODE.dump_json(memory.nodes[which]),
        "lifecycle": lambda: _LIFECYCLE.dump_json(memory.lifecycle),
    }[kind]()
    return raw.decode()
