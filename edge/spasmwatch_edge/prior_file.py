"""Keeps what is known of the watched person (the prior) on this device, and begins a new version when it must."""

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from spasmwatch.adapters.output_file import writing
from spasmwatch.domain.detection.detector import Detector
from spasmwatch.domain.detection.prior import Prior, restore_prior
from spasmwatch.domain.topics import Treated
from spasmwatch.errors import RecordError, SpasmWatchError
from spasmwatch.ports import Message

log = logging.getLogger(__name__)

SAVE_EVERY_S: Final = 600.0


def prior_path(folder: Path) -> Path:
    """Where the prior lies in the data ``folder``."""
    return folder / "prior.json"


class PriorFile:
    """The prior of one person before one camera, in a file that only its own user can read.

    ``camera`` describes the source; ``now`` is the time of frames in seconds. A prior of another camera or person, and
    one that was begun before the latest treatment, is followed by a new version that knows nothing yet.
    """

    def __init__(self, path: Path, person: str, camera: str, now: float) -> None:
        self._path, self._whose = path, {"person": person, "camera": camera}
        self._saved_at = now
        self._treated_at = float("-inf")
        self.prior = self._load(now)

    def hear(self, message: Message) -> None:
        """When the latest treatment was, nothing when there was none; what cannot be read is logged and dropped."""
        message.acknowledge()
        try:
            self._treated_at = Treated.parse(message.payload).at.timestamp() if message.payload else float("-inf")
        except RecordError as error:
            log.warning("the time of a treatment is ignored: %s", error)

    def keep(self, time: float, detector: Detector) -> bool:
        """Save now and then what ``detector`` has learned; whether a new version has begun, only while it is calm."""
        begun = self._treated_at > detector.prior.since and detector.calm
        if begun:
            # A clock that is behind must not begin one with every frame.
            detector.prior = _next(detector.prior, max(time, self._treated_at), "there was a treatment")
        if begun or time - self._saved_at >= SAVE_EVERY_S:
            self.save(time, detector.prior)
        return begun

    def save(self, time: float, prior: Prior) -> None:
        """Write it; a disk that does not take it is logged."""
        self._saved_at = time
        try:
            with writing(self._path, private=True) as file:
                file.write(json.dumps({**self._whose, **prior.state()}).encode())
        except SpasmWatchError as error:
            log.error("cannot keep what is usual for the person: %s", error)

    def _load(self, now: float) -> Prior:
        try:
            kept: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
            prior = restore_prior(kept)
            same = all(kept[what] == value for what, value in self._whose.items())
            return prior if same else _next(prior, now, "the camera or the person is another one")
        except FileNotFoundError:
            return Prior(since=now)
        except (OSError, KeyError, TypeError, ValueError) as error:
            log.warning("%s cannot be read (%s): what is usual for the person is learned anew", self._path, error)
            return Prior(since=now)


def _next(prior: Prior, now: float, why: str) -> Prior:
    version = prior.version + 1
    since = datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
    log.info("version %d of what is usual for the person begins at %s: %s", version, since, why)
    return Prior(version=version, since=now)
