"""The timeline's lanes from records: spasms, triggers, diary, alerts, and how much was observed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from markupsafe import Markup

from spasmwatch.domain.records import Alert, Diary, Spasm, Trigger
from spasmwatch.ports import Rate
from spasmwatch_services.charts import Chart, Event, Lane, Observed, timeline_chart
from spasmwatch_services.diary.house import House
from spasmwatch_services.diary.live import ENDED
from spasmwatch_services.diary.words import Words

Picture = tuple[Chart, Markup]


def day_chart(house: House, moment: datetime, screen: str | None) -> Picture:
    """Today on one axis."""
    return span_chart(house, *house.history.day(moment), screen, title=house.words("now.today_on_one_axis"))


def span_chart(
    house: House, start: datetime, end: datetime, screen: str | None, *, title: str, counts: bool = True
) -> Picture:
    """Everything between two times; without ``counts`` only what the person logged."""
    words, history = house.words, house.history
    lanes = [Lane(words("lane.diary"), [entry_event(entry, house) for entry in history.entries(start, end)], "mark")]
    observed: list[Observed] = []
    if counts:
        spasms = [spasm for spasm in history.spasms(start, end) if spasm.counts]
        lanes = [
            Lane(words("lane.spasms"), [Event(s.start, spasm_words(s, words), s.end) for s in spasms], "accent"),
            Lane(words("lane.triggers"), _triggers(history.triggers(start, end), words), "mark"),
            *lanes,
            Lane(words("lane.alerts"), alert_events(history.alerts(start - timedelta(days=7), end), end), "alarm"),
        ]
        # What never happened needs no room, but no spasm is worth saying.
        lanes = [lane for number, lane in enumerate(lanes) if lane.events or number == 0]
        long = end - start > timedelta(days=3)
        step = timedelta(days=1) if long else timedelta(hours=1)
        observed = _observed(history.rates(start, end, "day" if long else "hour"), step)
    now = house.clock.now().replace(second=0, microsecond=0)
    chart = timeline_chart(lanes, observed, title=title, start=start, end=end, zone=house.settings.home.zone, now=now)
    return chart, house.pictures.place((start, end, lanes, observed, min(now, end)), chart, screen)


def _observed(rates: Sequence[Rate], step: timedelta) -> list[Observed]:
    return [Observed(rate.start, rate.start + step, rate.observed_s / step.total_seconds()) for rate in rates]


def _triggers(triggers: Sequence[Trigger], words: Words) -> list[Event]:
    return [
        Event(item.time, words.get(f"trigger.{item.kind}", item.kind), item.end)
        for item in triggers
        if item.form != "reading"
    ]


def alert_events(alerts: Sequence[Alert], end: datetime) -> list[Event]:
    """One bar an alert, from its first firing to its end."""
    first: dict[str, Alert] = {}
    last: dict[str, datetime] = {}
    for alert in alerts:
        if alert.state == "pending":
            continue
        first.setdefault(alert.alert_id, alert)
        if alert.state in ENDED:
            last[alert.alert_id] = alert.time
    return [Event(alert.since, alert.reason, last.get(key, min(end, alert.time))) for key, alert in first.items()]


def spasm_words(spasm: Spasm, words: Words) -> str:
    """A spasm as a pattern, never a diagnosis."""
    length = (spasm.end - spasm.start).total_seconds() if spasm.end else 0.0
    return words(
        "spasm.line",
        kind=words(f"kind.{spasm.kind or 'unclassified'}"),
        side=words(f"side.{spasm.side or 'both'}"),
        length=f"{length:.1f}",
    )


def entry_event(entry: Diary, house: House) -> Event:
    """A diary entry on the axis."""
    return Event(entry.at, entry_words(entry, house))


def entry_words(entry: Diary, house: House) -> str:
    """A diary entry in one line: what, how much, and the note."""
    words = house.words
    if entry.kind == "symptom" and entry.subkind and entry.subkind not in ("felt_spasm", "help", "check"):
        name = house.advice.name(entry.subkind)
    else:
        name = words.get(f"entry.{entry.kind}.{entry.subkind}", "") or words(f"entry.{entry.kind}.name")
    parts = [name]
    if entry.value is not None:
        of_ten = entry.kind in ("stress", "fatigue", "mood") or entry.subkind == "quality"
        parts.append(words.amount(entry.value, words("entry.of_ten") if of_ten else entry.unit))
    if entry.text:
        parts.append(entry.text)
    return ", ".join(parts)
