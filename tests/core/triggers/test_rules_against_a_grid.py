"""Spans of a rule against the same question asked second by second."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from spasmwatch.domain.records import Trigger
from spasmwatch.domain.triggers.measurement import Measurement
from spasmwatch.domain.triggers.rules import Machine, Rule

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LENGTH = 400


def spans_on_a_grid(held: list[bool], for_s: int, gap_s: int) -> list[tuple[int, int]]:
    """It begins where the condition holds for ``for_s`` seconds on end, and ends before ``gap_s`` seconds without."""
    found, second = [], 0
    while second < len(held):
        if held[second] and all(held[second : second + max(for_s, 1)]) and second + for_s <= len(held):
            start = second
            while second < len(held) and any(held[second : second + max(gap_s, 1)]):
                second += 1
            if second + gap_s <= len(held):
                found.append((start, second))
        elif held[second]:
            while second < len(held) and held[second]:
                second += 1
        else:
            second += 1
    return found


def spans_of_the_rule(held: list[bool], for_s: int, gap_s: int, ticks: set[int]) -> list[tuple[int, int]]:
    rule = Rule(device="d", property="p", equals=True, for_s=for_s, gap_s=gap_s, kind="other", form="span")
    triggers: list[Trigger] = []

    def measured(second: int, value: bool, *, baseline: bool = False) -> Measurement:
        at = START + timedelta(seconds=second)
        return Measurement("esphome", "d", "p", value, at, at, baseline=baseline)

    machine = Machine("rule", rule, "patient", UTC, measured(-1, False))
    machine.see(measured(-1, False, baseline=True))
    before = False
    for second, value in enumerate(held):
        if second in ticks:
            triggers += machine.tick(START + timedelta(seconds=second))
        if value != before or second in ticks:
            triggers += machine.see(measured(second, value))
        before = value
    for _ in range(3):
        triggers += machine.tick(START + timedelta(seconds=len(held)))
    return [
        (int((one.time - START).total_seconds()), int(((one.end or one.time) - START).total_seconds()))
        for one in triggers
    ]


@settings(max_examples=150, deadline=None)
@given(
    runs=st.lists(st.integers(1, 40), min_size=1, max_size=30),
    for_s=st.integers(0, 30),
    gap_s=st.integers(0, 30),
    ticks=st.sets(st.integers(0, LENGTH), max_size=60),
)
def test_a_rules_spans_are_those_of_the_grid_whenever_it_is_ticked(
    runs: list[int], for_s: int, gap_s: int, ticks: set[int]
) -> None:
    held: list[bool] = []
    for number, run in enumerate(runs):
        held += [number % 2 == 1] * run
    held = [*held[:LENGTH], *[False] * 80]  # long enough for every span to end
    assert spans_of_the_rule(held, for_s, gap_s, ticks) == spans_on_a_grid(held, for_s, gap_s)
