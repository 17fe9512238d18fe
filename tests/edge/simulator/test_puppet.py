import cv2
import numpy as np
import pytest

from spasmwatch_edge.simulator.camera import Camera, Exposure
from spasmwatch_edge.simulator.glasses import Glasses
from spasmwatch_edge.simulator.portrait import Portrait, load_portrait
from spasmwatch_edge.simulator.pose import neutral
from spasmwatch_edge.simulator.puppet import Puppet
from spasmwatch_edge.simulator.rims import lay_out_wearing, rims_on
from spasmwatch_edge.simulator.scenarios import wearing_glasses
from spasmwatch_edge.simulator.scene import Scene, Studio
from spasmwatch_edge.simulator.stage import lay_out

EYES = {"right": (159, 145, 33, 133), "left": (386, 374, 263, 362)}


def landmarks(mesh, frame):
    mesh.follow(None)
    mesh.process(frame)
    face = mesh.process(frame)
    assert face is not None
    return face.landmarks[:, :2]


def openness(points, side):
    upper, lower, outer, inner = EYES[side]
    return np.hypot(*(points[upper] - points[lower])) / np.hypot(*(points[outer] - points[inner]))


def eye_pixels(frame, stage, side):
    """The frame around one eye."""
    points = stage.landmarks[list(EYES[side]), :2] / stage.zoom + (stage.x, stage.y)
    (x0, y0), (x1, y1) = points.min(axis=0).astype(int) - 3, points.max(axis=0).astype(int) + 4
    return frame[y0:y1, x0:x1].astype(int)


@pytest.mark.parametrize(("closing", "other"), [("left", "right"), ("right", "left")])
def test_one_closed_eye_is_seen_closed_by_the_network_while_the_other_keeps_its_pixels(
    mesh, stage, puppet, closing, other
):
    rest, closed = puppet.render(neutral()), puppet.render(neutral() | {f"lid_{closing}": 1.0})
    # The network drags each eye along with the other, so not even a shut eye reads as nothing.
    assert openness(landmarks(mesh, closed), closing) < 0.7 * openness(landmarks(mesh, rest), closing)
    assert np.array_equal(eye_pixels(rest, stage, other), eye_pixels(closed, stage, other))
    assert np.abs(eye_pixels(rest, stage, closing) - eye_pixels(closed, stage, closing)).mean() > 10


def test_the_subjects_left_is_on_the_right_of_the_picture(mesh, stage, puppet):
    rest, pulled = landmarks(mesh, puppet.render(neutral())), puppet.render(neutral() | {"corner_left": 1.0})
    corner_left, corner_right = 291, 61
    moved = landmarks(mesh, pulled) - rest
    assert rest[corner_left, 0] > rest[corner_right, 0]
    assert moved[corner_left, 0] > 0.05 * stage.unit
    assert abs(moved[corner_right, 0]) < 0.5 * moved[corner_left, 0]


def test_a_yawn_opens_the_mouth_for_the_network(mesh, stage, puppet):
    points = landmarks(mesh, puppet.render(neutral() | {"jaw": 0.4}))
    assert np.hypot(*(points[13] - points[14])) > 0.25 * stage.unit


def test_a_turned_head_brings_the_nose_to_its_side(mesh, puppet):
    rest, turned = (landmarks(mesh, puppet.render(neutral() | {"yaw": yaw})) for yaw in (0.0, 0.3))

    def nose(points):
        return (points[1, 0] - points[234, 0]) / (points[454, 0] - points[234, 0])

    assert nose(turned) > nose(rest) + 0.1


@pytest.mark.parametrize("eye_distance", [15.0, 25.0, 40.0, 110.0])
def test_the_eyes_are_as_far_apart_as_asked(mesh, eye_distance):
    stage = lay_out(load_portrait(mesh=mesh), 640, 480, eye_distance, (0.5, 0.42))
    frame = Puppet(stage).render(neutral())
    found = mesh.find_all(frame)
    assert frame.shape == (480, 640, 3)
    assert found
    assert found[0].eye_distance == pytest.approx(eye_distance, rel=0.08)


def test_infrared_is_monochrome_and_a_dark_room_is_dark():
    scene = np.full((48, 64, 3), (40, 120, 200), np.uint8)
    infrared = Camera(Exposure(infrared=True), 64, 48, seed=1).expose(scene, 0.0)
    assert np.array_equal(infrared[..., 0], infrared[..., 2])
    assert Camera(Exposure(brightness=0.1, noise=0), 64, 48, seed=1).expose(scene, 0.0).mean() < 15


def test_sensor_noise_differs_from_frame_to_frame_and_comes_again_with_the_seed():
    scene = np.full((48, 64, 3), 128, np.uint8)
    first, again = (Camera(Exposure(noise=4.0), 64, 48, seed=5) for _ in range(2))
    frames = [first.expose(scene, 0.0) for _ in range(2)]
    assert not np.array_equal(*frames)
    assert np.array_equal(frames[0], again.expose(scene, 0.0))
    assert 2.0 < frames[0].astype(float).std() < 6.0


def test_glasses_stay_where_they_are_when_the_eye_behind_them_closes(mesh, stage):
    bare, worn = Puppet(stage), Puppet(stage, Glasses(stage, np.random.default_rng(3)))
    frame_pixels = np.abs(worn.render(neutral()).astype(int) - bare.render(neutral())).sum(axis=2) > 150
    closed = worn.render(neutral() | {"lid_left": 1.0, "brow_left": 0.8})
    assert frame_pixels.sum() > 100
    assert np.abs(closed.astype(int) - worn.render(neutral()))[frame_pixels].mean() < 12


def test_a_portrait_with_glasses_keeps_them_in_place_while_brows_and_lids_move(mesh):
    bare = load_portrait(mesh=mesh)
    large = lay_out(bare, 640, 480, 80.0, (0.5, 0.42))
    picture = large.studio.copy()
    Glasses(large, np.random.default_rng(0)).put_on(picture)
    wearing = Portrait(picture, large.landmarks)
    assert rims_on(bare) is None
    share = rims_on(wearing)
    assert share is not None
    stage, own = lay_out_wearing(wearing, 640, 480, 80.0, (0.5, 0.42))
    worn, without = Puppet(stage, own), Puppet(stage)
    rest, moved = (
        worn.render(neutral() | pose) for pose in ({}, {"brow_left": 1.0, "brow_right": 1.0, "lid_left": 1.0})
    )
    rims = np.abs(rest.astype(int) - without.render(neutral())).sum(axis=2) > 150
    assert rims.sum() > 300
    assert np.abs(rest.astype(int) - moved)[rims].mean() < 4
    assert np.abs(rest.astype(int) - moved)[~rims].max() > 60


def test_no_second_pair_is_drawn_on_a_portrait_with_glasses(mesh, tmp_path):
    stage = lay_out(load_portrait(mesh=mesh), 640, 480, 80.0, (0.5, 0.42))
    picture = stage.studio.copy()
    Glasses(stage, np.random.default_rng(0)).put_on(picture)
    photo = tmp_path / "glasses.png"
    cv2.imwrite(str(photo), picture)
    assert wearing_glasses([None, photo], mesh) == {photo}
    scenes = (Scene(photo=photo, exposure=Exposure(noise=0.0), glasses=drawn) for drawn in (False, True))
    plain, doubled = (Studio(scene).frame([], 0.0) for scene in scenes)
    assert np.array_equal(plain, doubled)


def test_a_hand_at_one_eye_hides_it_and_not_the_other(stage, puppet):
    rest, rubbing = puppet.render(neutral()), puppet.render(neutral() | {"hand_left": 1.0})
    assert np.abs(eye_pixels(rest, stage, "left") - eye_pixels(rubbing, stage, "left")).mean() > 20
    assert np.array_equal(eye_pixels(rest, stage, "right"), eye_pixels(rubbing, stage, "right"))
