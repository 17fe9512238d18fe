"""Other ways in over MQTT: wishes on ``…/diary/add``, and the home's own buttons as the settings map them."""

import json
import logging
from collections.abc import Callable

from uuid6 import uuid7

from spasmwatch.domain.topics import DiaryAdd
from spasmwatch.errors import RecordError, SpasmWatchError
from spasmwatch.ports import Message
from spasmwatch.settings.diary import Button
from spasmwatch_services.diary.api.pause import send_pause
from spasmwatch_services.diary.entries import new_entry
from spasmwatch_services.diary.house import House

log = logging.getLogger(__name__)


class Presses:
    """Turns messages into entries. A message with the retain flag is an old state, never a press."""

    def __init__(self, house: House) -> None:
        self._house = house
        house.bus.subscribe(house.topics.diary_add(), self._add)
        for button in house.settings.diary.buttons:
            house.bus.subscribe(button.topic, self._handler(button))

    def _add(self, message: Message) -> None:
        if not message.retained:
            try:
                self._house.entries.grant(DiaryAdd.parse(message.payload))
            except (RecordError, SpasmWatchError) as error:
                log.warning("a wish on %s is not understood: %s", message.topic, error)
        message.acknowledge()

    def _handler(self, button: Button) -> Callable[[Message], None]:
        def pressed(message: Message) -> None:
            action = action_of(message.payload)
            if action and not message.retained and (wish := button.press.get(action)):
                try:
                    self._obey(wish, button.author)
                except SpasmWatchError as error:
                    log.warning("the press %r on %s came to nothing: %s", action, message.topic, error)
            message.acknowledge()

        return pressed

    def _obey(self, wish: str, author: str) -> None:
        what, _, number = wish.partition("=")
        if what == "pause":
            send_pause(self._house, author, "pause", int(float(number)) if number else None)
            return
        kind, _, subkind = what.partition("/")
        fields = {"kind": kind, "subkind": subkind or None, "value": float(number) if number else None}
        self._house.entries.log(new_entry({**fields, "entry_id": str(uuid7())}), author)


def action_of(payload: bytes) -> str | None:
    """What a button did: the ``action`` of a JSON object, or the whole payload; None for nothing."""
    text = payload[:2000].decode("utf-8", errors="replace").strip()
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return text or None
    if isinstance(said, dict):
        said = said.get("action", said.get("event_type"))
    return said if isinstance(said, str) and said else None
