"""The alert service: one thread that takes messages and time through the rules and keeps every step on disk."""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from uuid6 import uuid7

from spasmwatch.domain import parsing
from spasmwatch.domain.alerting.engine import Engine
from spasmwatch.domain.alerting.lifecycle import Outcome
from spasmwatch.domain.topics import ONLINE, AlertCommand, Fault, PushState, Topics, WhoIsTold
from spasmwatch.errors import RecordError
from spasmwatch.ports import Bus, Clock, Message, Outbox
from spasmwatch_services.alerts.past import Past, fill
from spasmwatch_services.alerts.planner import Planner
from spasmwatch_services.alerts.rounds import CANARY, Rounds
from spasmwatch_services.alerts.state import State
from spasmwatch_services.alerts.told import Told

log = logging.getLogger(__name__)

BATCH = 200
"""Messages taken in one transaction when many wait."""
RECORDS = ("spasm", "observation", "label", "diary", "health")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that the service itself cannot do; ``cause`` None means that it works again."""

    what: str
    cause: str | None


Item = Message | Trouble | Past


class AlertService:
    """``wake`` is called when new pushes may be due."""

    def __init__(
        self,
        engine: Engine,
        state: State,
        planner: Planner,
        outbox: Outbox,
        topics: Topics,
        clock: Clock,
        wake: Callable[[], None],
        rounds: Rounds,
        zone: tzinfo,
        told: Told,
    ) -> None:
        self._rounds, self._zone, self._told = rounds, zone, told
        self.engine, self._state, self._planner, self._outbox = engine, state, planner, outbox
        self._topics, self._clock, self._wake = topics, clock, wake
        self._incoming: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._bus: Bus | None = None
        self._troubles: dict[str, str | None] = {}
        self.last_round = datetime.min.replace(tzinfo=UTC)
        self._made = clock.now()
        self._told_pushes: tuple[int, int] | None = None
        self._obeyed: WhoIsTold | None = None

    def listen(self, bus: Bus) -> None:
        """Subscribe to all that the rules look at."""
        self._bus = bus
        for what in (*RECORDS, "availability", "fault"):
            bus.subscribe(self._topics.every(what), self.receive)
        bus.subscribe(self._topics.alert_command("+", "+"), self.receive)
        # The shorter address, for homes whose broker gives all pages one account; its access rules decide who may.
        bus.subscribe(self._topics.of("alerts", "+/command"), self.receive)
        bus.subscribe(self._topics.told("diary"), self.receive)
        self._tell_choice()

    def receive(self, message: Message) -> None:
        """A message from the broker; it is acknowledged when its effect is on disk."""
        self._incoming.put(message)

    def trouble_with_push(self, recipient: str, cause: str | None) -> None:
        """A messenger cannot deliver, or can again."""
        self.trouble_changed(f"push-{recipient}", cause)

    def trouble(self, what: str, cause: str | None) -> None:
        """Report from another thread that something (does not) work: ``broker``, ``store``, ``push-<recipient>``."""
        self._incoming.put(Trouble(what, cause))

    def trouble_changed(self, what: str, cause: str | None) -> None:
        """The same, but only when it is news."""
        if what not in self._troubles or self._troubles[what] != cause:
            self._troubles[what] = cause
            self.trouble(what, cause)

    def take_past(self, past: Past) -> None:
        """Days from the store, read by another thread."""
        self._incoming.put(past)

    def run(self, stopping: threading.Event) -> None:
        """Work until told to stop."""
        self.engine.listen(self._clock.now())
        self.hand_over()
        while not stopping.is_set():
            self.work(self._wait_s())
            self.round()

    def work(self, wait_s: float = 0.0) -> None:
        """Take what has arrived within ``wait_s`` seconds, and the time, through the rules."""
        batch = self._batch(wait_s)
        now = self._clock.now()
        if not batch and self.engine.due_by(now) is None:
            return
        with self._state.transaction():
            outcome = Outcome()
            for item in batch:
                outcome.add(self._take(item, now))
            if self.engine.due_by(now) is not None:
                outcome.add(self.engine.tick(now))
            self._keep(outcome, now)
        self.hand_over()
        self._tell_choice()
        for item in batch:
            if isinstance(item, Message):
                item.acknowledge()
        if outcome.notices:
            self._wake()

    def round(self) -> None:
        """What is due by the clock, once a second at most."""
        now = self._clock.now()
        if now - self.last_round < timedelta(seconds=1):
            return
        self.last_round = now
        with self._state.transaction():
            for person in self._state.to_forget(self.engine.people()):
                self.engine.forget(person)
                log.info("everything of a person is forgotten")
            news = self._rounds.go(now)
        for name, cause in self._rounds.unanswered.items():
            self.trouble_changed(f"answer-{name}", cause)
        for trend in self._rounds.trends(now):
            self._outbox.add(trend)
        if news:
            self._wake()

    def hand_over(self) -> None:
        """Give finished transitions to the outbox; their ids make a repetition after a kill harmless."""
        for position, alert in self._state.queued():
            self._outbox.add(alert)
            self._state.handed_over(position)

    def alive(self) -> bool:
        """Whether the service thread still does its rounds; at the start it may take a moment to the first."""
        return self._clock.now() - max(self.last_round, self._made) < timedelta(seconds=60)

    def tell_pushes(self) -> None:
        """Publish how many pushes were delivered and how many wait."""
        delivered, waiting = self._state.pushes()
        if self._bus is not None and self._told_pushes != (delivered, waiting):
            self._told_pushes = delivered, waiting
            state = PushState(delivered=delivered, waiting=waiting)
            self._bus.keep(self._topics.state("alerts", "pushes"), state.payload())

    def _tell_choice(self) -> None:
        """Say whom the patient lets be told, as it is obeyed from now on: the page shows when it is not yet."""
        if self._bus is not None and self._told.choice is not None and self._told.choice != self._obeyed:
            self._obeyed = self._told.choice
            self._bus.keep(self._topics.told("alerts"), self._obeyed.payload())

    def _wait_s(self) -> float:
        due = self.engine.due()
        if due is None:
            return 1.0
        return min(1.0, max(0.0, (due - self._clock.now()).total_seconds()))

    def _batch(self, wait_s: float) -> Sequence[Item]:
        items: list[Item] = []
        try:
            items.append(self._incoming.get(timeout=wait_s) if wait_s > 0 else self._incoming.get_nowait())
            while len(items) < BATCH:
                items.append(self._incoming.get_nowait())
        except queue.Empty:
            pass
        return items

    def _take(self, item: Item, now: datetime) -> Outcome:
        if isinstance(item, Trouble):
            if item.what == "broker":
                self.engine.listen(now, deaf=item.cause is not None)
            return self.engine.own_fault(item.what, item.cause, now)
        if isinstance(item, Past):
            days = fill(self.engine.book(item.person), item, self._zone)
            log.info("%d earlier days of a person taken from the store", days)
            return Outcome()
        levels = item.topic.removeprefix(f"{self._topics.base}/{self._topics.home}/").split("/")
        try:
            return self._take_message(levels, item, now)
        except (RecordError, LookupError) as error:
            log.warning("message on %s ignored: %s", item.topic, error)
            return Outcome()

    def _take_message(self, levels: list[str], message: Message, now: datetime) -> Outcome:
        node, what = levels[0], levels[-1]
        if what == "command":
            actor = levels[1] if node == "users" else None
            return self._command(actor, levels[-2], AlertCommand.parse(message.payload), now)
        if what == "told":
            self._choose(WhoIsTold.parse(message.payload), now)
            return Outcome()
        if what == "availability":
            return self.engine.availability(node, message.payload == ONLINE, now)
        if what == "fault":
            return self.engine.fault(node, Fault.parse(message.payload), now)
        record = parsing.parse(message.payload)
        if not self._state.is_new(record.id, now):
            return Outcome()
        return self.engine.record(record, now)

    def _command(self, actor: str | None, alert_id: str, command: AlertCommand, now: datetime) -> Outcome:
        if actor is not None and command.actor != actor:
            # The broker lets an account write below its own name only; the payload must not say another one.
            raise RecordError(f"{actor} may not speak for {command.actor}")
        if alert_id.startswith(CANARY):
            self._state.set_note(f"proven/{command.actor}", now.isoformat())
            return Outcome()
        return self.engine.command(alert_id, command, now)

    def _choose(self, choice: WhoIsTold, now: datetime) -> None:
        self._told.take(choice, now)
        for name, level in choice.levels.items():
            if level == "nothing":
                # Nothing is sent there any more, so nothing would ever show that it works again.
                self.trouble_with_push(name, None)

    def _keep(self, outcome: Outcome, now: datetime) -> None:
        for alert in outcome.alerts:
            self._state.queue(alert.model_copy(update={"id": str(uuid7())}))
            if alert.state in ("acknowledged", "snoozed", "dismissed"):
                self._state.drop(alert.alert_id, now)
            elif alert.state == "resolved":
                self._state.mark_over(alert.alert_id, now)
        for notice in outcome.notices:
            self._planner.plan(notice, now)
        self._state.save(self.engine.memory, self.engine.touched)
        self.engine.touched.clear()
        for person, book in self.engine.people().items():
            self._state.save_days(person, book.days, book.touched)
            book.touched.clear()
