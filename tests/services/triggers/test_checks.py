"""`spasmwatch check` says whether the home's broker lets us in."""

from argparse import Namespace

import pytest

from spasmwatch.settings import Settings
from spasmwatch.settings.mqtt import Mqtt
from spasmwatch_services.triggers.checks import look
from support.servers import free_port


def findings(**triggers: object) -> dict[str, tuple[bool | None, str]]:
    settings = Settings.model_validate({"triggers": triggers})
    return {finding.what: (finding.fine, finding.says) for finding in look(settings, Namespace())}


def test_a_broker_that_answers_is_fine(broker: Mqtt) -> None:
    assert findings(broker=broker)["home broker"] == (True, f"connected to 127.0.0.1:{broker.port}")


def test_a_broker_that_is_not_there_is_named_with_the_settings_to_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spasmwatch_services.triggers.checks.CONNECT_S", 0.5)
    fine, says = findings(broker={"port": free_port()})["home broker"]
    assert fine is False
    assert "triggers.broker.host" in says


def test_without_a_broker_of_its_own_only_the_rules_are_told() -> None:
    assert findings().keys() == {"triggers"}
