"""How much of the alerts the patient lets each recipient of pushes be told."""

from spasmwatch.domain.records import Severity
from spasmwatch.domain.topics import ToldLevel, WhoIsTold


def level_of(choice: WhoIsTold | None, recipient: str) -> ToldLevel:
    """What a recipient is told; everything as long as the patient has never chosen.

    After a choice, one whom it does not name is told nothing: nobody can put themself on the list against the
    patient's will.
    """
    return "everything" if choice is None else choice.levels.get(recipient, "nothing")


def allows(level: ToldLevel, severity: Severity) -> bool:
    """Whether an alert of this severity may be pushed; ``nothing`` holds for a call for help, too."""
    return level == "everything" or (level == "urgent" and severity == "urgent")
