"""One person's rules and what they remember."""

from dataclasses import dataclass, field
from datetime import date, tzinfo

from spasmwatch.domain.alerting.escalation import EscalationMemory, EscalationRule
from spasmwatch.domain.alerting.judgement import Judge, Watch
from spasmwatch.domain.alerting.parameters import Rules
from spasmwatch.domain.alerting.presence import Blindness, FaceMemory
from spasmwatch.domain.records import Verdict
from spasmwatch.domain.trend.daybook import Day, DayBook


@dataclass(slots=True)
class PersonMemory:
    """What is remembered of one person beside the day book.

    ``injections`` maps diary entries to home days, ``verdicts`` spasms to what people said of them, ``revisions`` diary
    entries to the highest revision seen.
    """

    escalation: EscalationMemory = field(default_factory=EscalationMemory)
    face: FaceMemory = field(default_factory=FaceMemory)
    judged: date | None = None
    injections: dict[str, date] = field(default_factory=dict)
    watch: Watch = field(default_factory=Watch)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)


class Person:
    """The rules of one person."""

    def __init__(self, name: str, rules: Rules, zone: tzinfo, memory: PersonMemory, days: dict[date, Day]) -> None:
        self.name, self.memory, self.piece = name, memory, f"person/{name}"
        self.book = DayBook(zone, rules.escalation.long_s, days)
        self.escalation = EscalationRule(rules.escalation, name, self.book, memory.escalation)
        self.blindness = Blindness(rules.blind, name, self.book, memory.face)
        self._rules = rules

    def judge(self) -> Judge:
        """The daily judge, with the injections known by now."""
        return Judge(self._rules, self.name, self.book, self.memory.watch, self.memory.injections.values())
