"""The house keeps its order: imports go one way, nothing loose lies about, no secrets, pictures or addresses in git."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def tracked() -> list[str]:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listing.stdout.splitlines()


def test_imports_go_one_way() -> None:
    checker = Path(sys.executable).with_name("lint-imports")
    ended = subprocess.run([checker, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


def test_no_loose_file_lies_beside_a_package() -> None:
    for room in ("core", "edge", "services"):
        assert not list((ROOT / room).glob("*.py")), f"{room}/ is on the import path; files belong into its package"


def test_lock_files_record_hashes_and_no_download_addresses() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text()
        assert "--hash=sha256:" in text
        assert not re.search(r"https?://|--index-url|--find-links", text)


def test_no_video_and_no_secret_is_kept_in_git() -> None:
    unwanted = re.compile(r"\.(mp4|avi|mkv|mov|task|tflite|key|pem|sqlite)$|(^|/)\.env$")
    assert [name for name in tracked() if unwanted.search(name)] == []
