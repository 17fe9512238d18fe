"""What is known of a person when an episode is judged."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from spasmwatch.domain.detection.baseline import MobilePart
from spasmwatch.domain.detection.findings import Sign
from spasmwatch.domain.detection.segmentation import ChannelName
from spasmwatch.domain.records import Region, SpasmKind

Restless = Mapping[MobilePart, float]
"""How far each part goes in nine of ten frames of this person."""

# In a bout of the same sign, so much of what is asked for otherwise is enough.
IN_BOUT: Final = 0.8
# Kind and region of the spasms that each part leads.
_LEADS: Final[Mapping[str, tuple[SpasmKind, Region]]] = {
    "eye": ("hemifacial", "eye"),
    "closure": ("blepharospasm", "eye"),
    "mouth": ("tic", "mouth"),
    "brow": ("tic", "brow"),
    "nose": ("tic", "cheek"),
}


@dataclass(frozen=True, slots=True)
class Usual:
    """What is known of this person: ``bouts``, the signs of clear spasms of the last minutes; ``restless``;
    ``blink_skew``, how unequal both eyes are in blinks, positive when the left closes more (None: not yet known);
    ``blink_lowering``, how far the brows seem to sink in blinks, in inter-ocular distances (None: not yet known);
    ``held_until``, when a both-eyes spasm that goes on was told because of its length (seconds; None: none was).
    """

    bouts: Collection[Sign]
    restless: Restless
    blink_skew: float | None
    blink_lowering: float | None
    held_until: float | None = None

    def needed(self, sign: Sign) -> float:
        """The share of what is asked for otherwise that is enough."""
        return IN_BOUT if sign in self.bouts else 1.0


def sign_of(channel: ChannelName) -> Sign:
    """The sign of a spasm that this channel leads."""
    part, _, name = channel.partition("_")
    kind, region = _LEADS[part]
    return kind, "left" if name == "left" else "right" if name == "right" else "both", region
