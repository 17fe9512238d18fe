"""How much spasms come in bouts is not read anew at every look, and never from a store that is away."""

from datetime import timedelta

import pytest

from spasmwatch.errors import StoreError
from spasmwatch_services.diary.clumping import HOLDS
from support.diary_house import TestHome


def test_it_is_read_again_after_a_while_only(home: TestHome, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    rates = home.store.rates

    def count(*arguments: object) -> object:
        asked.append("once")
        return rates(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(home.store, "rates", count)
    now = home.clock.now()
    for moment in (now, now + timedelta(minutes=1), now + HOLDS, now + HOLDS + timedelta(minutes=1)):
        assert home.house.clumping(moment) == 1.0
    assert len(asked) == 2


def test_what_a_store_out_of_reach_did_not_say_is_not_kept(home: TestHome, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise StoreError("no store")

    with monkeypatch.context() as away:
        away.setattr(home.store, "rates", gone)
        assert home.house.clumping(home.clock.now()) == 1.0
    asked: list[str] = []
    monkeypatch.setattr(home.store, "rates", lambda *_: asked.append("again") or [])
    home.house.clumping(home.clock.now())
    assert asked == ["again"]
