"""What the diary keeps beside the store about the watched person, removed by ``spasmwatch forget``."""

from spasmwatch.settings import Settings
from spasmwatch_services.diary import inbox
from spasmwatch_services.diary.database import Database


def forget(settings: Settings, person: str) -> int:
    """Remove the patient's account, the trail of looks at them and what waits to be logged; returns how many things.

    The accounts of the others stay.
    """
    removed = 0
    if person != settings.home.person:
        return removed
    for file in sorted(inbox.folder(settings).glob("*")):
        file.unlink()
        removed += 1
    path = settings.home.data / "diary" / "diary.sqlite"
    if path.exists():
        database = Database(path)
        try:
            removed += database.rows("SELECT (SELECT COUNT(*) FROM trail)")[0][0]
            removed += database.rows("SELECT COUNT(*) FROM person WHERE role = 'patient'")[0][0]
            database.together([("DELETE FROM trail", ()), ("DELETE FROM person WHERE role = 'patient'", ())])
            database.rows("VACUUM")
        finally:
            database.close()
    return removed
