"""``spasmwatch check`` says who is told and whether an answer ever came back."""

from argparse import Namespace
from pathlib import Path

from spasmwatch.settings import Settings
from spasmwatch.settings.alerts import Alerts
from spasmwatch.settings.home import Home
from spasmwatch_services.alerts.checks import look
from support.alerting import Desk

SETTINGS = {"push": ["ntfy://127.0.0.1/anna"], "page": "https://home.example"}


def said(folder: Path, alerts: dict[str, object]) -> str:
    settings = Settings(home=Home(data=folder), alerts=Alerts.model_validate(alerts))
    return "; ".join(finding.says for finding in look(settings, Namespace()))


def test_a_household_without_recipients_is_told_so(tmp_path: Path) -> None:
    assert "nobody is pushed to" in said(tmp_path, {})


def test_only_an_answer_from_a_phone_is_a_proof(tmp_path: Path) -> None:
    assert "never answered" in said(tmp_path, SETTINGS)
    desk = Desk(tmp_path, SETTINGS)
    desk.answer("canary-household1-1", "acknowledge", actor="household1")
    desk.close()
    assert "household1 answered a test push on 2026-03-02" in said(tmp_path, SETTINGS)
