"""Which processes a process has started."""

from pathlib import Path


def children(parent: int) -> list[int]:
    """The processes whose parent it is, from /proc."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(") ", 1)[1].split()
        except OSError:
            continue  # it has just ended
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append(int(folder.name))
    return found
