"""All rules and the life cycle of one home behind one door: records, commands and the time in, transitions out.

Pure: the live service passes the wall clock, the backtest the time at which a record became known. An event costs the
same after a year as after a day; only the daily judgement looks back, over a bounded number of days.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Literal

from spasmwatch.domain.advice import Advice
from spasmwatch.domain.alerting import faults, red_flag
from spasmwatch.domain.alerting.judgement import DETECTOR
from spasmwatch.domain.alerting.lifecycle import Finding, Lifecycle, Memory, Open, Outcome
from spasmwatch.domain.alerting.parameters import Rules
from spasmwatch.domain.alerting.person import Person, PersonMemory
from spasmwatch.domain.alerting.presence import CameraSilence, NodeMemory
from spasmwatch.domain.records import Diary, Health, Label, Observation, Record, Spasm, Verdict
from spasmwatch.domain.topics import AlertCommand, Fault
from spasmwatch.domain.trend.daybook import KEPT_DAYS, Day, DayBook, Minute

NODE = "alerts"
"""The alert service's own node; its records are not judged."""
TICK = timedelta(seconds=1)
BREAKDOWNS = ("silent", "offline", "fault", "health")
"""Faults of a camera that make what it says, and what it does not say, worthless."""
NEVER_GROWN = ("silent", DETECTOR)
"""Faults that do not become warnings by lasting: silence has limits of its own, a new detector is no breakdown."""
NO_SPASM: tuple[Verdict, ...] = ("false_alarm", "voluntary")


@dataclass(slots=True)
class EngineMemory:
    """Everything that must survive a restart, in pieces that are saved one by one."""

    lifecycle: Memory = field(default_factory=Memory)
    people: dict[str, PersonMemory] = field(default_factory=dict)
    nodes: dict[str, NodeMemory] = field(default_factory=dict)
    days: dict[str, dict[date, Day]] = field(default_factory=dict)


class Engine:
    """The alert state of one home. ``touched`` names the pieces of memory changed since it was last emptied."""

    def __init__(
        self, rules: Rules, zone: tzinfo, advice: Advice, steps: int = 1, memory: EngineMemory | None = None
    ) -> None:
        self._rules, self._zone, self._advice = rules, zone, advice
        self.memory = memory or EngineMemory()
        self.lifecycle = Lifecycle(rules.repeats, steps, self.memory.lifecycle)
        self.touched: set[str] = set()
        self._listening_since: datetime | None = None
        self._deaf = False
        self._ticked_at: datetime | None = None
        self._latest: datetime | None = None
        self._due: datetime | None = None
        self._due_but_for_silence: datetime | None = None
        self._due_is_old = True
        self._people: dict[str, Person] = {}
        self._cameras: dict[str, CameraSilence] = {}
        for name, memory_of in self.memory.people.items():
            self._people[name] = self._make(name, memory_of)
        for node, node_memory in self.memory.nodes.items():
            self._cameras[node] = CameraSilence(rules.fault, node, node_memory)

    def record(self, record: Record | Minute, now: datetime) -> Outcome:
        """Take in a record that has just become known; kinds that no rule looks at do nothing."""
        if record.node == NODE:
            return Outcome()
        self._latest = now
        return self._noted(self._taken(record, now))

    def listen(self, now: datetime, deaf: bool = False) -> None:
        """Live service: hearing begins or, without a broker, ends; silence before or meanwhile proves nothing."""
        self._listening_since, self._deaf, self._due_is_old = now, deaf, True

    def availability(self, node: str, online: bool, now: datetime) -> Outcome:
        """A node came or went."""
        return self._judged([faults.availability(node, online)], now)

    def fault(self, node: str, fault: Fault, now: datetime) -> Outcome:
        """A node says that something is broken, or that it no longer is."""
        return self._judged([faults.told(node, fault)], now)

    def own_fault(self, what: str, cause: str | None, now: datetime) -> Outcome:
        """The alert service itself cannot do its work: ``what`` is ``broker``, ``store`` or ``push``."""
        about = faults.key(NODE, what)
        finding = Finding(about, "info", cause, {"cause": what}) if cause else None
        return self._judged([(about, finding)], now)

    def command(self, alert_id: str, command: AlertCommand, now: datetime) -> Outcome:
        """A caregiver's word. Raises LookupError with one clear line when it cannot be followed."""
        return self._noted(self.lifecycle.command(alert_id, command, now))

    def due(self) -> datetime | None:
        """When :meth:`tick` can next change something; sometimes a little early, never late.

        A report only moves the end of a silence further away, so the answer is kept until something else happens.
        """
        if self._due_is_old:
            self._due_but_for_silence, self._due_is_old = self._first_due_but_for_silence(), False
            self._due = self._first_due()
        return self._due

    def due_by(self, time: datetime) -> datetime | None:
        """When :meth:`tick` must next be called, if that is not after ``time``: exact, reports have been seen to."""
        due = self.due()
        if due is None or due > time:
            return None
        due = self._due = self._first_due()
        return None if due is None or due > time else due

    def _first_due(self) -> datetime | None:
        """The silences anew: reports move them. The rest as it was last worked out."""
        due = self._due_but_for_silence
        for camera in self._cameras.values():
            silence = self._silence_due(camera)
            due = silence if due is None or (silence is not None and silence < due) else due
        if due is not None and self._latest is not None:
            due = max(due, self._latest)  # what had to wait for a record is due now, not at its hour in the past
        # What was due and could not be settled is looked at again, but not without end at the same instant.
        return due if due is None or self._ticked_at is None else max(due, self._ticked_at + TICK)

    def _first_due_but_for_silence(self) -> datetime | None:
        times = [self.lifecycle.due(), *(self._next_judgement(person) for person in self._people.values())]
        times += [self._grown_at(alert) for alert in self.lifecycle.open()]
        return min((at for at in times if at is not None), default=None)

    def tick(self, now: datetime) -> Outcome:
        """Let time pass."""
        self._ticked_at, self._due_is_old = now, True
        outcome = self.lifecycle.tick(now)
        for alert in self.lifecycle.open():
            grown_at = self._grown_at(alert)
            if grown_at is not None and now >= grown_at:
                grown = Finding(alert.key, "warning", alert.reason, alert.evidence)
                outcome.add(self.lifecycle.report(grown, now))
        for camera in self._cameras.values():
            due = self._silence_due(camera)
            if due is not None and now >= due and (finding := camera.check(now)):
                outcome.add(self.lifecycle.report(finding, now))
        for person in self._people.values():
            due = self._next_judgement(person)
            if due is not None and now >= due:
                outcome.add(self._judge(person, now))
        return self._noted(outcome)

    def people(self) -> dict[str, DayBook]:
        """The day books by person."""
        return {name: person.book for name, person in self._people.items()}

    def book(self, person: str) -> DayBook:
        """The day book of one person, made if need be."""
        return self._person(person).book

    def injections(self, person: str) -> list[date]:
        """Home days of the botulinum injections that a person's diary tells of."""
        return sorted(self._person(person).memory.injections.values())

    def forget(self, name: str) -> None:
        """Remove everything of a person, silently."""
        self._people.pop(name, None)
        self.memory.people.pop(name, None)
        self.memory.days.pop(name, None)
        self.lifecycle.forget(name)
        self.touched.discard(f"person/{name}")
        self.touched.add("lifecycle")
        self._due_is_old = True

    # Records

    def _taken(self, record: Record | Minute, now: datetime) -> Outcome:
        match record:
            case Minute():
                return self._minute(record, now)
            case Observation():
                return self._minute(Minute.of(record, self._zone), now)
            case Spasm():
                return self._spasm(record, now)
            case Label():
                return self._label(record)
            case Diary():
                return self._diary(record, now)
            case Health():
                camera = self._cameras.get(record.node)
                if camera is not None and record.state == "paused":
                    camera.paused(now)
                return self._judged(faults.health(record, self._rules.fault), now)
        return Outcome()

    def _spasm(self, spasm: Spasm, now: datetime) -> Outcome:
        if spasm.phase != "end":
            return Outcome()
        outcome = self._clock(spasm.node, spasm.clock_ok, now)
        person = self._person(spasm.person)
        verdict = person.memory.verdicts.get(spasm.spasm_id, spasm.verdict)
        if not spasm.clock_ok or verdict in NO_SPASM:
            return outcome
        if person.book.add(spasm) and self._rules.escalation.enabled and not self._broken(spasm.node):
            finding = person.escalation.spasm(spasm, now)
            if finding is not None:
                outcome.add(self.lifecycle.report(finding, now))
        return outcome

    def _minute(self, minute: Minute, now: datetime) -> Outcome:
        person, camera = self._person(minute.person), self._camera(minute)
        outcome = self._clock(minute.node, minute.clock_ok, now)
        fresh = camera.observation(minute, now)
        if fresh and self.lifecycle.is_open(camera.key):
            outcome.add(self.lifecycle.clear(camera.key, now, f"camera {minute.node} reports again"))
        if not minute.clock_ok:
            return outcome
        if person.memory.judged is None:
            self._set_judged(person, now)
        person.book.observe(minute)
        self._face(person, minute, now, fresh, outcome)
        self._escalation_minute(person, minute, now, outcome)
        return outcome

    def _face(self, person: Person, minute: Minute, now: datetime, fresh: bool, outcome: Outcome) -> None:
        blindness, was_paused = person.blindness, person.memory.face.paused
        finding = blindness.observation(minute, now)
        self._due_is_old |= person.memory.face.paused != was_paused
        if finding is not None and self._rules.blind.enabled:
            outcome.add(self.lifecycle.report(finding, now))
        elif fresh and blindness.seen and self.lifecycle.is_open(blindness.key):
            outcome.add(self.lifecycle.clear(blindness.key, now, "the face is seen again"))

    def _escalation_minute(self, person: Person, minute: Minute, now: datetime, outcome: Outcome) -> None:
        rule = person.escalation
        finding = rule.observation(minute, now)
        if finding is not None and self._rules.escalation.enabled and not self._broken(minute.node):
            outcome.add(self.lifecycle.report(finding, now))
        elif finding is None and self.lifecycle.is_open(rule.key) and (calm := rule.calm()):
            outcome.add(self.lifecycle.clear(rule.key, now, calm))

    def _label(self, label: Label) -> Outcome:
        person = self._person(label.person)
        before = person.memory.verdicts.get(label.spasm_id)
        person.memory.verdicts[label.spasm_id] = label.verdict
        was, is_now = before in NO_SPASM, label.verdict in NO_SPASM
        if was != is_now and person.book.covers(label.start):
            person.book.change(_as_spasm(label), -1 if is_now else 1)
            if is_now:
                person.escalation.take_back(label.spasm_id)
        return Outcome()

    def _diary(self, entry: Diary, now: datetime) -> Outcome:
        if entry.kind not in ("symptom", "treatment"):
            return Outcome()
        revisions = self._person(entry.person).memory.revisions
        if entry.revision <= revisions.get(entry.entry_id, 0):
            return Outcome()
        revisions[entry.entry_id] = entry.revision
        if entry.kind == "treatment":
            return self._treatment(entry)
        finding = red_flag.judge(entry, self._advice)
        if finding is not None and self._rules.red_flag.enabled:
            return self.lifecycle.report(finding, now)
        return self.lifecycle.clear(red_flag.key(entry), now, f"{entry.author} took the entry back")

    def _treatment(self, entry: Diary) -> Outcome:
        person = self._person(entry.person)
        person.memory.injections.pop(entry.entry_id, None)
        if entry.subkind == "botulinum" and not entry.deleted:
            person.memory.injections[entry.entry_id] = person.book.local_day(entry.at)
        return Outcome()

    # Faults

    def _clock(self, node: str, clock_ok: bool, now: datetime) -> Outcome:
        if clock_ok and self.lifecycle.nothing_open:
            return Outcome()
        return self._judged([faults.clock(node, clock_ok)], now)

    def _judged(self, judgements: list[faults.Judgement], now: datetime) -> Outcome:
        outcome = Outcome()
        for about, finding in judgements:
            if finding is None:
                if self.lifecycle.is_open(about):
                    outcome.add(self.lifecycle.clear(about, now, f"over: {about.what} at {about.node}"))
            elif self._rules.fault.enabled:
                outcome.add(self.lifecycle.report(finding, now))
        return self._noted(outcome)

    def _grown_at(self, alert: Open) -> datetime | None:
        """When a fault that lasts becomes a warning; silence has limits of its own."""
        if alert.key.rule != "fault" or alert.severity != "info" or alert.key.what in NEVER_GROWN:
            return None
        if alert.state not in ("firing", "acknowledged", "snoozed"):
            return None
        camera = self._cameras.get(alert.key.node or "")
        if alert.key.what == "offline" and camera is not None and camera.known(alert.since):
            return None  # its silence is pushed, once, and by what is usual for it
        return alert.since + timedelta(minutes=self._rules.fault.warn_after_minutes)

    def _silence_due(self, camera: CameraSilence) -> datetime | None:
        if self._deaf or not self._rules.fault.enabled:
            return None
        alert = next((one for one in self.lifecycle.open() if one.key == camera.key), None)
        due = camera.due(alert.severity if alert else None)
        if due is None or self._listening_since is None:
            return due
        return max(due, self._listening_since + timedelta(minutes=self._rules.fault.after_minutes))

    def _broken(self, node: str) -> bool:
        """Whether this camera itself says that it cannot be trusted now."""
        return any(self.lifecycle.is_open(faults.key(node, what)) for what in ("fault", "health"))

    # Once a day

    def _next_judgement(self, person: Person) -> datetime | None:
        if person.memory.judged is None or self._condition(person):
            return None  # neither worse nor better while nothing can be seen: it waits until then
        day = person.memory.judged + timedelta(days=1)
        return datetime.combine(day, time(self._rules.worsening.hour), self._zone)

    def _judge(self, person: Person, now: datetime) -> Outcome:
        self._set_judged(person, now)
        today = person.book.local_day(now)
        person.book.touched.update(person.book.forget_before(today - timedelta(days=KEPT_DAYS)))
        outcome = Outcome()
        for about, verdict in person.judge().judge(today):
            if isinstance(verdict, Finding):
                outcome.add(self.lifecycle.report(verdict, now))
            elif verdict is not None:
                outcome.add(self.lifecycle.clear(about, now, verdict))
        return outcome

    def condition(self, name: str) -> Literal["fault", "paused"] | None:
        """Why nothing can be said about a person now; None when the person is watched as usual."""
        return self._condition(self._person(name))

    def _condition(self, person: Person) -> Literal["fault", "paused"] | None:
        if self._impaired(person):
            return "fault"
        return "paused" if person.memory.face.paused else None

    def _impaired(self, person: Person) -> bool:
        """Whether the person cannot be seen now: no face for long, or every camera broken."""
        if self.lifecycle.is_open(person.blindness.key):
            return True
        broken = {alert.key.node for alert in self.lifecycle.open() if alert.key.what in BREAKDOWNS}
        return bool(self._cameras) and broken.issuperset(self._cameras)

    def _set_judged(self, person: Person, now: datetime) -> None:
        local = now.astimezone(self._zone)
        early = local.hour < self._rules.worsening.hour
        person.memory.judged = local.date() - timedelta(days=1 if early else 0)
        self._due_is_old = True
        self.touched.add(person.piece)

    # Memory

    def _noted(self, outcome: Outcome) -> Outcome:
        if self.lifecycle.changed:
            self.touched.add("lifecycle")
            self.lifecycle.changed = False
            self._due_is_old = True
        return outcome

    def _person(self, name: str) -> Person:
        person = self._people.get(name)
        if person is None:
            memory = self.memory.people[name] = PersonMemory()
            person = self._people[name] = self._make(name, memory)
            self._due_is_old = True
        self.touched.add(person.piece)
        return person

    def _make(self, name: str, memory: PersonMemory) -> Person:
        days = self.memory.days.setdefault(name, {})
        return Person(name, self._rules, self._zone, memory, days)

    def _camera(self, minute: Minute) -> CameraSilence:
        node = minute.node
        camera = self._cameras.get(node)
        if camera is None:
            memory = self.memory.nodes[node] = NodeMemory(first=minute.start, last=minute.start)
            camera = self._cameras[node] = CameraSilence(self._rules.fault, node, memory)
            self._due_is_old = True
        self.touched.add(camera.piece)
        return camera


def _as_spasm(label: Label) -> Spasm:
    """The labelled spasm, as far as the day book needs it."""
    return Spasm(
        person=label.person,
        node=label.spasm_node,
        phase="start",
        spasm_id=label.spasm_id,
        start=label.start,
        kind=label.kind,
        side=label.side,
    )
