import argparse
import json

import numpy as np
import pytest

from spasmwatch.errors import SourceError, UsageError
from spasmwatch_edge.simulator.clips import VARIANTS, clip_scenarios
from spasmwatch_edge.simulator.command import simulate
from spasmwatch_edge.simulator.overlay import Overlay
from spasmwatch_edge.simulator.portrait import load_portrait
from spasmwatch_edge.simulator.pose import neutral
from spasmwatch_edge.simulator.puppet import Puppet
from spasmwatch_edge.simulator.stage import lay_out


def run(*arguments):
    parser = argparse.ArgumentParser()
    handler = simulate(parser)
    return handler(parser.parse_args([str(argument) for argument in arguments]))


@pytest.fixture(scope="module")
def recording(mesh, tmp_path_factory):
    """A healthy recording, here a simulated one, and its labels."""
    folder = tmp_path_factory.mktemp("recording")
    size = ("--seconds", 8, "--fps", 5, "--width", 320, "--height", 240, "--eye-distance", 40)
    run("--out", folder / "me.mp4", "--labels", folder / "me.json", *size, "--healthy")
    return folder / "me.mp4"


@pytest.mark.parametrize("eye_distance", [30.0, 60.0])
def test_only_the_part_of_the_face_that_moves_is_changed(mesh, eye_distance):
    frame = Puppet(lay_out(load_portrait(mesh=mesh), 640, 480, eye_distance, (0.5, 0.42))).render(neutral())
    changed = np.abs(Overlay(mesh).draw(frame, neutral() | {"lid_left": 1.0}).astype(int) - frame).sum(axis=2) > 30
    rows, columns = np.nonzero(changed)
    assert changed.sum() > 20
    # The subject's left eye lies right of the middle and near the line of the eyes.
    assert columns.min() > 320
    assert columns.max() < 320 + eye_distance
    assert abs(rows.mean() - 0.42 * 480) < 0.25 * eye_distance


def test_spasms_are_put_onto_a_recording_and_labelled(recording, tmp_path):
    out, labels = tmp_path / "mine.mp4", tmp_path / "mine.json"
    run("--on", recording, "--out", out, "--labels", labels, "--rate", 20, "--kind", "hemifacial", "--side", "left")
    told = json.loads(labels.read_text())
    assert (told["size"], told["fps"], told["seconds"]) == ([320, 240], 5.0, 8.0)
    assert {(event["kind"], event["side"]) for event in told["events"]} == {("hemifacial", "left")}
    assert told["confounders"] == []


def test_a_recording_that_is_missing_is_named(mesh, tmp_path):
    with pytest.raises(SourceError, match=r"nowhere\.mp4"):
        run("--on", tmp_path / "nowhere.mp4", "--out", tmp_path / "a.mp4", "--labels", tmp_path / "a.json")


def test_every_variant_keeps_the_labels_of_the_recording_and_a_mirrored_one_swaps_their_sides(mesh, recording):
    told = json.loads(recording.with_suffix(".json").read_text())
    told["events"] = [{"kind": "hemifacial", "side": "left", "start": 3.0, "end": 4.0, "strength": 0.8, "bursts": 1}]
    recording.with_suffix(".json").write_text(json.dumps(told))
    scenarios = clip_scenarios([recording], ["nobody"], mesh)
    assert len(scenarios) == len(VARIANTS)
    for scenario in scenarios:
        own = [event for event in scenario.labels()["events"] if event["start"] == 3.0]
        assert [event["side"] for event in own] == ["right" if scenario.variant.mirrored else "left"]


def test_a_variant_from_farther_away_is_smaller(mesh, recording):
    tiny = next(s for s in clip_scenarios([recording], [], mesh) if s.variant.name == "tiny")
    _, frame = next(tiny.frames())
    assert frame.shape == pytest.approx((90, 120, 3), abs=6)


def test_a_recording_keeps_its_own_format(tmp_path):
    with pytest.raises(UsageError, match="--fps is for a portrait"):
        run("--on", "me.mp4", "--fps", 30, "--out", tmp_path / "a.mp4", "--labels", tmp_path / "a.json")
