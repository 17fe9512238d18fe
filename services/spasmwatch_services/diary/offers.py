"""What can be logged: every kind of entry with its subkinds, its scale and unit, and the buttons made from them."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from spasmwatch.domain.records import DiaryKind, ShortText

Ask = Literal["nothing", "scale", "number", "text"]


@dataclass(frozen=True, slots=True)
class Offer:
    """One kind of entry: the question it asks and the range of the answer."""

    kind: DiaryKind
    ask: Ask
    low: float = 0
    high: float = 10
    unit: str | None = None
    subkinds: tuple[str, ...] = ()


OFFERS: dict[DiaryKind, Offer] = {
    offer.kind: offer
    for offer in (
        Offer("caffeine", "number", 0, 20, "cups", ("coffee", "tea", "cola", "energy_drink")),
        Offer("stress", "scale"),
        Offer("fatigue", "scale"),
        Offer("mood", "scale"),
        Offer("sleep", "number", 0, 24, "h", ("hours", "quality")),
        Offer("medication", "number", 0, 100_000, "mg", ("taken", "started", "stopped", "dose_changed")),
        Offer("treatment", "text", subkinds=(
            "botulinum", "physical_therapy", "oral_medication", "muscle_relaxant", "surgery")),
        Offer("remedy", "nothing", subkinds=(
            "relaxation", "exercise", "warm_compress", "massage", "hydration", "magnesium")),
        Offer("symptom", "nothing"),
        Offer("function", "scale", 0, 4, subkinds=("reading", "driving", "going_out")),
        Offer("note", "text"),
    )
}  # fmt: skip
"""Symptoms are those of the fixed advice, and ``felt_spasm`` and ``help`` (the patient's call for help)."""

MEDICATION_CHANGES = ("started", "stopped", "dose_changed")

SCALES: dict[str, tuple[float, float]] = {"sleep/quality": (0, 10)}


def scale_of(kind: DiaryKind, subkind: str | None) -> tuple[float, float]:
    """Lowest and highest value of an entry."""
    offer = OFFERS[kind]
    return SCALES.get(f"{kind}/{subkind}", (offer.low, offer.high))


class Button(BaseModel):
    """One tap. ``ask`` ``nothing`` logs ``value`` at once; otherwise the page asks, beginning with ``value``."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    id: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
    label: Annotated[str, Field(max_length=40)] = ""
    kind: DiaryKind
    subkind: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")] | None = None
    ask: Ask = "nothing"
    value: float | None = None
    unit: ShortText | None = None
    text: ShortText | None = None


DEFAULT_BUTTONS: tuple[Button, ...] = (
    Button(id="coffee", kind="caffeine", subkind="coffee", value=1, unit="cups"),
    Button(id="stress", kind="stress", ask="scale", value=5),
    Button(id="fatigue", kind="fatigue", ask="scale", value=5),
    Button(id="medication", kind="medication", subkind="taken", ask="text"),
    Button(id="tea", kind="caffeine", subkind="tea", value=1, unit="cups"),
    Button(id="sleep-hours", kind="sleep", subkind="hours", ask="number", value=7, unit="h"),
    Button(id="sleep-quality", kind="sleep", subkind="quality", ask="scale", value=5),
    Button(id="mood", kind="mood", ask="scale", value=5),
    Button(id="relaxation", kind="remedy", subkind="relaxation"),
    Button(id="exercise", kind="remedy", subkind="exercise"),
    Button(id="warm-compress", kind="remedy", subkind="warm_compress"),
    Button(id="massage", kind="remedy", subkind="massage"),
    Button(id="water", kind="remedy", subkind="hydration"),
    Button(id="magnesium", kind="remedy", subkind="magnesium"),
    Button(id="note", kind="note", ask="text"),
)
