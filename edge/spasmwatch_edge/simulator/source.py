"""The simulator as a camera."""

import itertools
import time
from collections.abc import Callable, Iterator

from spasmwatch_edge.simulator.portrait import Picture
from spasmwatch_edge.simulator.scene import Scene, Studio
from spasmwatch_edge.simulator.schedule import DEMO, Active, blocks

DEMO_SCENE = Scene(behaviour=DEMO, fps=25.0)


class SimulatedSource:
    """A FrameSource. ``live`` paces frames in real time and drops those it is late for; otherwise as fast as asked.

    ``start`` is the epoch time of the first frame (None: now); ``seconds`` None is endless.
    """

    def __init__(
        self,
        scene: Scene = DEMO_SCENE,
        *,
        live: bool = True,
        start: float | None = None,
        seconds: float | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Read the portrait and lay out the scene. Raises SourceError, ModelError."""
        self._scene, self._live, self._seconds = scene, live, seconds
        self._start, self._clock, self._sleep = start, clock, sleep
        self._studio = Studio(scene)
        self._closed = False

    def frames(self) -> Iterator[tuple[float, Picture]]:
        """(epoch seconds, BGR frame) until ``seconds`` are over or the source is closed."""
        begin = self._clock() if self._start is None else self._start
        opened = self._clock()
        schedule = itertools.chain.from_iterable(blocks(self._scene.seed, self._scene.behaviour))
        going_on = Active(schedule)
        for at in self._times():
            if self._closed:
                return
            if self._live:
                ahead = at - (self._clock() - opened)
                if ahead < -1.0 / self._scene.fps:
                    continue
                if ahead > 0:
                    self._sleep(ahead)
            yield begin + at, self._studio.frame(going_on.at(at), at)

    def close(self) -> None:
        """End the frames."""
        self._closed = True

    def _times(self) -> Iterator[float]:
        for number in itertools.count():
            at = number / self._scene.fps
            if self._seconds is not None and at >= self._seconds:
                return
            yield at
