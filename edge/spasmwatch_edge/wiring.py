"""Builds the camera program from its settings."""

import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import cv2

from spasmwatch.adapters.outbox import DiskOutbox
from spasmwatch.adapters.patient_outbox import PatientOutbox
from spasmwatch.domain.topics import Fault, PauseState
from spasmwatch.errors import SpasmWatchError
from spasmwatch.ports import FrameSource
from spasmwatch.runtime import Program, private_folder
from spasmwatch.settings import Settings
from spasmwatch_edge import machine
from spasmwatch_edge.button import PauseButton
from spasmwatch_edge.identity import FaceRecognizer, load_enrolment
from spasmwatch_edge.landmark_model import FaceMesh
from spasmwatch_edge.pause import Pause
from spasmwatch_edge.person import Anybody, OnlyThePerson
from spasmwatch_edge.placement import Mirrored, load_placement
from spasmwatch_edge.prior_file import PriorFile, prior_path
from spasmwatch_edge.schedule import Hours
from spasmwatch_edge.service import EdgeService
from spasmwatch_edge.sources.opening import camera_name, is_recording, open_source
from spasmwatch_edge.timeline import Timeline
from spasmwatch_edge.vision import FindFace, Vision

# How long the last records may take to get their receipts after the end of a recording, and when the program is to
# stop; what has none by then waits for the next start.
LAST_RECEIPTS_S, HURRIED_S = 15.0, 3.0


def wire(program: Program) -> None:
    """Own what the camera program needs and start it. Raises SpasmWatchError."""
    settings, camera = program.settings, program.settings.camera
    # One core: the others belong to the rest of the home, and small pictures are not worth waking threads for.
    cv2.setNumThreads(1)
    folder = private_folder(settings.home.data)
    find = find_person(settings)
    placement = load_placement(folder, camera_name(camera))
    timeline, live = Timeline(), not is_recording(camera)

    def open_camera() -> FrameSource:
        opened = open_source(camera, program.stopping.wait, timeline)
        return Mirrored(opened) if placement.mirrored else opened

    source = open_camera() if not live else None
    bus = program.connect(camera.node)
    outbox = program.outbox(bus, camera.node)

    def tell_pause(state: PauseState) -> None:
        bus.keep(program.topics.state(camera.node, "pause"), state.payload())

    def tell_fault(fault: Fault) -> None:
        bus.keep(program.topics.of(camera.node, "fault"), fault.payload())

    hours = Hours(camera.hours, settings.home.timezone)
    pause = Pause(folder / "pause.json", lambda: datetime.now(UTC), tell_pause, hours.closed_until)
    if camera.pause_pin is not None:
        program.own(PauseButton(camera.pause_pin, pause.press))
    bus.subscribe(program.topics.command(camera.node, "pause"), pause.receive)
    prior = None
    if live and not camera.demo:
        prior = PriorFile(prior_path(folder), settings.home.person, camera_name(camera), timeline.now())
        bus.subscribe(program.topics.treated(), prior.hear)
    service = EdgeService(
        source=source,
        reopen=open_camera,
        live=live,
        vision=Vision(find),
        outbox=PatientOutbox(outbox),
        prior=prior,
        person=settings.home.person,
        pause=pause,
        tell_fault=tell_fault,
        stopping=program.stopping,
        side_verified=placement.side_verified,
        clock_ok=(lambda: True) if camera.demo else machine.clock_synchronised,
        folder=folder,
        traces_days=camera.traces_days,
        now=timeline.now,
        moved=timeline.moved if live else lambda: 0.0,
    )

    def work() -> None:
        service.run()
        _await_receipts(outbox, program.stopping)
        program.stopping.set()

    program.start("camera", work)
    if live:
        program.watch("the camera", service.alive)


def find_person(settings: Settings) -> FindFace:
    """Whose face counts: in the demo anybody's, else the enrolled person's alone. Raises SpasmWatchError."""
    if settings.camera.demo:
        return Anybody(FaceMesh()).find
    enrolment = load_enrolment(enrolment_folder(settings), settings.home.person)
    if enrolment is None:
        raise SpasmWatchError("nobody is enrolled, so nothing may be counted: run `spasmwatch edge enrol` first")
    # The recognizer first: while its model is made small, nothing else should lie in memory yet.
    recognizer = FaceRecognizer()
    return OnlyThePerson(FaceMesh(), recognizer, enrolment).find


def enrolment_folder(settings: Settings) -> Path:
    """Where enrolments lie."""
    return settings.home.data / "enrolment"


def _await_receipts(outbox: DiskOutbox, stopping: threading.Event) -> None:
    began, asked_at = time.monotonic(), None
    while outbox.depth():
        now = time.monotonic()
        if asked_at is None and stopping.is_set():
            asked_at = now
        if now - began >= LAST_RECEIPTS_S or (asked_at is not None and now - asked_at >= HURRIED_S):
            return
        time.sleep(0.05)
