import itertools

import pytest

from spasmwatch_edge.simulator.pose import neutral
from spasmwatch_edge.simulator.schedule import DEMO, HEALTHY, RESTING, SPASMODIC, blocks, labels, until
from spasmwatch_edge.simulator.unrest import Unrest


def minutes(seed, behaviour, count):
    return list(itertools.chain.from_iterable(itertools.islice(blocks(seed, behaviour), count)))


def test_the_same_seed_gives_the_same_movements_and_another_seed_others():
    first, again, other = (minutes(seed, SPASMODIC, 3) for seed in (7, 7, 8))
    assert first == again
    assert first != other


@pytest.mark.parametrize("seed", range(5))
def test_spasms_stay_far_enough_apart_to_be_separate_events(seed):
    spasms = sorted((m for m in minutes(seed, SPASMODIC, 10) if m.spasm), key=lambda m: m.start)
    assert len(spasms) > 20
    assert all(later.start - earlier.end >= 1.0 for earlier, later in itertools.pairwise(spasms))


def test_healthy_behaviour_holds_every_ordinary_movement_and_no_spasm():
    kinds = {m.kind for m in minutes(2, HEALTHY, 40)}
    assert {"blink", "smile", "talk", "chew", "yawn", "turn", "light", "sneeze", "look_down", "brows"} <= kinds
    assert not any(m.spasm for m in minutes(2, HEALTHY, 40))


def test_resting_is_fifteen_blinks_a_minute_and_nothing_else():
    resting = minutes(4, RESTING, 20)
    assert {m.kind for m in resting} == {"blink"}
    assert 12 <= len(resting) / 20 <= 18


@pytest.mark.parametrize("seed", range(8))
def test_the_demo_shows_all_three_kinds_in_half_a_minute_and_hemifacial_spasms_on_the_left_lead(seed):
    spasms = [m for m in minutes(seed, DEMO, 2) if m.spasm]
    assert {m.kind for m in spasms if m.start < 30} == {"hemifacial", "blepharospasm", "tic"}
    hemifacial = [m for m in spasms if m.kind == "hemifacial" and m.end < 90]
    assert {m.side for m in hemifacial} == {"left"}
    assert len(hemifacial) >= 8


def test_the_labels_of_a_clonic_series_count_its_bursts_and_lie_inside_the_recording():
    schedule = until(3, SPASMODIC, 300)
    told = labels("clip", schedule, 25.0, 300.0, (640, 480))
    assert set(told) == {"name", "fps", "seconds", "size", "events", "confounders"}
    assert {event["kind"] for event in told["events"]} == {"hemifacial", "blepharospasm", "tic"}
    assert all(0 < event["start"] < event["end"] < 300 for event in told["events"] + told["confounders"])
    series = [event for event in told["events"] if event["pattern"] == "hfs_clonic"]
    assert all(event["bursts"] >= 2 for event in series)
    assert not {"glance"} & {event["kind"] for event in told["confounders"]}


def test_a_resting_head_sways_by_less_than_a_pixel_at_sixty_pixels_between_the_eyes():
    unrest = Unrest(seed=3, sway=RESTING.sway)
    poses = [unrest.pose(neutral(), number / 25) for number in range(60 * 25)]
    for channel in ("head_x", "head_y", "yaw", "pitch"):
        values = [60 * pose[channel] for pose in poses]
        assert max(values) - min(values) < 1.0
    assert max(60 * abs(pose["roll"]) for pose in poses) < 1.0
