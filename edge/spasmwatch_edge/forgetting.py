"""What a camera machine keeps about the watched person, removed by ``spasmwatch forget``."""

from spasmwatch.settings import Settings


def forget(settings: Settings, person: str) -> int:
    """Remove the person's face, what is usual for it, and the traces of its movements; returns the number of files."""
    enrolment, traces = settings.home.data / "enrolment", settings.home.data / "traces"
    files = [file for suffix in ("npy", "partial") if (file := enrolment / f"{person}.{suffix}").exists()]
    if person == settings.home.person:
        files += [*traces.glob("*"), *settings.home.data.glob("prior.json")]
    for file in files:
        file.unlink()
    return len(files)
