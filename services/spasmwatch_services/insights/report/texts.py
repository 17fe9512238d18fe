"""Texts that people and other programs wrote, made fit for a page."""

import re
import unicodedata
from typing import Final

JOINERS: Final = "\u200c\u200d"
"""Written between letters and within emoji; all other invisible characters only turn the direction of a line."""
LONGEST_WORD: Final = 16


def plain(text: str | None, longest: int, otherwise: str = "") -> str:
    """The first line that says anything, in at most ``longest`` characters; or ``otherwise``."""
    lines = (_visible(line) for line in re.split(r"[\r\n]+", text or ""))
    said = next((line for line in lines if line), otherwise)
    return said if len(said) <= longest else said[: longest - 1].rstrip() + "…"


def breakable(text: str) -> str:
    """The text with places in long words at which a line may end, so that no word widens a table beyond the page."""
    return re.sub(rf"(\S{{{LONGEST_WORD}}})(?=\S)", "\\1\u200b", text)


def _visible(line: str) -> str:
    kinds = ((each, unicodedata.category(each)) for each in line)
    return " ".join("".join(" " if kind == "Cc" else each for each, kind in kinds if _shown(each, kind)).split())


def _shown(each: str, kind: str) -> bool:
    return kind not in ("Cf", "Cs", "Co", "Cn") or each in JOINERS
