"""Writes diary entries: each change is a new revision, sent through the outbox; nothing is ever lost silently."""

import threading
from datetime import datetime, timedelta
from typing import Annotated, Any, Self
from unicodedata import category

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from uuid6 import uuid7

from spasmwatch.domain.parsing import explain
from spasmwatch.domain.records import Diary, DiaryKind, ShortText, Text, Time
from spasmwatch.domain.topics import DiaryAdd
from spasmwatch.errors import UsageError
from spasmwatch.ports import Clock, Outbox
from spasmwatch_services.diary.history import History
from spasmwatch_services.diary.live import Live
from spasmwatch_services.diary.offers import scale_of
from spasmwatch_services.diary.treated import Treatments

EARLIEST = timedelta(days=3660)
AHEAD = timedelta(minutes=5)
"""A phone's clock may run this much before ours."""


class Content(BaseModel):
    """What an entry says; all that can be changed later. ``at`` None means now."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: DiaryKind
    subkind: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")] | None = None
    value: float | None = None
    unit: ShortText | None = None
    text: Text | None = None
    at: Time | None = None

    @model_validator(mode="after")
    def _says_something_possible(self) -> Self:
        low, high = scale_of(self.kind, self.subkind)
        if self.value is not None and not low <= self.value <= high:
            raise ValueError(f"the value of {self.kind} lies between {low:g} and {high:g}")
        if any(category(char) == "Cc" and char not in "\n\r\t" for char in f"{self.text or ''}{self.unit or ''}"):
            raise ValueError("text and unit must not hold control characters")
        if self.kind == "note" and self.subkind is None and not (self.text or "").strip():
            raise ValueError("a note needs some text")
        if self.kind in ("symptom", "treatment", "remedy") and self.subkind is None:
            raise ValueError(f"a {self.kind} needs a subkind that says which")
        return self


class NewEntry(Content):
    """A new entry. The same ``entry_id`` sent again changes nothing, so a phone may repeat what got no answer."""

    entry_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")] | None = None


def new_entry(fields: dict[str, Any]) -> NewEntry:
    """A new entry from outside. Raises UsageError saying in one line what is wrong with it."""
    try:
        return NewEntry.model_validate(fields)
    except ValidationError as error:
        raise UsageError(explain(error).removeprefix("record: ").replace("Value error, ", "")) from error


def wish(fields: dict[str, Any], entry_id: str, time: datetime, author: str, now: datetime) -> DiaryAdd:
    """What another way in hands over, checked as the pages check it. Raises UsageError."""
    time = possible(time, now)
    new_entry({**fields, "at": time, "entry_id": entry_id})
    try:
        return DiaryAdd.model_validate({**fields, "id": entry_id, "time": time, "author": author})
    except ValidationError as error:
        raise UsageError(explain(error)) from error


class Entries:
    """The one place where diary records are made."""

    def __init__(
        self, outbox: Outbox, live: Live, history: History, treatments: Treatments, person: str, clock: Clock
    ) -> None:
        self._outbox, self._live, self._history, self._treatments = outbox, live, history, treatments
        self._person, self._clock = person, clock
        self._lock = threading.Lock()

    def log(self, new: NewEntry, author: str) -> Diary:
        """The first revision of a new entry; for an ``entry_id`` that is known, the entry as it is."""
        entry_id = new.entry_id or str(uuid7())
        with self._lock:
            known = self._history.entry(entry_id)
            if known:
                return known[-1]
            return self._write(new, entry_id, revision=1, author=author)

    def grant(self, wish: DiaryAdd) -> Diary:
        """Log what another program asked for; its id becomes the entry's. Raises UsageError."""
        fields = wish.model_dump(include={"kind", "subkind", "value", "unit", "text"})
        return self.log(new_entry({**fields, "at": wish.time, "entry_id": wish.id}), wish.author)

    def revise(self, entry_id: str, content: Content, author: str) -> Diary:
        """A next revision with this content. Raises UsageError for an entry nobody knows."""
        with self._lock:
            last = self._last(entry_id)
            if content.at is None:
                content = content.model_copy(update={"at": last.at})
            return self._write(content, entry_id, last.revision + 1, author)

    def delete(self, entry_id: str, author: str, *, deleted: bool = True) -> Diary:
        """A next revision that is marked deleted, or with ``deleted`` False brings the entry back."""
        with self._lock:
            last = self._last(entry_id)
            if last.deleted == deleted:
                return last
            return self._keep(
                last.model_copy(
                    update={
                        "revision": last.revision + 1,
                        "deleted": deleted,
                        "author": author,
                        "logged_at": self._clock.now(),
                    }
                )
            )

    def _last(self, entry_id: str) -> Diary:
        revisions = self._history.entry(entry_id)
        if not revisions:
            raise UsageError("there is no such entry")
        return revisions[-1]

    def _write(self, content: Content, entry_id: str, revision: int, author: str) -> Diary:
        now = self._clock.now()
        at = possible(content.at or now, now)
        return self._keep(
            Diary(
                person=self._person,
                at=at,
                entry_id=entry_id,
                revision=revision,
                logged_at=now,
                author=author,
                kind=content.kind,
                subkind=content.subkind,
                value=content.value,
                unit=content.unit,
                text=content.text,
            )
        )

    def _keep(self, draft: Diary) -> Diary:
        stamped = self._outbox.add(draft)
        self._live.learn(stamped)
        self._treatments.note(stamped)
        return stamped


def possible(at: datetime, now: datetime) -> datetime:
    """``at``, where a phone's clock runs ahead now. Raises UsageError for the future and the distant past."""
    if at > now + AHEAD:
        raise UsageError("an entry cannot lie in the future")
    if at < now - EARLIEST:
        raise UsageError("an entry cannot lie more than ten years back")
    return min(at, now)
