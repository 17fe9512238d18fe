"""The report for the doctor: two pages, honest about what was not seen."""

from datetime import date
from pathlib import Path

from spasmwatch.adapters.output_file import writing
from spasmwatch.errors import UsageError
from spasmwatch.settings import Settings
from spasmwatch_services.insights.casebook import Casebook
from spasmwatch_services.insights.report.facts import Facts, gather

FORMATS = (".pdf", ".html", ".csv")


def prepare(out: Path) -> None:
    """Import what writing ``out`` takes: a second or two that may pass while other processes read."""
    if out.suffix.lower() in (".pdf", ".html"):
        from spasmwatch_services.insights.report import pages, render  # noqa: F401 -- pages brings the charts

        if out.suffix.lower() == ".pdf":
            render.engine()


def write(out: Path, book: Casebook, settings: Settings, first: date | None, last: date | None) -> None:
    """Write the report to ``out``; its ending chooses the format.

    Raises UsageError for an ending that is none of FORMATS, SpasmWatchError when the file cannot be written.
    """
    if out.suffix.lower() not in FORMATS:
        raise UsageError(f"--out {out}: the name must end in one of {', '.join(FORMATS)}")
    with writing(out) as file:
        file.write(_content(out.suffix.lower(), book, gather(book, settings, first, last)))


def _content(suffix: str, book: Casebook, facts: Facts) -> bytes:
    if suffix == ".csv":
        from spasmwatch_services.insights.report.table import table

        return table(facts, book.zone).encode()
    from spasmwatch_services.insights.report.pages import pages
    from spasmwatch_services.insights.report.render import html, pdf

    document = html(pages(facts, book.zone))
    return pdf(document) if suffix == ".pdf" else document.encode()
