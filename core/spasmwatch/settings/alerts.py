"""``[alerts]``: the rules, who is told, when, and how."""

from datetime import time
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from spasmwatch.domain.alerting.parameters import (
    Blind,
    Escalation,
    Faults,
    Improved,
    RedFlag,
    Repeats,
    Rules,
    Spread,
    WearingOff,
    Worsening,
)
from spasmwatch.domain.records import Name, Severity
from spasmwatch.settings.section import Section, read_secret


class Recipient(Section):
    """``[[alerts.recipients]]``: one caregiver and an Apprise address, e.g. ``ntfys://token@ntfy.example/topic``.

    ``step`` 0 is told first, 1 when nobody has answered for a while, and so on. ``health_details`` allows to name
    spasms and symptoms on the lock screen.
    """

    name: Name
    address: SecretStr | None = None
    address_file: Path | None = None
    step: Annotated[int, Field(ge=0, le=9)] = 0
    from_severity: Severity = "warning"
    health_details: bool = False

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if (self.address is None) == (self.address_file is None):
            raise ValueError("give either address or address_file")
        return self

    def secret(self) -> str:
        """The address, which holds a token. Raises SettingsError when its file cannot be read."""
        if self.address is not None or self.address_file is None:
            return self.address.get_secret_value() if self.address else ""
        return read_secret(self.address_file, f"alerts.recipients: {self.name}")


class QuietHours(Section):
    """``[alerts.quiet]``: from ``begin`` to ``end`` home time only urgent pushes go out; the rest waits for the end."""

    begin: time
    end: time
    let_escalation_through: bool = False

    @model_validator(mode="after")
    def _not_all_day(self) -> Self:
        if self.begin == self.end:
            raise ValueError("begin and end are the same; leave [alerts.quiet] out for no quiet hours")
        return self


class Alerts(Section):
    """``push`` lists Apprise addresses of the household, the short form of ``recipients``.

    ``page`` is the address of the pages as phones reach it; without it pushes carry no buttons. ``link_key_file`` is
    shared with the pages (default: in ``home.data``). ``heartbeat_url`` is pinged every ``heartbeat_s`` seconds
    (Healthchecks-compatible), so that somebody outside notices a power cut. ``watchdog`` lists the addresses that the
    recorder pushes to when this service has been gone for ``watchdog_after_s``.
    """

    push: tuple[SecretStr, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    page: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    link_key_file: Path | None = None
    link_hours: Annotated[float, Field(gt=0, le=24 * 7)] = 24.0
    quiet: QuietHours | None = None
    group_s: Annotated[float, Field(ge=0, le=600)] = 20.0
    summary_at: time = time(8, 0)
    canary_days: Annotated[int, Field(ge=1, le=90)] = 7
    heartbeat_url: SecretStr | None = None
    heartbeat_s: Annotated[float, Field(ge=5, le=3600)] = 60.0
    watchdog: tuple[SecretStr, ...] = ()
    watchdog_after_s: Annotated[float, Field(ge=10, le=86400)] = 300.0

    escalation: Escalation = Escalation()
    worsening: Worsening = Worsening()
    spread: Spread = Spread()
    wearing_off: WearingOff = WearingOff()
    red_flag: RedFlag = RedFlag()
    blind: Blind = Blind()
    fault: Faults = Faults()
    improved: Improved = Improved()
    repeats: Repeats = Repeats()

    @field_validator("heartbeat_url")
    @classmethod
    def _over_http(cls, address: SecretStr | None) -> SecretStr | None:
        if address is not None and not address.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("an address that begins with https://")
        return address

    @model_validator(mode="after")
    def _names_are_different(self) -> Self:
        names = [recipient.name for recipient in self.everybody()]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"two recipients are called {twice!r}")
        return self

    def rules(self) -> Rules:
        """The parameters of all rules."""
        return Rules(**{name: getattr(self, name) for name in Rules.model_fields})

    def everybody(self) -> tuple[Recipient, ...]:
        """Recipients, those of ``push`` under the names household1, household2, …"""
        household = tuple(
            Recipient(name=f"household{number}", address=address) for number, address in enumerate(self.push, start=1)
        )
        return household + self.recipients
