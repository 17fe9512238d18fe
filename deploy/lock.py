"""Pin every dependency by hash into requirements/*.lock, for all supported Pythons and both processors.

Run by ``make lock``. The files record no download addresses, so that any mirror serves.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "demo": ["--extra", "demo", "--group", "build"],
    "dev": ["--extra", "demo", "--group", "build", "--group", "dev"],
}


def main() -> int:
    """Write both lock files; returns the exit status."""
    for name, parts in LOCKS.items():
        command = [
            *(sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *parts),
            *("--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header"),
            *("--no-emit-index-url", "--no-emit-find-links", "-q", "-o", f"requirements/{name}.lock"),
        ]
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
