from collections import Counter
from pathlib import Path

from spasmwatch_edge.simulator.scenarios import (
    EYE_DISTANCES,
    LIGHTS,
    SPASMS,
    healthy_scenarios,
    provoking_scenarios,
    resting_scenarios,
    spasm_scenarios,
)

FACES = (None, Path("a.png"), Path("b.png"), Path("c.png"))


def test_every_face_distance_and_light_is_dealt_evenly():
    scenarios = spasm_scenarios(FACES, count=200)
    for factor, kinds in (("face", len(FACES)), ("eye_distance", len(EYE_DISTANCES)), ("light", len(LIGHTS))):
        counts = Counter(scenario.factors[factor] for scenario in scenarios)
        assert len(counts) == kinds
        assert max(counts.values()) - min(counts.values()) <= 1


def test_every_face_has_every_kind_of_spasm_about_as_often():
    counts = Counter((s.factors["face"], s.factors["spasm"]) for s in spasm_scenarios(FACES, count=200))
    assert len(counts) == len(FACES) * len(SPASMS)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_no_glasses_are_drawn_on_those_who_wear_some():
    wearing = [s for s in spasm_scenarios(FACES, count=80, wearing={Path("a.png")}) if s.factors["face"] == "a"]
    assert len(wearing) == 20
    assert not any(scenario.scene.glasses for scenario in wearing)
    assert {scenario.factors["glasses"] for scenario in wearing} == {"own"}


def test_further_healthy_scenarios_are_others():
    some, more = healthy_scenarios(FACES, count=12), healthy_scenarios(FACES, count=8, first=12)
    assert [s.name for s in some + more] == [f"healthy{number:03d}" for number in range(20)]
    assert len({s.scene.seed for s in some + more}) == 20
    assert more[0].factors["face"] == "astronaut"


def test_no_face_is_both_for_tuning_and_for_the_test():
    faces = {
        split: {s.factors["face"] for s in spasm_scenarios(FACES) if s.split == split} for split in ("tuning", "test")
    }
    assert faces["tuning"]
    assert faces["test"]
    assert not faces["tuning"] & faces["test"]


def test_the_same_scenarios_come_again():
    assert spasm_scenarios(FACES, count=20) == spasm_scenarios(FACES, count=20)


def test_healthy_scenarios_hold_nothing_to_report():
    for make in (healthy_scenarios, provoking_scenarios, resting_scenarios):
        assert all(scenario.labels()["events"] == [] for scenario in make(FACES, count=12))


def test_provoking_scenarios_pull_faces_and_bring_hands_and_cups_before_them():
    kinds = {label["kind"] for s in provoking_scenarios(FACES, count=10) for label in s.labels()["confounders"]}
    assert {"grimace", "smirk", "rub", "drink", "rest"} <= kinds


def test_resting_scenarios_shut_the_eyes_for_long_and_often():
    scenarios = resting_scenarios(FACES, count=10)
    rests = [label for s in scenarios for label in s.labels()["confounders"] if label["kind"] == "rest"]
    assert len(rests) >= 2 * len(scenarios)
    assert all(label["end"] - label["start"] > 3.0 for label in rests)


def test_a_scenario_renders_its_frames(mesh):
    scenario = healthy_scenarios((None,), count=1, seconds=1.0)[0]
    frames = list(scenario.frames())
    assert len(frames) == round(scenario.scene.fps)
    assert frames[0][1].shape == (scenario.scene.height, scenario.scene.width, 3)
