import itertools
from dataclasses import replace

import numpy as np

from spasmwatch_edge.simulator.source import DEMO_SCENE, SimulatedSource

SMALL = replace(DEMO_SCENE, width=320, height=240, eye_distance=30.0, fps=10.0)


class FakeTime:
    def __init__(self):
        self.now = 1000.0
        self.slept = 0.0

    def sleep(self, seconds):
        self.now += seconds
        self.slept += seconds


def test_as_fast_as_asked_it_gives_every_frame_at_its_time(mesh):
    frames = list(SimulatedSource(SMALL, live=False, start=500.0, seconds=2.0).frames())
    assert [round(time - 500.0, 3) for time, _ in frames] == [round(n / 10, 3) for n in range(20)]
    assert all(frame.shape == (240, 320, 3) and frame.dtype == np.uint8 for _, frame in frames)


def test_the_same_seed_gives_the_same_pictures(mesh):
    first, again = (list(SimulatedSource(SMALL, live=False, start=0.0, seconds=1.0).frames()) for _ in range(2))
    assert all(np.array_equal(one, two) for (_, one), (_, two) in zip(first, again, strict=True))


def test_live_it_waits_for_the_time_of_each_frame(mesh):
    clock = FakeTime()
    source = SimulatedSource(SMALL, clock=lambda: clock.now, sleep=clock.sleep)
    times = [time for time, _ in itertools.islice(source.frames(), 31)]
    assert times[-1] - times[0] == 3.0
    assert abs(clock.slept - 3.0) < 0.01


def test_live_a_slow_reader_gets_the_newest_frame_instead_of_a_growing_lag(mesh):
    clock = FakeTime()
    frames = SimulatedSource(SMALL, clock=lambda: clock.now, sleep=clock.sleep).frames()
    next(frames)
    clock.now += 5.0
    late, _ = next(frames)
    assert clock.now - late < 0.2


def test_a_closed_source_ends(mesh):
    source = SimulatedSource(SMALL, live=False)
    frames = source.frames()
    next(frames)
    source.close()
    assert list(frames) == []
