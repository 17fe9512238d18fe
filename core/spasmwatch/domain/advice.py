"""Fixed advice in three tiers, shown where a person logs a symptom, in a red-flag push and in the report.

The software never infers a symptom from video, never diagnoses, never doses and never names an injection date. The
texts await clinical review; a clinic replaces them with a settings file (``[advice] file``).
"""

from typing import Annotated, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Tier = Literal["emergency", "doctor_today", "clinic"]
TIERS: Final[tuple[Tier, ...]] = get_args(Tier)
"""Most pressing first."""

Sentence = Annotated[str, Field(min_length=1, max_length=600)]
Symptom = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
"""``subkind`` of a diary entry of kind ``symptom``."""

_TEXTS: Final[dict[Tier, str]] = {
    "emergency": "Call the emergency number now. Do not wait for it to pass and do not drive yourself.",
    "doctor_today": "Please speak to a doctor today.",
    "clinic": "Please tell the clinic that treats you; they can judge what to do next.",
}
_SYMPTOMS: Final[dict[str, Tier]] = {
    "drooping": "emergency",
    "limb_weakness": "emergency",
    "speech": "emergency",
    "confusion": "emergency",
    "vision_loss": "emergency",
    "swallowing": "emergency",
    "breathing": "emergency",
    "pain": "doctor_today",
    "facial_weakness": "doctor_today",
    "vision_change": "doctor_today",
    "double_vision": "doctor_today",
    "eye_pain": "doctor_today",
    "numbness": "doctor_today",
    "hearing_loss": "doctor_today",
    "mild_drooping": "clinic",
    "dry_eye": "clinic",
    "spasms_persist": "clinic",
    "spasms_spread": "clinic",
    "spasms_worse": "clinic",
}
_NAMES: Final[dict[str, str]] = {
    "drooping": "Sudden drooping of the face",
    "limb_weakness": "Weakness of an arm or a leg",
    "speech": "Trouble speaking",
    "confusion": "Confusion",
    "vision_loss": "Sudden loss of vision",
    "swallowing": "Trouble swallowing",
    "breathing": "Trouble breathing",
    "pain": "Pain in the face",
    "facial_weakness": "New weakness in the face",
    "vision_change": "Change of vision",
    "double_vision": "Double vision",
    "eye_pain": "Pain in the eye",
    "numbness": "Numbness",
    "hearing_loss": "Hearing loss",
    "mild_drooping": "Mild drooping in the weeks after an injection",
    "dry_eye": "Dry eye in the weeks after an injection",
    "spasms_persist": "Spasms that keep on",
    "spasms_spread": "Spasms that spread",
    "spasms_worse": "Spasms that get worse",
}


class Advice(BaseModel):
    """Which symptom belongs to which tier, and what each tier says.

    ``reviewed_by`` names the clinician who signed the texts off; None means that they await clinical review.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reviewed_by: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    texts: dict[Tier, Sentence] = Field(default_factory=dict)
    symptoms: dict[Symptom, Tier] = Field(default_factory=dict)
    names: dict[Symptom, Sentence] = Field(default_factory=dict)

    def tier(self, symptom: str | None) -> Tier | None:
        """The tier of a symptom; None for one without fixed advice."""
        return {**_SYMPTOMS, **self.symptoms}.get(symptom or "")

    def text(self, tier: Tier) -> str:
        """What a tier says, with the mark that it awaits review while nobody has signed it off."""
        text = {**_TEXTS, **self.texts}[tier]
        return text if self.reviewed_by else f"{text} (Text awaiting clinical review.)"

    def name(self, symptom: str) -> str:
        """A symptom in words for people."""
        return {**_NAMES, **self.names}.get(symptom, symptom.replace("_", " ").capitalize())

    def known(self) -> dict[Tier, list[str]]:
        """Every symptom with advice, by tier, most pressing tier first."""
        table = {**_SYMPTOMS, **self.symptoms}
        return {tier: [symptom for symptom, its in table.items() if its == tier] for tier in TIERS}
