"""The small parts: limits, agreement, words, tables, episodes, certificates."""

import re
import ssl
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography import x509

from spasmwatch.cli import main
from spasmwatch.domain.agreement import Share, agree
from spasmwatch.errors import SettingsError, SpasmWatchError, UsageError
from spasmwatch.settings import Settings, load
from spasmwatch_services.diary import tables
from spasmwatch_services.diary.limits import Limit, WrongPasswords
from spasmwatch_services.diary.pages.door import login_name
from spasmwatch_services.diary.pages.review import episodes
from spasmwatch_services.diary.presses import action_of
from spasmwatch_services.diary.server import listen
from spasmwatch_services.diary.tls import HomeCertificates
from spasmwatch_services.diary.words import Words
from support.diary_house import NOW, StillClock
from support.make import spasm
from support.servers import free_port

BERLIN = ZoneInfo("Europe/Berlin")
LATER = datetime(2026, 12, 1, tzinfo=UTC)


class Stopwatch:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_limit_refills_with_time() -> None:
    watch = Stopwatch()
    limit = Limit(burst=2, per_minute=6, monotonic=watch)
    assert [limit.wait("anna"), limit.wait("anna")] == [0, 0]
    assert limit.wait("anna") == pytest.approx(10)
    assert limit.wait("ben") == 0
    watch.now = 10
    assert limit.wait("anna") == 0


def test_wrong_passwords_make_the_next_try_wait_longer_and_longer() -> None:
    watch = Stopwatch()
    wrong = WrongPasswords(monotonic=watch)
    waits = []
    for _ in range(6):
        wrong.wrong("name:anna")
        waits.append(wrong.wait("name:anna", "from:192.168.1.7"))
    assert waits == [0, 0, 2, 4, 8, 16]
    wrong.right("name:anna")
    assert wrong.wait("name:anna") == 0


def test_wilsons_interval_is_honest_about_few_presses() -> None:
    low, high = Share(9, 10).interval
    # Wilson's interval for 9 of 10: 0.596 to 0.982.
    assert (low, high) == (pytest.approx(0.596, abs=0.001), pytest.approx(0.982, abs=0.001))
    assert Share(0, 0).share is None


def test_a_press_agrees_with_the_spasm_just_before_it_and_only_once() -> None:
    seen = [spasm(NOW), spasm(NOW + timedelta(minutes=2))]
    presses = [NOW + timedelta(seconds=2), NOW + timedelta(seconds=3), NOW + timedelta(minutes=5)]
    result = agree(presses, seen, 540)
    assert (result.seen, result.felt) == (Share(1, 3), Share(1, 2))


def test_spasms_in_quick_succession_are_one_episode() -> None:
    starts = [NOW + timedelta(minutes=minutes) for minutes in (0, 3, 7, 30, 31)]
    assert [len(group.spasms) for group in episodes([spasm(start) for start in starts])] == [2, 3]


def test_a_table_is_read_in_the_homes_time() -> None:
    rows = ["2026-03-02T08:15,caffeine,coffee,2,cups,", "2026-07-01T08:00+00:00,note,,,,ok"]
    first, second = tables.read(["time,kind,subkind,value,unit,text", *rows], author="anna", zone=BERLIN, now=LATER)
    assert first.time == datetime(2026, 3, 2, 7, 15, tzinfo=UTC)
    assert (first.value, first.author, second.text) == (2, "anna", "ok")


def test_the_same_row_read_twice_is_the_same_entry() -> None:
    rows = ["time,kind,value", "2026-03-02T08:15,stress,7"]
    first, second = (tables.read(rows, author="a", zone=BERLIN, now=LATER)[0].id for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (["time,kind", "yesterday,stress"], "line 2: 'yesterday' is no time"),
        (["time,kind,value", "2026-03-02T08:15,stress,70"], "line 2: the value of stress lies between 0 and 10"),
        (["time,kind", "2026-03-02T08:15,tequila"], "line 2: kind"),
        (["time,kind,value", "2026-03-02T08:15,stress,x"], "line 2: could not convert"),
        (["when,kind"], "missing: time"),
        (["time,kind,colour"], "unknown column 'colour'"),
        (["time,kind", "2026-03-02T08:15,stress,7"], "line 2: more cells than columns"),
        ([], "missing: time, kind"),
        (["time,kind", "2030-01-01T00:00,stress"], "line 2: an entry cannot lie in the future"),
        (["time,kind", "1900-01-01T00:00,stress"], "line 2: an entry cannot lie more than ten years back"),
        (["time,kind,author", "2026-03-02T08:15,stress,a b"], "line 2: author: String should match"),
        (["time,kind,text", '2026-03-02T08:15,note,"open'], "not a table: unexpected end of data"),
        (["time,kind,kind", "2026-03-02T08:15,stress,note"], "column 'kind' is there twice"),
    ],
)
def test_a_wrong_row_is_named_by_its_line(rows: list[str], problem: str) -> None:
    with pytest.raises(UsageError, match=re.escape(problem)):
        tables.read(rows, author="anna", zone=BERLIN, now=LATER)


@pytest.mark.parametrize(
    ("payload", "action"),
    [
        (b'{"action": "single", "battery": 90}', "single"),
        (b'{"action": "", "battery": 90}', None),
        (b'{"battery": 90}', None),
        (b"double", "double"),
        (b'"hold"', "hold"),
        (b"", None),
        (b"[1]", None),
        (b"[" * 9000, "[" * 2000),
        (b"\xff\xfe", "��"),
    ],
)
def test_what_a_button_did_is_told_from_its_message(payload: bytes, action: str | None) -> None:
    assert action_of(payload) == action


def test_names_become_log_in_names() -> None:
    assert login_name("Anna Müller") == "anna-muller"
    assert login_name("  ") == ""


def test_every_text_that_pages_and_script_use_is_in_the_catalogue() -> None:
    words = Words()
    here = resources.files("spasmwatch_services.diary")
    used: set[str] = set()
    for folder, pattern in (
        ("templates", r"""\bt\("([a-z0-9_.]+)"[,)]"""),
        ("static", r"""\btext\("([a-z0-9_]+)"""),
    ):
        for file in sorted(Path(str(here / folder)).iterdir()):
            if file.suffix in (".html", ".js"):
                found = re.findall(pattern, file.read_text(encoding="utf-8"))
                used |= {f"script.{key}" for key in found} if folder == "static" else set(found)
    missing = [key for key in sorted(used) if words.get(key, words.get(f"{key}.other", "")) == ""]
    assert len(used) > 100
    assert not missing


def test_templates_hold_no_words_of_their_own() -> None:
    for file in sorted(Path(str(resources.files("spasmwatch_services.diary") / "templates")).glob("*.html")):
        bare = re.sub(r"{%.*?%}|{{.*?}}", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        bare = re.sub(r"<[^>]*>", " ", bare)
        assert not re.findall(r"[A-Za-z]{3,}", bare), f"{file.name}: {re.findall(r'[A-Za-z]{3,}.*', bare)[:3]}"


def test_an_unknown_language_is_refused_with_what_to_do() -> None:
    with pytest.raises(SettingsError, match="use 'en'"):
        Words("xx")


def test_times_of_day_are_said_with_as_much_date_as_needed() -> None:
    words = Words()
    said = [words.clock(NOW - timedelta(hours=hours), BERLIN, NOW) for hours in (1, 20, 70, 24 * 40)]
    assert said == ["14:00", "yesterday 19:00", "Sat 7 17:00", "29 Jan 15:00"]


def test_a_port_in_use_is_one_clear_line() -> None:
    port = free_port()
    taken = listen("127.0.0.1", port)
    try:
        with pytest.raises(SpasmWatchError, match=f"port {port} of 127.0.0.1 is in use by another program; set diary"):
            listen("127.0.0.1", port)
    finally:
        taken.close()


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('host = "0.0.0.0"\nopen_on_loopback = true', "open_on_loopback works on 127.0.0.1 only"),
        ('open_on_loopback = true\ntrusted_proxies = ["127.0.0.1"]', "would be open to everybody"),
        ('host = "192.168.1.5"\ntls = "off"', "would send passwords in the clear"),
        ('certificate_file = "a"', "belong together"),
        ('[[diary.buttons]]\ntopic = "zigbee2mqtt/b"\npress = {single = "coffee!"}', "pattern"),
    ],
)
def test_unsafe_settings_are_refused(tmp_path: Path, lines: str, problem: str) -> None:
    file = tmp_path / "spasmwatch.toml"
    file.write_text(f"[diary]\n{lines}\n")
    with pytest.raises(SettingsError, match=problem):
        load(file)


def test_the_home_makes_a_certificate_that_a_browser_verifies_and_renews_it(tmp_path: Path) -> None:
    clock = StillClock(datetime.now(UTC))
    certificates = HomeCertificates(tmp_path / "tls", ["spasm.local"], clock)
    certificate, key = certificates.server()
    assert key.stat().st_mode & 0o077 == 0
    _shake_hands(certificate, key, certificates.authority, "spasm.local")
    first = certificate.read_bytes()
    assert certificates.server()[0].read_bytes() == first
    clock.moment += timedelta(days=360)
    assert certificates.server()[0].read_bytes() != first


def test_the_homes_authority_can_vouch_for_nothing_outside(tmp_path: Path) -> None:
    certificates = HomeCertificates(tmp_path / "tls", [], StillClock(datetime.now(UTC)))
    certificates.server()
    authority = x509.load_pem_x509_certificate(certificates.authority.read_bytes())
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    names = {name.value for name in limits.value.permitted_subtrees or () if isinstance(name, x509.DNSName)}
    assert "local" in names
    assert not names & {"com", ""}


def test_a_name_that_the_authority_may_not_vouch_for_is_one_clear_line(tmp_path: Path) -> None:
    clock = StillClock(datetime.now(UTC))
    HomeCertificates(tmp_path / "tls", [], clock).server()
    with pytest.raises(SpasmWatchError, match="may not vouch for 'spasm"):
        HomeCertificates(tmp_path / "tls", ["spasm.example.org"], clock).server()


def test_on_loopback_the_pages_need_no_certificate_elsewhere_they_do() -> None:
    assert not Settings().diary.encrypted
    assert Settings.model_validate({"diary": {"host": "0.0.0.0"}}).diary.encrypted


def _shake_hands(certificate: Path, key: Path, authority: Path, name: str) -> None:
    """A TLS handshake in memory: raises when the client does not trust the server."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    client = ssl.create_default_context(cafile=str(authority))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    there = client.wrap_bio(to_client, to_server, server_hostname=name)
    here = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (there, here):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue


def test_an_entry_from_the_command_line_with_an_impossible_author_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "spasmwatch.toml"
    file.write_text(f"[home]\ndata = {str(tmp_path)!r}\n", encoding="utf-8")
    assert main(["diary", "add", "stress", "--author", "a b", "--settings", str(file)]) == 2
    assert capsys.readouterr().err.startswith("spasmwatch: author: String should match")
