"""``[diary]``: the caregivers' pages, where they are to be reached and how they are kept safe."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from spasmwatch.domain.records import Name
from spasmwatch.settings.section import Section

_PRESS = r"^(pause|[a-z]+(/[a-z0-9_]+)?)(=-?[0-9]+(\.[0-9]+)?)?$"


class Button(Section):
    """``[[diary.buttons]]``: a switch or button of the home that logs an entry at a press.

    ``topic`` is where it speaks, e.g. ``zigbee2mqtt/Kitchen button`` (JSON with ``action``) or a topic whose whole
    payload is the action. ``press`` maps actions to entries: ``single = "caffeine=1"``, ``double = "stress"``,
    ``hold = "remedy/warm_compress"``; ``pause=60`` pauses the camera for 60 minutes.
    """

    topic: Annotated[str, Field(min_length=1, pattern=r"^[^+#]+$")]
    press: dict[str, Annotated[str, Field(pattern=_PRESS)]]
    author: Name = "button"


class DiarySettings(Section):
    """``tls`` ``auto`` means plain on loopback, elsewhere a certificate made by the home's own authority.

    ``tls`` ``off`` beyond loopback needs ``trusted_proxies``: addresses of reverse proxies that speak TLS.
    ``names`` are the names by which phones reach this machine (its own name and addresses are always known).
    ``open_on_loopback`` asks nobody to log in; it works on a loopback ``host`` only and is meant for the demo.
    ``certificate_file`` and ``key_file`` take the place of the home's own certificate; ``authority_file`` is then what
    phones are to trust.
    ``show_floor`` is the rate (spasms per observed hour) that this detector reports where there are none.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    tls: Literal["auto", "off"] = "auto"
    certificate_file: Path | None = None
    key_file: Path | None = None
    authority_file: Path | None = None
    names: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    open_on_loopback: bool = False
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "en"
    buttons: tuple[Button, ...] = ()
    show_floor: Annotated[float, Field(ge=0)] | None = None

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the pages."""
        return self.host == "localhost" or _is_loopback(self.host)

    @property
    def encrypted(self) -> bool:
        """Whether the pages speak TLS themselves."""
        return self.certificate_file is not None or (self.tls == "auto" and not self.on_loopback)

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.open_on_loopback and not self.on_loopback:
            raise ValueError(f"open_on_loopback works on 127.0.0.1 only, not on host {self.host!r}")
        if self.open_on_loopback and self.trusted_proxies:
            raise ValueError("open_on_loopback behind a proxy would be open to everybody; remove one of the two")
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file belong together")
        if self.tls == "off" and not self.on_loopback and not self.trusted_proxies and not self.certificate_file:
            raise ValueError('tls = "off" would send passwords in the clear; name trusted_proxies or use tls = "auto"')
        return self


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
