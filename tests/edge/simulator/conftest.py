import pytest

from spasmwatch_edge.landmark_model import FaceMesh
from spasmwatch_edge.model_file import LANDMARKS
from spasmwatch_edge.simulator.portrait import load_portrait
from spasmwatch_edge.simulator.puppet import Puppet
from spasmwatch_edge.simulator.stage import lay_out
from support.require import require_model


@pytest.fixture(scope="session")
def mesh():
    return FaceMesh(require_model(LANDMARKS))


@pytest.fixture(scope="session")
def stage(mesh):
    return lay_out(load_portrait(mesh=mesh), 640, 480, 60.0, (0.5, 0.42))


@pytest.fixture(scope="session")
def puppet(stage):
    return Puppet(stage)
