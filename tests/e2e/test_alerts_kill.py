"""Kill -9 at every step: nothing lost, nothing told twice, every answer kept."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """What the alert service came to after a kill at each step."""
    folder = tmp_path_factory.mktemp("killed")
    script = TESTS / "support" / "kill_at_every_step.py"
    done = subprocess.run(
        [sys.executable, str(script), str(folder)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_kind_of_step_was_a_place_of_death(outcomes: list[dict[str, object]]) -> None:
    places = {place for outcome in outcomes for place in outcome["killed"]}  # type: ignore[attr-defined]
    assert places == {
        "before a commit",
        "after a commit",
        "record in the outbox",
        "record handed over",
        "acknowledged to the broker",
        "push accepted, not noted",
        "push noted, not committed",
    }


def test_every_transition_is_published_once_whenever_it_dies(outcomes: list[dict[str, object]]) -> None:
    for outcome in outcomes:
        assert outcome["states"] == ["firing", "acknowledged", "snoozed", "firing"], outcome
        assert outcome["open"] == ["firing"]


def test_nobody_is_told_twice_except_where_the_answer_of_the_push_service_was_lost(
    outcomes: list[dict[str, object]],
) -> None:
    for outcome in outcomes:
        lost_answer = outcome["killed"] in (
            ["push accepted, not noted"],
            ["push noted, not committed"],
        ) or _between_push_and_commit(outcome)
        # One push when it fires, one when the snooze ends.
        assert outcome["pushed"] == (3 if lost_answer else 2), outcome
        assert outcome["waiting"] == 0


def _between_push_and_commit(outcome: dict[str, object]) -> bool:
    return outcome["killed"] == ["before a commit"] and outcome["pushed"] == 3
