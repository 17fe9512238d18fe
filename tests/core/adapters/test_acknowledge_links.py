"""Answers to a push: genuine, in time, once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spasmwatch.adapters.acknowledge_links import LinkMaker, LinkRedeemer, link_key
from spasmwatch.errors import LinkRefused
from spasmwatch.settings import Settings
from spasmwatch.settings.home import Home

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY = b"k" * 32


def token(key: bytes = KEY, snooze_hours: float | None = None) -> str:
    maker = LinkMaker("https://home.example/", key, timedelta(hours=24))
    address = maker.address("escalation-1", "snooze" if snooze_hours else "acknowledge", "anna", NOW, snooze_hours)
    assert address.startswith("https://home.example/answer/")
    return address.rsplit("/", 1)[1]


def test_an_answer_becomes_the_command_of_its_caregiver(tmp_path: Path) -> None:
    redeemer = LinkRedeemer(KEY, tmp_path / "used.sqlite")
    alert_id, command = redeemer.redeem(token(snooze_hours=1.0), NOW)
    assert alert_id == "escalation-1"
    assert (command.verb, command.actor, command.until) == ("snooze", "anna", NOW + timedelta(hours=1))
    redeemer.close()


def test_an_answer_counts_once_even_after_a_restart(tmp_path: Path) -> None:
    answer = token()
    first = LinkRedeemer(KEY, tmp_path / "used.sqlite")
    first.redeem(answer, NOW)
    first.close()
    second = LinkRedeemer(KEY, tmp_path / "used.sqlite")
    with pytest.raises(LinkRefused, match="given already"):
        second.redeem(answer, NOW)
    second.close()


def test_an_answer_that_could_not_be_passed_on_can_be_given_again(tmp_path: Path) -> None:
    redeemer = LinkRedeemer(KEY, tmp_path / "used.sqlite")
    answer = token()
    _, command = redeemer.redeem(answer, NOW)
    redeemer.give_back(command)
    assert redeemer.redeem(answer, NOW)[1].id == command.id
    redeemer.close()


@pytest.mark.parametrize(
    ("answer", "at", "words"),
    [
        (token(), NOW + timedelta(hours=25), "expired"),
        (token(key=b"x" * 32), NOW, "not made here"),
        (token()[:-3] + "AAA", NOW, "not made here"),
        ("rubbish", NOW, "not made here"),
        ("!!!.???", NOW, "damaged"),
    ],
)
def test_a_forged_or_late_answer_is_refused_in_one_line(tmp_path: Path, answer: str, at: datetime, words: str) -> None:
    redeemer = LinkRedeemer(KEY, tmp_path / "used.sqlite")
    with pytest.raises(LinkRefused, match=words):
        redeemer.redeem(answer, at)
    redeemer.close()


def test_both_programs_share_one_key_that_only_they_can_read(tmp_path: Path) -> None:
    settings = Settings(home=Home(data=tmp_path / "data"))
    assert link_key(settings) == link_key(settings)
    assert (tmp_path / "data" / "acknowledge.key").stat().st_mode & 0o777 == 0o600
