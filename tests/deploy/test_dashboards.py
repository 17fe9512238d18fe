"""The dashboards and their provisioning, as Grafana will read them."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana import FILES, FOLDER, dashboard
from spasmwatch.domain.records import SIDES, SPASM_KINDS

PANELS = [
    pytest.param(panel, id=f"{file.stem}: {panel['title']}") for file in FILES for panel in dashboard(file)["panels"]
]
BOARDS = [pytest.param(file, id=file.stem) for file in FILES]


def _yaml(path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "provisioning" / path).read_text(encoding="utf-8"))
    return loaded


def test_the_five_dashboards_are_there_with_uids_of_their_own() -> None:
    uids = [dashboard(file)["uid"] for file in FILES]
    names = ("overview", "trends", "triggers", "explorer", "health")
    assert sorted(uids) == sorted(f"spasmwatch-{name}" for name in names)


@pytest.mark.parametrize("file", BOARDS)
def test_a_dashboard_can_be_provisioned_anywhere(file: Path) -> None:
    board = dashboard(file)
    assert "id" not in board
    assert board["description"]
    assert board["tags"][0] == "spasmwatch"
    assert not board["editable"]
    for source in _datasources(board):
        assert source == {"type": "influxdb", "uid": "spasmwatch"}


def _datasources(value: Any) -> list[Any]:
    if isinstance(value, dict):
        here = [value["datasource"]] if "datasource" in value else []
        return here + [found for item in value.values() for found in _datasources(item)]
    if isinstance(value, list):
        return [found for item in value for found in _datasources(item)]
    return []


@pytest.mark.parametrize("file", BOARDS)
def test_grafanas_own_models_know_every_key(file: Path) -> None:
    """Read into the published dashboard models and written again, nothing is lost: a misspelt key would be."""
    board = dashboard(file)
    again = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
    lost = [path for path in _paths(board) if path not in set(_paths(again))]
    assert lost == []


def _paths(value: Any, path: str = "") -> list[str]:
    """Every key as a path; the target of an annotation is the data source's own."""
    if isinstance(value, dict):
        if path.endswith("].target"):
            return [path]
        return [found for key, item in value.items() if item is not None for found in _paths(item, f"{path}.{key}")]
    if isinstance(value, list):
        return [found for number, item in enumerate(value) for found in _paths(item, f"{path}[{number}]")]
    return [path]


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_says_what_it_shows_in_which_unit(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert len(panel["description"]) > 20
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]
    for target in panel["targets"]:
        assert target["rawQuery"]
        assert target["query"].startswith("SELECT ")
        assert "$timeFilter" in target["query"]
        assert "\"home\" = '$home'" in target["query"]


@pytest.mark.parametrize("file", BOARDS)
def test_panels_do_not_overlap_and_have_numbers_of_their_own(file: Path) -> None:
    panels = dashboard(file)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for one, other in itertools.combinations([panel["gridPos"] for panel in panels], 2):
        apart = (
            one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        )  # fmt: skip
        assert apart
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)


@pytest.mark.parametrize("file", BOARDS)
def test_where_spasms_are_counted_the_observed_time_stands_beside(file: Path) -> None:
    panels = dashboard(file)["panels"]
    counted = [panel for panel in panels if '"n_' in _queries(panel) or 'count("intensity")' in _queries(panel)]
    observed = [panel for panel in panels if re.search(r'SELECT (sum\()?"observed_s"', _queries(panel))]
    for panel in counted:
        reach = range(panel["gridPos"]["y"] - 10, panel["gridPos"]["y"] + 10)
        assert any(other["gridPos"]["y"] in reach for other in observed), panel["title"]


def _queries(panel: dict[str, Any]) -> str:
    return "\n".join(target["query"] for target in panel["targets"])


@pytest.mark.parametrize("panel", PANELS)
def test_a_rate_is_always_per_observed_hour(panel: dict[str, Any]) -> None:
    per_hour = panel["fieldConfig"]["defaults"]["unit"] == "suffix: /h"
    divided = bool(re.search(r'/ [^*]*"observed_s"[^*]*\* 3600', _queries(panel)))
    assert per_hour == divided


def test_the_choice_of_pattern_and_side_covers_the_contract() -> None:
    board = dashboard(FOLDER / "dashboards" / "trends.json")
    options = {
        variable["name"]: [option["value"] for option in variable["options"]]
        for variable in board["templating"]["list"]
    }
    assert options["kind"] == ["all", *SPASM_KINDS]
    assert options["side"] == ["all", *SIDES]


def test_no_dashboard_shows_the_text_of_the_diary() -> None:
    for file in FILES:
        assert "spasmwatch_diary" not in file.read_text(encoding="utf-8")
        assert '"text" FROM' not in file.read_text(encoding="utf-8").replace('\\"', '"')


def test_the_data_source_is_provisioned_read_only_and_takes_its_token_from_a_file() -> None:
    (source,) = _yaml("datasources/spasmwatch.yaml")["datasources"]
    assert source["uid"] == "spasmwatch"
    assert source["editable"] is False
    assert source["jsonData"]["dbName"] == "spasmwatch"
    assert source["jsonData"]["httpHeaderName1"] == "Authorization"
    assert source["secureJsonData"]["httpHeaderValue1"] == "Token $__file{/run/secrets/influx_grafana}"


def test_grafana_alerts_only_watch_the_watchers_and_silence_is_an_alarm() -> None:
    (group,) = _yaml("alerting/watch-the-watchers.yaml")["groups"]
    assert {rule["labels"]["watches"] for rule in group["rules"]} == {"camera", "recorder", "alerts"}
    for rule in group["rules"]:
        assert rule["noDataState"] == "Alerting"
        assert rule["execErrState"] == "Alerting"
        query = rule["data"][0]["model"]["query"]
        assert '"health"' in query or '"observation"' in query
        # Grafana replaces $names in provisioning files by environment variables.
        assert "$" not in query
