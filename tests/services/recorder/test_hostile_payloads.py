"""Whatever arrives: nothing stops the recorder, each payload that is no record is counted, none reaches the store."""

import io
import itertools
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from spasmwatch.adapters.influx_store import InfluxStore
from spasmwatch.adapters.line_protocol import parse_line, point, record_from
from spasmwatch.adapters.sqlite_store import SqliteStore
from spasmwatch.domain.parsing import parse
from spasmwatch.domain.records import MODELS, Diary, Label, Record, micros
from spasmwatch.domain.topics import Topics
from spasmwatch.errors import RecordError, StoreRejected
from spasmwatch.ports import Message, Store
from spasmwatch.settings.recorder import Recorder as RecorderSettings
from spasmwatch_services.recorder import formats
from spasmwatch_services.recorder.dead_letters import DeadLetters
from spasmwatch_services.recorder.figures import Figures
from spasmwatch_services.recorder.ledger import Ledger
from spasmwatch_services.recorder.rollup_keeper import RollupKeeper
from spasmwatch_services.recorder.service import Recorder
from spasmwatch_services.recorder.storing import Storer
from support import make
from support.influx import Engine
from support.memory_bus import MemoryBus
from support.memory_store import MemoryStore

TOPICS = Topics("spasmwatch", "home")

SPASM = make.stamped(make.spasm())
GOOD: list[Record] = [
    SPASM,
    *map(
        make.stamped,
        [make.observation(), make.trigger(), make.diary(text="x"), make.label(SPASM), make.alert(), make.health()],
    ),
]

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A good payload with some fields replaced, removed or added, or cut short."""
    fields: dict[str, Any] = json.loads(draw(st.sampled_from(GOOD)).payload())
    for name in draw(st.lists(st.sampled_from([*fields, "extra", "schema_", "when"]), min_size=1, max_size=4)):
        if draw(st.booleans()):
            fields[name] = draw(junk)
        else:
            fields.pop(name, None)
    payload = json.dumps(fields).encode(errors="surrogatepass")
    return payload if draw(st.booleans()) else payload[: draw(st.integers(0, len(payload)))]


payloads = st.binary(max_size=200) | mangled() | junk.map(lambda value: json.dumps(value).encode(errors="replace"))


class Post:
    """A recorder that is handed messages directly."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.store = store
        self.figures = Figures()
        self.letters = DeadLetters(folder, 100)
        self.storer = Storer(TOPICS, RollupKeeper(store, "home", ZoneInfo("UTC")))
        self.recorder = Recorder(
            MemoryBus(TOPICS),
            TOPICS,
            self.storer.store,
            Ledger(folder / "ledger.sqlite"),
            self.letters,
            RecorderSettings(),
            self.figures,
        )

    def deliver(self, topic: str, payload: bytes) -> bool:
        """Whether the message was acknowledged."""
        acknowledged: list[bool] = []
        message = Message(topic, payload, False, lambda: acknowledged.append(True))
        self.recorder.finish([message], self.storer.store([(topic, payload)]))
        return bool(acknowledged)


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Post:
    return Post(tmp_path_factory.mktemp("post"), MemoryStore())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=payloads, what=st.sampled_from(list(MODELS)))
@example(payload=b'{"schema":"spasm/1.0","schema":"diary/1.0"}', what="spasm")
@example(payload=GOOD[0].payload().replace(b'"seq":', b'"seq":1' + b"0" * 4400 + b',"x":'), what="spasm")
@example(payload=GOOD[0].payload().replace(b'"seq":', b'"seq":NaN,"x":'), what="spasm")
@example(payload=b'{"a":' * 3000, what="health")
@example(payload=GOOD[3].payload().replace(b'"x"', b'"\\ud800"'), what="diary")
def test_any_payload_is_either_stored_whole_or_counted_as_dead(post: Post, payload: bytes, what: str) -> None:
    before = sum(post.store.counts().values())
    dead = post.figures.dead_letters
    assert post.deliver(TOPICS.of("cam1", what), payload)
    try:
        record = parse(payload)
        fits = (record.home, record.node, record.what) == ("home", "cam1", what)
    except RecordError:
        fits = False
    if fits:
        assert post.figures.dead_letters == dead
    else:
        assert sum(post.store.counts().values()) == before
        assert post.figures.dead_letters == dead + 1
        assert any(letter.payload == payload for letter in post.letters)


@settings(max_examples=200, deadline=None)
@given(payload=payloads)
def test_parsing_ends_in_a_record_or_in_a_record_error(payload: bytes) -> None:
    try:
        record = parse(payload)
    except RecordError:
        return
    assert parse(record.payload()) == record


texts = st.text(max_size=60)
moments = itertools.count()


@st.composite
def awkward(draw: st.DrawFn) -> Record:
    """Valid records with the most awkward texts, names and numbers."""
    # No two of one series share a time: the outbox sees to that.
    when = make.START + timedelta(microseconds=next(moments))
    chosen = draw(st.sampled_from(["trigger", "diary", "label"]))
    number = draw(st.none() | st.floats(allow_nan=False, allow_infinity=False))
    if chosen == "trigger":
        return make.stamped(make.trigger(when, device=draw(texts), text=draw(st.none() | texts), value=number))
    if chosen == "diary":
        return make.stamped(make.diary(when, text=draw(st.none() | texts), unit=draw(st.none() | texts), value=number))
    spasm = make.stamped(make.spasm(when, spasm_id=draw(texts)))
    return make.stamped(make.label(spasm, reason=draw(texts)))


@settings(max_examples=200, deadline=None)
@given(record=awkward())
def test_line_protocol_gives_back_any_text(record: Record) -> None:
    line = point(record, whole=True).replace("\n", "\\n")
    what, row = parse_line(line)
    again = record_from(what, row)
    assert again == record


@settings(max_examples=200, deadline=None)
@given(record=awkward())
@example(record=make.stamped(make.trigger(device="a\rb")))
@example(record=make.stamped(make.trigger(device="")))
def test_csv_gives_back_any_text(record: Record) -> None:
    table = "".join(formats.write([record], "csv", [record.what]))
    [(_, again)] = formats.read(io.StringIO(table, newline=""), "csv")
    assert isinstance(again, Record)
    empty = {name: value for name, value in record if value == ""}
    assert again.model_copy(update=empty) == record, "an empty cell is null where there may be null"


@pytest.fixture(params=["sqlite", "influx"])
def real_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store
    if request.param == "influx":
        made = InfluxStore(request.getfixturevalue("influx").settings, home="home", timezone="UTC")
    else:
        made = SqliteStore(tmp_path / "s.sqlite", home="home", timezone="UTC")
    yield made
    made.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(record=awkward())
def test_real_stores_take_or_refuse_and_give_back_any_text(real_store: Store, record: Record) -> None:
    try:
        real_store.write([record])
    except StoreRejected:
        return
    found = {item.id: item for item in real_store.everything(record.what)}[record.id]
    assert found == record
    if isinstance(record, Diary):
        assert real_store.history(record.entry_id) == [record]
    if isinstance(record, Label):
        assert real_store.counts()["label"] > 0


def test_influxdb_refuses_a_point_it_cannot_hold_and_keeps_the_others(influx: Engine, tmp_path: Path) -> None:
    """A type conflict: somebody has written ``confidence`` as text. The record goes to the dead letters."""
    store = InfluxStore(influx.settings, home="home", timezone="UTC")
    store._write(influx.settings.bucket, [f'spasm,home=home confidence="high" {micros(SPASM.start) + 1}'])
    post = Post(tmp_path, store)
    assert post.deliver(TOPICS.of("cam1", "spasm"), SPASM.payload())
    assert [letter.reason for letter in post.letters if "does not accept" in letter.reason]
    assert post.deliver(TOPICS.of("cam1", "observation"), GOOD[1].payload())
    assert store.counts() == {"observation": 1}
    store.close()
