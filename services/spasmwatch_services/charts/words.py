"""Numbers as people read them."""


def number(value: float) -> str:
    """At most two significant places below ten, none above: ``0.35``, ``3.4``, ``27``."""
    if value >= 10 or value == 0:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def duration(seconds: float) -> str:
    """``45 s``, ``12 min``, ``3 h 05 min``, ``31 h``."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02d} min" if hours < 24 and rest else f"{round(minutes / 60)} h"


def count(n: int, noun: str) -> str:
    """``1 spasm``, ``12 spasms``."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
