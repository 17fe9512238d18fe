"""Set-up, log in, roles, invitations, sessions: who comes in and what they may do."""

from datetime import timedelta
from pathlib import Path

import pytest

from spasmwatch.domain.rollups import Rollup
from spasmwatch.domain.topics import PauseCommand
from spasmwatch.errors import StoreError
from spasmwatch_services.diary.accounts import SESSION_LASTS
from spasmwatch_services.diary.door import setup_code
from spasmwatch_services.diary.past import recall
from support.diary_house import PASSWORD, TestClient, TestHome, diary_house
from support.make import alert, observation, spasm, stamped

OWNER = {"shown": "Anna", "password": PASSWORD, "role": "owner"}
PAGES = ("/", "/log", "/timeline", "/trends", "/review", "/check", "/settings", "/settings/people", "/more")


def test_the_first_visit_leads_to_the_set_up_and_then_straight_in(home: TestHome) -> None:
    client = home.client()
    assert client.get("/").headers["location"].startswith("/setup")
    answer = client.post("/setup", data=OWNER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.get("/").status_code == 200
    assert client.post("/setup", data={**OWNER, "shown": "Eve"}).headers["location"] == "/"
    assert [person.name for person in home.house.accounts.people()] == ["anna"]


def test_from_another_device_the_first_set_up_needs_the_code_from_the_machine(tmp_path: Path) -> None:
    with diary_house(tmp_path, host="0.0.0.0") as home:
        client = home.client()
        assert client.post("/setup", data=OWNER).status_code == 400
        assert client.post("/setup", data={**OWNER, "code": "00000000"}).status_code == 400
        assert home.house.accounts.people() == []
        code = setup_code(home.house.settings)
        assert client.post("/setup", data={**OWNER, "code": code}).status_code == 303


def test_through_a_proxy_the_first_set_up_needs_the_code_too(tmp_path: Path) -> None:
    with diary_house(tmp_path, trusted_proxies=["127.0.0.1"]) as home:
        assert home.client("https://diary.example").post("/setup", data=OWNER).status_code == 400
    with diary_house(tmp_path) as home:
        assert home.client().post("/setup", data=OWNER, headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 400
        assert home.house.accounts.people() == []


def test_guessing_the_set_up_code_is_slowed_down(tmp_path: Path) -> None:
    with diary_house(tmp_path, host="0.0.0.0") as home:
        client = home.client()
        for _ in range(3):
            client.post("/setup", data={**OWNER, "code": "00000000"})
        right = {**OWNER, "code": setup_code(home.house.settings)}
        assert "Too many tries" in client.post("/setup", data=right).text
        home.clock.sleep(3)
        assert client.post("/setup", data=right).status_code == 303


def test_a_foreign_name_that_points_at_this_machine_opens_nothing(tmp_path: Path) -> None:
    with diary_house(tmp_path, names=["diary.test"]) as home:
        foreign = home.client("http://evil.example:8080")
        answer = foreign.post("/setup", data=OWNER, headers={"Origin": "http://evil.example:8080"})
        assert answer.status_code == 400
        assert "diary.names" in answer.text
        assert home.house.accounts.people() == []
        for name in ("localhost:8080", "[::1]:8080", "diary.test"):
            assert home.client(f"http://{name}").get("/setup").status_code == 200, name


@pytest.mark.parametrize("password", ["short", "spasmwatch", "1234567890"])
def test_an_easy_password_is_refused_and_nobody_is_added(home: TestHome, password: str) -> None:
    assert home.client().post("/setup", data={**OWNER, "password": password}).status_code == 400
    assert home.house.accounts.people() == []


def test_without_logging_in_nothing_is_shown_and_nothing_is_written(home: TestHome) -> None:
    home.visitor("owner")
    client = home.client()
    for page in PAGES:
        assert client.get(page).status_code == 303, page
    for path in ("/api/v1/entries", "/api/v1/alerts", "/api/v1/spasms", "/api/v1/session"):
        assert client.get(path).status_code == 401, path
    assert client.post("/api/v1/entries", json={"kind": "stress", "value": 5}).status_code == 401
    assert client.get("/live").status_code == 303


def test_wrong_passwords_are_slowed_down_and_a_right_one_then_waits_too(home: TestHome) -> None:
    home.visitor("owner")
    client = home.client()
    codes = [client.post("/login", data={"name": "owner", "password": "wrong"}).status_code for _ in range(4)]
    assert codes == [401, 401, 401, 429]
    answer = client.post("/login", data={"name": "owner", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1


def test_the_way_back_after_log_in_never_leads_to_another_site(home: TestHome) -> None:
    home.visitor("owner")
    for to in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        answer = home.client().post("/login", data={"name": "owner", "password": PASSWORD, "to": to})
        assert answer.headers["location"] == "/"


def test_a_write_without_the_sessions_token_or_from_another_site_is_refused(home: TestHome) -> None:
    owner = home.visitor("owner")
    entry = {"kind": "stress", "value": 5}
    assert owner.client.post("/api/v1/entries", json=entry).status_code == 403
    strange = {"X-CSRF-Token": owner.csrf, "Origin": "https://evil.example"}
    assert owner.client.post("/api/v1/entries", json=entry, headers=strange).status_code == 403
    assert owner.client.post("/settings/people", data={"shown": "Eve", "role": "owner"}).status_code == 403
    assert home.outbox.added == []
    assert owner.send("POST", "/api/v1/entries", entry).status_code == 201


def test_a_viewer_reads_and_writes_nothing(home: TestHome) -> None:
    viewer = home.visitor("viewer")
    home.hear(observation())
    home.hear(alert(alert_id="a-1"), node="alerts")
    assert viewer.get("/").status_code == 200
    assert viewer.get("/trends").status_code == 200
    for page in ("/log", "/review", "/settings/people"):
        assert viewer.get(page).status_code == 403, page
    tried = [
        viewer.send("POST", "/api/v1/entries", {"kind": "stress", "value": 5}),
        viewer.send("POST", "/api/v1/alerts/a-1/acknowledge"),
        viewer.send("POST", "/api/v1/pause", {"minutes": 5}),
        viewer.send("DELETE", "/api/v1/pause"),
        viewer.send("POST", "/api/v1/labels", {"verdict": "confirmed", "spasms": [{"node": "a", "spasm_id": "b"}]}),
        viewer.fill("/settings/people", shown="Eve", role="owner"),
    ]
    assert [answer.status_code for answer in tried] == [403] * 6
    assert home.outbox.added == []


def test_anybody_may_stop_the_camera_but_only_the_patient_ends_the_pause(home: TestHome) -> None:
    home.hear(observation(home.clock.now()))
    for role in ("owner", "caregiver"):
        somebody = home.visitor(role)
        assert somebody.send("POST", "/api/v1/pause", {"minutes": 60}).status_code == 202
        assert somebody.send("DELETE", "/api/v1/pause").status_code == 403
    assert home.visitor("patient").send("DELETE", "/api/v1/pause").status_code == 202
    sent = [PauseCommand.parse(payload) for payload in home.bus.broker.payloads("spasmwatch/home/cam1/pause/set")]
    assert [(wish.verb, wish.patient, wish.actor) for wish in sent] == [
        ("pause", False, "owner"), ("pause", False, "caregiver"), ("resume", True, "patient"),
    ]  # fmt: skip


def test_the_patient_sees_no_counts_until_choosing_to(home: TestHome) -> None:
    patient = home.visitor("patient")
    home.hear(spasm(home.clock.now()))
    home.hear(alert(home.clock.now(), reason="11 in the last hour"), node="alerts")
    page = patient.get("/").text
    assert "11 in the last hour" not in page
    assert "observed hour" not in page
    assert patient.get("/trends").status_code == 403
    assert patient.get("/api/v1/spasms").status_code == 403
    assert patient.fill("/settings/counts", show="true").status_code == 303
    assert "11 in the last hour" in patient.get("/").text
    assert patient.get("/trends").status_code == 200


def test_nobody_else_can_show_or_hide_the_patients_counts(home: TestHome) -> None:
    assert home.visitor("owner").fill("/settings/counts", show="true").status_code == 403
    assert not home.house.preferences.patient_sees_counts


def test_the_patient_sees_who_looked_at_what_others_see_their_own_steps(home: TestHome) -> None:
    caregiver, patient = home.visitor("caregiver"), home.visitor("patient")
    caregiver.get("/trends")
    assert "Caregiver" in patient.get("/settings/trail").text
    patient.get("/log")
    assert "Patient</td>" not in caregiver.get("/settings/trail").text


def test_an_invitation_works_once_and_its_person_chooses_the_password(home: TestHome) -> None:
    owner = home.visitor("owner")
    page = owner.fill("/settings/people", shown="Ben", role="caregiver").text
    path = page[page.index("/join/") :].split("<")[0].strip()
    guest = home.client()
    assert "Ben" in guest.get(path).text
    assert guest.post(path, data={"password": "short"}).status_code == 400
    assert guest.post(path, data={"password": PASSWORD}).status_code == 303
    assert guest.get("/log").status_code == 200
    assert home.client().get(path).status_code == 404


def test_an_invitation_expires(home: TestHome) -> None:
    owner = home.visitor("owner")
    page = owner.fill("/settings/people", shown="Ben", role="viewer").text
    path = page[page.index("/join/") :].split("<")[0].strip()
    home.clock.sleep(49 * 3600)
    assert home.client().post(path, data={"password": PASSWORD}).status_code == 404


def test_the_owner_cannot_take_over_or_remove_the_patients_account(home: TestHome) -> None:
    home.visitor("patient")
    owner = home.visitor("owner")
    assert owner.fill("/settings/people/patient/invite").status_code == 403
    assert owner.fill("/settings/people/patient/remove").status_code == 403
    assert owner.fill("/settings/people", shown="Second", role="patient").status_code == 400
    assert home.house.accounts.person("patient") is not None


def test_a_patient_who_lives_alone_looks_after_people_too(home: TestHome) -> None:
    client = home.client()
    client.post("/setup", data={**OWNER, "role": "patient"})
    assert client.get("/settings/people").status_code == 200
    home.visitor("owner")
    assert client.get("/settings/people").status_code == 403


def test_a_session_ends_when_revoked_logged_out_or_long_unused(home: TestHome) -> None:
    here, there = home.visitor("owner"), home.visitor("owner")
    key = next(session.key for session in home.house.accounts.sessions("owner"))
    other = next(session.key for session in home.house.accounts.sessions("owner") if session.key != key)
    here.fill("/settings/sessions/end", key=key)
    here_or_there = [browser.get("/settings").status_code for browser in (here, there)]
    assert sorted(here_or_there) == [200, 303]
    left = here if here_or_there[0] == 200 else there
    answer = left.fill("/logout")
    assert "storage" in answer.headers["clear-site-data"]
    assert left.get("/settings").status_code == 303
    assert other
    again = home.visitor("owner")
    home.clock.sleep(SESSION_LASTS.total_seconds() + 1)
    assert again.get("/settings").status_code == 303


def test_a_new_password_ends_all_sessions(home: TestHome) -> None:
    owner = home.visitor("owner")
    home.house.accounts.set_password("owner", "four quiet green hills")
    assert owner.get("/").status_code == 303


def test_no_secret_is_kept_in_the_clear(home: TestHome) -> None:
    owner = home.visitor("owner")
    page = owner.fill("/settings/tokens", label="script").text
    token = "sw_" + page.split("sw_")[1].split("<")[0]
    cookie = owner.client.cookies["spasmwatch"]
    stored = b"".join(path.read_bytes() for path in home.house.settings.home.data.rglob("diary.sqlite*"))
    assert home.client().get("/api/v1/session", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    for secret in (token, cookie, PASSWORD):
        assert secret.encode() not in stored


def test_a_revoked_token_opens_nothing(home: TestHome) -> None:
    headers = home.token("caregiver")
    assert home.client().get("/api/v1/session", headers=headers).json()["role"] == "caregiver"
    home.house.accounts.end_token("caregiver", home.house.accounts.tokens("caregiver")[0].key)
    assert home.client().get("/api/v1/session", headers=headers).status_code == 401


def test_the_open_demo_needs_no_log_in_but_only_on_this_machine(tmp_path: Path) -> None:
    with diary_house(tmp_path, open_on_loopback=True) as home:
        here = home.client("http://127.0.0.1")
        assert here.get("/").status_code == 200
        # A foreign name that was pointed at 127.0.0.1, and a proxy that lets others in.
        assert home.client("http://evil.example").get("/").status_code == 400
        assert here.get("/", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 303


def test_every_answer_carries_strict_security_headers(home: TestHome) -> None:
    owner = home.visitor("owner")
    for path in ("/", "/log", "/static/app.js", "/api/v1/session", "/nowhere"):
        headers = owner.get(path).headers
        policy = headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
    assert owner.get("/").headers["cache-control"] == "no-store"
    for refused in (owner.client.post("/login", content=b"x" * 70_000), home.client("http://evil.example").get("/")):
        assert refused.status_code >= 400
        assert "content-security-policy" in refused.headers


def test_pages_hold_no_inline_script_or_style_and_nothing_from_elsewhere(home: TestHome) -> None:
    owner = home.visitor("owner")
    home.hear(observation(home.clock.now()))
    home.hear(spasm(home.clock.now()))
    for path in (*PAGES, "/settings/buttons", "/settings/trail", "/trust"):
        page = owner.get(path).text
        assert "<script>" not in page
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick" not in page
        for quote in ('src="http', 'href="http'):
            assert quote not in page.replace('href="http://www.w3.org', ""), path


def test_an_error_of_ours_shows_no_traceback_and_keeps_the_security_headers(
    home: TestHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = home.visitor("owner")

    def break_down(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(home.house.history, "rates", break_down)
    quiet = TestClient(home.app, "http://127.0.0.1", raise_server_exceptions=False, cookies=owner.client.cookies)
    answer = quiet.get("/")
    assert answer.status_code == 500
    assert "content-security-policy" in answer.headers
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text


def test_while_the_store_is_out_of_reach_the_page_still_answers_and_says_so(
    home: TestHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = home.visitor("owner")
    home.hear(observation(home.clock.now()))
    home.hear(alert(home.clock.now(), reason="The store is gone"), node="alerts")

    def gone(*_: object) -> None:
        raise StoreError("no store")

    monkeypatch.setattr(home.store, "rates", gone)
    page = owner.get("/")
    assert page.status_code == 200
    assert "The history cannot be read" in page.text
    assert "The store is gone" in page.text
    assert owner.send("POST", "/api/v1/entries", {"kind": "stress", "value": 5}).status_code == 201


def test_after_a_restart_the_page_knows_open_alerts_and_since_when_nobody_was_in_view(home: TestHome) -> None:
    now = home.clock.now()
    told = alert(now - timedelta(days=2), alert_id="a-1", reason="Still open")
    past = [observation(now - timedelta(hours=7)), observation(now - timedelta(minutes=2), 0.0)]
    home.store.write([stamped(record) for record in (told, *past)])
    assert recall(home.house.history, home.house.live, home.clock)
    page = home.visitor("owner").get("/").text
    assert "Still open" in page
    assert home.house.live.seen() == now - timedelta(hours=7) + timedelta(minutes=1)


def test_the_first_minutes_of_a_day_show_a_count_but_no_frightening_rate(home: TestHome) -> None:
    now = home.clock.now()
    owner = home.visitor("owner")
    for observed_s, shown in ((40.0, "Too little observed for a rate."), (3600.0, "95 % interval 1.6 to 12")):
        home.store.write([
            Rollup(bucket=bucket, home="home", person="patient", start=now.replace(hour=hour), observed_s=observed_s,
                   counts={"all_all": 5}, closed_s=0, blinks=0)
            for bucket, hour in (("hour", 14), ("day", 0))
        ])  # fmt: skip
        page = owner.get("/").text
        assert "5 spasms in" in page
        assert shown in page
    (day,) = owner.get("/api/v1/rates").json()
    assert (day["spasms"], day["observed_s"], day["rate"]) == (5, 3600, 5)
    assert day["low"] < 2 < 11 < day["high"]
