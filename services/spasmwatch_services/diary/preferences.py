"""What the household has arranged for itself: buttons, what the patient wants to see and whom they let be told."""

import json
from typing import Any

from spasmwatch.domain.topics import WhoIsTold
from spasmwatch_services.diary.database import Database
from spasmwatch_services.diary.offers import DEFAULT_BUTTONS, Button


class Preferences:
    """Kept in the diary's own file."""

    def __init__(self, database: Database) -> None:
        self._base = database

    @property
    def patient_sees_counts(self) -> bool:
        """Off until the patient wants it: stress is a trigger."""
        return bool(self._get("patient_sees_counts", default=False))

    def show_counts_to_patient(self, *, show: bool) -> None:
        """The patient's own choice."""
        self._set("patient_sees_counts", show)

    @property
    def buttons(self) -> list[Button]:
        """The one-tap buttons in their order."""
        kept = self._get("buttons", default=None)
        return list(DEFAULT_BUTTONS) if kept is None else [Button.model_validate(item) for item in kept]

    def arrange(self, buttons: list[Button]) -> None:
        """Keep the buttons in this order."""
        self._set("buttons", [button.model_dump() for button in buttons])

    @property
    def who_is_told(self) -> WhoIsTold | None:
        """Whom the patient lets be told of alerts; None until they have chosen."""
        kept = self._get("who_is_told", default=None)
        return None if kept is None else WhoIsTold.model_validate(kept)

    def choose_who_is_told(self, choice: WhoIsTold) -> None:
        """The patient's own choice."""
        self._set("who_is_told", choice.model_dump(mode="json"))

    def _get(self, key: str, *, default: Any) -> Any:
        rows = self._base.rows("SELECT json FROM preference WHERE key = ?", key)
        return json.loads(rows[0][0]) if rows else default

    def _set(self, key: str, value: Any) -> None:
        self._base.rows("INSERT OR REPLACE INTO preference VALUES (?, ?)", key, json.dumps(value))
