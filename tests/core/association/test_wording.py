"""Fixed words: association, never cause; a pattern, never a diagnosis."""

from pathlib import Path
from typing import get_args

import pytest

from spasmwatch.domain.association import Finding, wording
from spasmwatch.domain.records import Association

FORBIDDEN = ("cause", "because", "due to", "leads to", "effect of", "should", "recommend", "dose of", "triggered by")


@pytest.mark.parametrize("verdict", get_args(Association))
@pytest.mark.parametrize("trigger", ["caffeine", "sleep", "medication", "warm_compress"])
@pytest.mark.parametrize("window", ["0-1h", "before", "same_day", "next_day"])
def test_no_sentence_speaks_of_causes_or_gives_advice(verdict: Association, trigger: str, window: str) -> None:
    finding = Finding(trigger, window, "all", True, 60, 500, 1.8, 1.3, 2.5, needed=12, verdict=verdict)
    said = wording.sentence(finding).lower()
    assert not [word for word in FORBIDDEN if word in said]


def test_the_report_template_gives_no_advice_of_its_own() -> None:
    template = Path("services/spasmwatch_services/insights/report/template.html")
    said = (Path(__file__).parents[3] / template).read_text().lower()
    assert "shows no cause" in said
    assert not [word for word in ("because", "due to", "leads to", "recommend", "you should") if word in said]


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (
            Finding("caffeine", "0-1h", "all", True, 60, 500, 1.8, 1.3, 2.5, verdict="more"),
            "During and up to 1 h after caffeine 1.8 (1.3–2.5) times as many spasms per observed hour.",
        ),
        (
            Finding("caffeine", "0-1h", "all", True, 60, 500, 1.8, 1.3, 2.5, together=("screen",), verdict="more"),
            (
                "During and up to 1 h after caffeine 1.8 (1.3–2.5) times as many spasms per observed hour, "
                "nearly always together with screen time."
            ),
        ),
        (
            Finding("screen", "0-1h", "all", True, 60, 500, 1.04, 0.84, 1.3, verdict="none"),
            "No association with screen time (1.0 (0.84–1.3) times).",
        ),
        (
            Finding("stress", "0-1h", "all", True, 5, 500, needed=3, verdict="not_enough_data"),
            "Stress: not enough data (about 3 more occasions).",
        ),
        (
            Finding("sleep", "same_day", "all", True, 60, 500, 0.7, 0.6, 0.82, verdict="fewer"),
            "With 2 h more sleep 0.70 (0.60–0.82) times as many spasms per observed hour.",
        ),
    ],
)
def test_findings_read_as_sentences(finding: Finding, said: str) -> None:
    assert wording.sentence(finding) == said
