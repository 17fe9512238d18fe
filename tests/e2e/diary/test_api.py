"""The HTTP API against its own description: nothing that can be sent makes the server fail."""

import warnings
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from spasmwatch.runtime import SystemClock
from spasmwatch_services.diary.accounts import Accounts
from spasmwatch_services.diary.database import Database
from support.living_home import LivingHome, living_home

CHECKS = [not_a_server_error, status_code_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivingHome]:
    """A home of its own: what is sent here pauses cameras and fills the diary."""
    with living_home(tmp_path_factory.mktemp("home"), programs=("recorder", "diary")) as running:
        running.add_people()
        yield running


@pytest.fixture(scope="module")
def tokens(home: LivingHome) -> dict[str, str]:
    """A program's token for the owner and the viewer."""
    database = Database(home.settings.home.data / "diary" / "diary.sqlite")
    accounts = Accounts(database, SystemClock())
    made = {role: accounts.make_token(role, "test") for role in ("owner", "viewer")}
    database.close()
    return made


def operations(home: LivingHome) -> list[tuple[str, str]]:
    description = httpx.get(f"{home.page}/api/v1/openapi.json").json()
    return [(method.upper(), path) for path, routes in description["paths"].items() for method in routes]


@pytest.mark.filterwarnings("ignore")
def test_nothing_that_can_be_sent_makes_the_server_fail(home: LivingHome, tokens: dict[str, str]) -> None:
    schema = schemathesis.openapi.from_url(f"{home.page}/api/v1/openapi.json")
    headers = {"Authorization": f"Bearer {tokens['owner']}"}
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=8, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @schemathesis_case(operation)
        def sends(case: "schemathesis.Case") -> None:
            answer = case.call(headers=headers)
            case.validate_response(answer, checks=CHECKS)

        sends()


def schemathesis_case(operation: object):  # type: ignore[no-untyped-def]
    """Hypothesis' ``given`` over the requests of one operation."""
    from hypothesis import given

    return given(case=operation.as_strategy())  # type: ignore[attr-defined]


def test_an_anonymous_program_reads_and_writes_nothing(home: LivingHome) -> None:
    for method, path in operations(home):
        if path != "/api/v1/health":
            answer = httpx.request(method, home.page + path.replace("{", "").replace("}", ""))
            assert answer.status_code in (401, 422), f"{method} {path}: {answer.status_code}"
            assert set(answer.json()) == {"detail"}


def test_a_viewers_program_writes_nothing(home: LivingHome, tokens: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {tokens['viewer']}"}
    before = len(home.stored("diary")), len(home.stored("label"))
    for method, path in operations(home):
        if method != "GET":
            address = home.page + path.replace("{alert_id}", "a-1").replace("{verb}", "snooze").replace(
                "{entry_id}", "e-1"
            )
            answer = httpx.request(method, address, headers=headers, json={"kind": "stress", "value": 5})
            assert answer.status_code in (403, 422), f"{method} {path}: {answer.status_code}"
    assert (len(home.stored("diary")), len(home.stored("label"))) == before
