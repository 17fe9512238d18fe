"""The pages as HTML and as tagged PDF."""

import logging
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from spasmwatch_services.insights.report.pages import Pages


def html(pages: Pages) -> str:
    """One self-contained HTML document: styles and charts inside, nothing loaded from elsewhere."""
    environment = Environment(
        loader=PackageLoader("spasmwatch_services.insights.report", "."),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = resources.files("spasmwatch_services.insights.report").joinpath("style.css").read_text(encoding="utf-8")
    return environment.get_template("template.html").render(pages=pages, facts=pages.facts, style=style)


def pdf(document: str) -> bytes:
    """Tagged PDF (PDF/UA-1) for screen readers and archives; nothing is fetched while it is made."""
    # Its steps are no news to anybody; its warnings are.
    logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)
    from weasyprint import HTML

    written: bytes = HTML(string=document, url_fetcher=_refuse).write_pdf(pdf_variant="pdf/ua-1")
    return written


def _refuse(url: str) -> dict[str, object]:
    raise ValueError(f"the report loads nothing from outside: {url}")
