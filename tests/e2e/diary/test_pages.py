"""The pages in a real browser, on the real chain: what a person does and then finds in the store."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Route, expect

from spasmwatch.domain.records import Diary, Label, Record
from support.browser import desktop, phone, wait_for_pictures
from support.living_home import LivingHome, living_home
from support.push_receiver import push_receiver
from support.wait import until

from .conftest import log_in

PAGES = ("/", "/log", "/timeline", "/timeline?span=week", "/trends", "/review", "/check", "/more", "/settings",
         "/settings/people", "/settings/buttons", "/settings/trail", "/trust")  # fmt: skip


def entries(home: LivingHome, author: str) -> list[Diary]:
    return [one for one in home.stored("diary") if isinstance(one, Diary) and one.author == author]


def magnesium(home: LivingHome) -> int:
    return sum(one.subkind == "magnesium" for one in entries(home, "patient"))


def test_a_newcomer_sets_up_and_has_logged_a_coffee_after_three_taps(context: BrowserContext, tmp_path: Path) -> None:
    with living_home(tmp_path, programs=("recorder", "diary")) as fresh:
        page = context.new_page()
        page.goto(fresh.page)
        page.get_by_label("Your name").fill("Anna")
        page.get_by_label("Password").fill("three brown owls")
        page.get_by_role("button", name="Begin").tap()  # 1
        page.get_by_role("button", name="Coffee", exact=True).tap()  # 2, and from then on the only one
        expect(page.get_by_text("Coffee logged")).to_be_visible()
        until(lambda: [one.subkind for one in entries(fresh, "anna")] == ["coffee"], what="the coffee in the store")


def test_a_tap_before_the_script_has_arrived_is_not_lost(browser: Browser, home: LivingHome) -> None:
    # The service worker would bring the script from its own store.
    context = phone(browser, service_workers="block")
    page = log_in(context, home, "patient")
    held: list[Route] = []
    page.route("**/static/app.js*", lambda route, _: held.append(route))
    page.goto(f"{home.page}/log", wait_until="commit")
    page.get_by_role("button", name="Relaxation", exact=True).tap()
    assert len(held) == 1
    held[0].continue_()
    expect(page.get_by_text("Relaxation logged")).to_be_visible()
    context.close()


def test_log_undo_change_and_bring_back_reach_the_store_as_revisions(context: BrowserContext, home: LivingHome) -> None:
    page = log_in(context, home, "caregiver")
    page.goto(f"{home.page}/log")
    page.get_by_role("button", name="Stress", exact=True).tap()
    page.get_by_role("radio", name="8").check(force=True)
    page.get_by_role("dialog").get_by_role("button", name="Log").tap()
    expect(page.get_by_text("Stress logged")).to_be_visible()
    page.get_by_role("button", name="Undo").tap()
    page.get_by_role("button", name="Bring back").tap()
    expect(page.get_by_text("Stress is back")).to_be_visible()
    page.get_by_role("button", name="Change Stress, 8 of 10").tap()
    page.get_by_label("Amount").fill("6")
    page.get_by_role("dialog").get_by_role("button", name="Save").tap()
    expect(page.get_by_text("Stress, 6 of 10").first).to_be_visible()
    until(lambda: [(one.value, one.revision) for one in entries(home, "caregiver")] == [(6, 4)], what="four revisions")


def test_what_is_logged_without_a_connection_is_sent_later_once(browser: Browser, home: LivingHome) -> None:
    context = phone(browser)
    context.set_default_timeout(20_000)
    page = log_in(context, home, "patient")
    page.goto(f"{home.page}/log")
    page.evaluate("navigator.serviceWorker.ready")
    page.reload()
    context.set_offline(True)
    page.reload()  # the service worker opens the page
    for _ in range(2):
        page.get_by_role("button", name="Magnesium", exact=True).tap()
        expect(page.get_by_text("Magnesium kept on this phone")).to_be_visible()
    expect(page.get_by_text("Waiting to be sent: 2")).to_be_visible()
    context.set_offline(False)
    expect(page.locator("#queue")).to_be_hidden()
    until(lambda: magnesium(home) == 2, what="both entries in the store")
    page.reload()
    assert magnesium(home) == 2
    context.close()


def test_a_later_entry_is_meant_in_the_homes_time_wherever_the_phone_is(browser: Browser, home: LivingHome) -> None:
    with phone(browser, timezone_id="America/New_York") as context:
        page = log_in(context, home, "owner")
        page.goto(f"{home.page}/log")
        page.get_by_role("button", name="At …").tap()
        yesterday = (datetime.now(UTC) - timedelta(days=1)).replace(hour=8, minute=15, second=0, microsecond=0)
        page.get_by_label("Date and time").fill(f"{yesterday:%Y-%m-%dT%H:%M}")
        page.get_by_role("button", name="Massage", exact=True).tap()
        expect(page.get_by_text("Massage logged, 08:15")).to_be_visible()
        until(lambda: [one.at for one in entries(home, "owner")] == [yesterday], what="the entry at its time")


def test_the_page_changes_by_itself_when_the_camera_sees_something(context: BrowserContext, home: LivingHome) -> None:
    page = log_in(context, home, "caregiver")
    before = page.locator(".today .soft").first.text_content()
    home.see(spasms=3)
    expect(page.locator(".today .soft").first).not_to_have_text(before or "")


def test_charts_are_drawn_after_the_page_and_again_when_their_numbers_change(
    context: BrowserContext, home: LivingHome
) -> None:
    page = log_in(context, home, "caregiver")
    wait_for_pictures(page)
    charts = page.get_by_role("img", name="Today on one axis")
    expect(charts).to_be_visible()
    before = charts.get_attribute("aria-label")
    home.see(spasms=2)
    expect(charts).not_to_have_attribute("aria-label", before or "")
    assert len(page.query_selector_all("figure svg.chart text")) > 10


def test_a_red_flag_shows_its_advice_raises_the_alert_and_is_acknowledged(
    context: BrowserContext, home: LivingHome
) -> None:
    page = log_in(context, home, "caregiver")
    page.goto(f"{home.page}/log")
    page.get_by_text("A doctor today", exact=True).tap()
    page.get_by_role("button", name="Numbness").tap()
    expect(page.get_by_role("dialog")).to_contain_text("Please speak to a doctor today.")
    page.get_by_role("dialog").get_by_role("button", name="Log").tap()
    expect(page.get_by_text("Numbness logged")).to_be_visible()
    page.goto(home.page)
    expect(page.locator("#sentence")).to_contain_text("Numbness was logged by caregiver")
    page.locator(".alert.urgent").get_by_role("button", name="I have seen it").tap()
    expect(page.locator(".alert.urgent")).to_contain_text("seen by Caregiver")


def test_one_tap_judges_a_group_and_the_label_is_stored(context: BrowserContext, home: LivingHome) -> None:
    page = log_in(context, home, "caregiver")
    page.goto(f"{home.page}/review")
    group = page.locator(".episode").nth(1)
    group.get_by_role("button", name="False alarm").tap()
    expect(page.get_by_text("marked: False alarm")).to_be_visible()
    until(lambda: any(_is_false_alarm(one) for one in home.stored("label")), what="the label in the store")


def _is_false_alarm(record: Record) -> bool:
    return isinstance(record, Label) and record.verdict == "false_alarm" and record.author == "caregiver"


def test_a_caregiver_can_pause_but_only_the_patient_ends_it(browser: Browser, home: LivingHome) -> None:
    with phone(browser) as theirs, phone(browser) as own:
        caregiver, patient = log_in(theirs, home, "caregiver"), log_in(own, home, "patient")
        caregiver.get_by_role("button", name="Pause 1 hour").tap()
        expect(caregiver.locator("#sentence")).to_contain_text("The camera is paused until")
        expect(caregiver.get_by_role("button", name="Resume now")).to_have_count(0)
        expect(caregiver.get_by_text("Only the patient can end a pause")).to_be_visible()
        patient.get_by_role("button", name="Resume now").tap()
        expect(patient.locator("#sentence")).not_to_contain_text("paused")


def test_the_patient_chooses_who_is_told_and_others_only_see_it(browser: Browser, tmp_path: Path) -> None:
    with push_receiver() as receiver, living_home(tmp_path, diary=_recipients(receiver.ntfy)) as home:
        home.add_people()
        with phone(browser) as own, phone(browser) as theirs:
            patient, caregiver = log_in(own, home, "patient"), log_in(theirs, home, "caregiver")
            patient.goto(f"{home.page}/settings")
            patient.get_by_label("anna").select_option("Nothing")
            patient.get_by_label("ben").select_option("Nothing")
            patient.locator("#told").get_by_role("button", name="Save").tap()
            expect(patient.get_by_text("the alerts program obeys it")).to_be_visible()
            expect(patient.get_by_text("Nobody is told, not even when help is called for.")).to_be_visible()
            assert not Axe().run(patient).response["violations"]
            patient.goto(f"{home.page}/log")
            expect(patient.get_by_text("At the moment nobody would be told by push")).to_be_visible()
            patient.goto(f"{home.page}/settings/trail")
            expect(patient.get_by_text("chose who is told: ben: Nothing")).to_be_visible()
            caregiver.goto(f"{home.page}/settings")
            expect(caregiver.locator("#told")).to_contain_text("ben: Nothing")
            expect(caregiver.locator("#told").get_by_role("combobox")).to_have_count(0)


def _recipients(address: str) -> str:
    return "".join(f'[[alerts.recipients]]\nname = "{name}"\naddress = "{address}"\n' for name in ("anna", "ben"))


def test_a_viewer_finds_no_way_to_write(context: BrowserContext, home: LivingHome) -> None:
    page = log_in(context, home, "viewer")
    expect(page.get_by_role("link", name="Log")).to_have_count(0)
    expect(page.get_by_role("button")).to_have_count(0)
    assert page.goto(f"{home.page}/log").status == 403  # type: ignore[union-attr]


def test_everything_works_from_the_keyboard(browser: Browser, home: LivingHome) -> None:
    with desktop(browser) as context:
        page = log_in(context, home, "caregiver")
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Skip to the content")
        page.get_by_role("button", name="Tiredness", exact=True).focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)


@pytest.mark.parametrize(("size", "scheme"), [(phone, "light"), (phone, "dark"), (desktop, "dark")])
def test_no_page_has_an_accessibility_violation(browser: Browser, home: LivingHome, size: type, scheme: str) -> None:
    with size(browser, color_scheme=scheme) as context:
        page = log_in(context, home, "owner")
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        for path in PAGES:
            page.goto(home.page + path)
            wait_for_pictures(page)
            found = Axe().run(page).response["violations"]
            assert not found, f"{path}: {[(one['id'], one['nodes'][0]['html'][:200]) for one in found]}"
            width = page.viewport_size["width"]  # type: ignore[index]
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} is too wide"
        assert errors == []


def test_targets_are_large_enough_for_unsteady_hands(context: BrowserContext, home: LivingHome) -> None:
    page = log_in(context, home, "owner")
    for path in PAGES:
        page.goto(home.page + path)
        small = page.evaluate(
            """() => [...document.querySelectorAll('button, a.button, .places a, summary, input:not([type=hidden])')]
              .filter((one) => one.offsetParent && !one.closest('.check-line, .scale'))
              .map((one) => [one.outerHTML.slice(0, 120), one.getBoundingClientRect()])
              .filter(([, box]) => box.width < 48 || box.height < 48).map(([html]) => html)"""
        )
        assert not small, f"{path}: {small[:3]}"
