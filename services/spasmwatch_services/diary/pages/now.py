"""*Now*: one sentence of state first, then alerts, today's rate, the day on one axis, the devices."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from spasmwatch.domain.records import Alert, Observation, Trend
from spasmwatch.ports import Rate
from spasmwatch_services.charts import Point, point, rates_chart
from spasmwatch_services.diary.access import May, Visitor
from spasmwatch_services.diary.figures import figures
from spasmwatch_services.diary.house import House
from spasmwatch_services.diary.lanes import day_chart
from spasmwatch_services.diary.situation import (
    ENOUGH_HOUR_S,
    GOOD_DAY_S,
    LEARNING_DAYS,
    Comparison,
    Facts,
    Sentence,
    camera_trouble,
    compare,
    open_alerts,
    sentence,
    usual,
)

FRESH = timedelta(minutes=30)
QUICK_BUTTONS = 4


def router(house: House) -> APIRouter:
    """The route of the first page."""
    routes = APIRouter()

    @routes.get("/", response_class=HTMLResponse)
    def now(visitor: Annotated[Visitor, Depends(house.guard.visitor)]) -> HTMLResponse:
        house.trail.looked(visitor.name, "now")
        return house.render("now.html", visitor, **view(house, visitor))

    return routes


def view(house: House, visitor: Visitor) -> dict[str, Any]:
    """Everything the page shows to this visitor."""
    moment = house.clock.now()
    counts = visitor.may(May.COUNTS)
    today, days, clumping = figures(house, moment)
    facts = _facts(house, moment, today, days)
    shown = [alert for alert in open_alerts(house.live.alerts()) if counts or _concerns_machine(alert)]
    if not counts:
        facts = Facts(moment, facts.cameras, facts.observation, facts.seen, facts.pause, shown, "learning")
    state = sentence(facts)
    if not counts and state.key.startswith("watching_"):
        state = Sentence("calm", "watching_quietly")
    seen_days = sum(day.observed_s >= GOOD_DAY_S for day in days)
    return {
        "state": state,
        "today": today,
        "enough": today.observed_s >= ENOUGH_HOUR_S,
        "usual": usual(days),
        "pause": facts.pause,
        "alerts": shown,
        "trend": fresh_trend(house, moment) if counts else None,
        "hours": _hours(house, moment, days, clumping, visitor.screen) if counts else None,
        "day": day_chart(house, moment, visitor.screen) if counts else None,
        "devices": _devices(house, moment),
        "buttons": house.preferences.buttons[:QUICK_BUTTONS] if visitor.may(May.LOG) else [],
        "seen_days": seen_days,
        "learning_days": LEARNING_DAYS,
        "advice": _placement(facts.observation),
        "trouble": house.history.trouble,
        "moment": moment,
    }


def _facts(house: House, moment: datetime, today: Point, days: list[Rate]) -> Facts:
    observation = house.live.latest_observation()
    return Facts(
        now=moment,
        cameras=house.live.cameras(),
        observation=observation,
        seen=house.live.seen(),
        pause=house.live.paused(moment),
        alerts=house.live.alerts(),
        comparison=_comparison(house, moment, today, days),
    )


def _comparison(house: House, moment: datetime, today: Point, days: list[Rate]) -> Comparison:
    """The alert service's own judgement while it is fresh, so that page, Home Assistant and Grafana agree."""
    trend = fresh_trend(house, moment)
    if trend is not None and trend.state in ("usual", "more", "fewer"):
        return cast("Comparison", trend.state)
    return compare(today, usual(days))


def fresh_trend(house: House, moment: datetime) -> Trend | None:
    """The latest judgement on today, unless it is old or of yesterday."""
    trend = house.live.trend()
    if trend is None or moment - trend.time > FRESH or trend.time < house.history.day(moment)[0]:
        return None
    return trend


def _concerns_machine(alert: Alert) -> bool:
    """Alerts without counts: what the patient sees by default."""
    return alert.rule in ("blind", "fault", "red_flag")


def _hours(
    house: House, moment: datetime, days: list[Rate], clumping: float, screen: str | None
) -> tuple[object, Markup]:
    start, end = house.history.day(moment)
    rates = house.history.rates(start, end, "hour")
    band = usual(days)
    chart = rates_chart(
        [point(rate, dispersion=clumping) for rate in rates],
        title=house.words("now.today_by_hour"),
        zone=house.settings.home.zone,
        bucket="hour",
        begin=start,
        end=end,
        now=moment,
        usual=band,
        floor=house.settings.diary.show_floor,
        enough_s=ENOUGH_HOUR_S,
    )
    return chart, house.pictures.place((start, rates, band, clumping, moment.hour), chart, screen)


@dataclass(frozen=True, slots=True)
class Device:
    """One line of the list of devices."""

    name: str
    trouble: Sentence | None
    camera: bool
    fps: float | None
    spoke: datetime | None


def _devices(house: House, moment: datetime) -> list[Device]:
    devices = []
    for node in house.live.nodes():
        trouble = camera_trouble(node, moment) if node.is_camera else _program_trouble(node.online, node, moment)
        last = node.observation.end if node.observation else None
        fps = node.observation.fps if node.observation else None
        devices.append(Device(node.name, trouble, node.is_camera, fps, last))
    return devices


def _program_trouble(online: bool | None, node: object, moment: datetime) -> Sentence | None:
    fault = getattr(node, "fault", None)
    if fault is not None and fault.active:
        return Sentence("look", "program_fault", {"cause": fault.cause or "", "since": fault.since or moment})
    return Sentence("look", "program_away") if online is False else None


def _placement(observation: Observation | None) -> str | None:
    """The reason that cost most of the last minute, as a key of the advice on where to put the camera."""
    if observation is None or observation.observed_s > 0.5 * observation.seconds:
        return None
    reasons = {
        reason: seconds for reason, seconds in observation.unobserved.items() if reason not in ("paused", "absent")
    }
    return max(reasons, key=lambda reason: reasons[reason]) if reasons else None
