"""Charts have addresses of their own: the page does not wait for them, and nobody else sees them."""

import re

from support.diary_house import TestHome
from support.make import observation, spasm


def addresses(page: str) -> list[str]:
    return re.findall(r'data-picture="([^"]+)"', page)


def test_a_page_gives_out_the_addresses_of_its_charts_and_each_is_a_drawing(home: TestHome) -> None:
    owner = home.visitor("owner")
    home.hear(observation(home.clock.now()))
    home.hear(spasm(home.clock.now()))
    page = owner.get("/").text
    assert len(addresses(page)) == 2
    for address in addresses(page):
        answer = owner.get(address)
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.headers["cache-control"] == "no-store"
        assert 'role="img"' in answer.text
        assert f'<noscript><img class="chart" src="{address}" alt="Today' in page


def test_an_address_stays_while_the_numbers_stay_and_changes_with_them(home: TestHome) -> None:
    owner = home.visitor("owner")
    before = addresses(owner.get("/").text)
    assert addresses(owner.get("/").text) == before
    home.hear(spasm(home.clock.now()))
    assert addresses(owner.get("/").text)[0] != before[0]


def test_without_logging_in_and_by_guessing_no_drawing_is_seen(home: TestHome) -> None:
    owner = home.visitor("owner")
    (address, _) = addresses(owner.get("/").text)
    assert home.client().get(address).status_code == 303
    assert owner.get(f"/pictures/{'0' * 32}").status_code == 404
    assert owner.get("/pictures/..%2f..%2fetc").status_code in (404, 422)


def test_a_screen_of_unknown_size_gets_room_for_both_drawings(home: TestHome) -> None:
    owner = home.visitor("owner")
    owner.client.cookies.delete("screen")
    assert len(addresses(owner.get("/").text)) == 4
