"""Red flag: a person logged a symptom that has fixed advice. Never inferred from video."""

from spasmwatch.domain.advice import Advice
from spasmwatch.domain.alerting.lifecycle import Finding, Key
from spasmwatch.domain.records import Diary, Severity

HELP = "help"
"""``subkind`` of the entry that the help button of the pages writes."""


def key(entry: Diary) -> Key:
    """One alert an entry, whatever its revision."""
    return Key("red_flag", entry.person, what=entry.entry_id)


def judge(entry: Diary, advice: Advice) -> Finding | None:
    """The finding of an entry; None for one that is deleted or has no fixed advice.

    The patient's call for help (``help``) is urgent, too.
    The two upper tiers are urgent; what belongs to the treating clinic can wait for the end of quiet hours.
    """
    if entry.kind == "symptom" and entry.subkind == HELP and not entry.deleted:
        evidence: dict[str, float | str | None] = {"symptom": HELP, "author": entry.author}
        return Finding(key(entry), "urgent", f"{entry.author} calls for help.", evidence)
    tier = advice.tier(entry.subkind) if entry.kind == "symptom" and not entry.deleted else None
    if tier is None or entry.subkind is None:
        return None
    text = f"{advice.name(entry.subkind)} was logged by {entry.author}. {advice.text(tier)}"
    severity: Severity = "warning" if tier == "clinic" else "urgent"
    return Finding(key(entry), severity, text, {"symptom": entry.subkind, "tier": tier, "author": entry.author})
