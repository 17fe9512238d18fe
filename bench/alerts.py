"""What the alert service is measured by; the figures stand in ``docs/alerts.md``.

    python bench/alerts.py histories [--histories 60]   false alarms, detection, a dying camera, a treatment cycle
    python bench/alerts.py cost                         one evaluation after a day and after a year; a year's backtest
    python bench/alerts.py latency [--pushes 60]        from the publish of the crossing spasm to the push request

``latency`` starts a Mosquitto and a push receiver on loopback; no store runs.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from spasmwatch.adapters.mqtt import MqttBus
from spasmwatch.domain.advice import Advice
from spasmwatch.domain.alerting.engine import Engine
from spasmwatch.domain.records import Alert
from spasmwatch.domain.topics import Topics
from spasmwatch.settings import Settings
from spasmwatch.settings.mqtt import Mqtt
from spasmwatch_services.alerts.backtest import Tally, replay
from support import make
from support.histories import START, Story, tell
from support.push_receiver import push_receiver
from support.servers import mosquitto
from support.wait import until

VARIATIONS = (0.3, 0.45, 0.6)
CHANGE = 75


def run(story: Story, seed: int, end: int | None = None) -> tuple[list[Alert], Tally]:
    """All transitions of one simulated history with the settings as they come."""
    tally = Tally()
    stop = START + timedelta(days=end if end is not None else story.days)
    return list(replay(tell(story, seed), Settings(), Advice(), tally, stop)), tally


def fired(alerts: Iterable[Alert], rule: str, since: float = 0, to: float = 1e9) -> list[float]:
    """Days after the start on which alerts of a rule began to fire."""
    days = (
        (alert.time - START).total_seconds() / 86400
        for alert in alerts
        if alert.rule == rule and alert.state == "firing"
    )
    return [day for day in days if since <= day < to]


def histories(number: int, round_the_clock: bool) -> None:
    """The figures on simulated histories of 6–10 spasms an observed hour."""
    name = "a report every minute" if round_the_clock else "reports only while somebody sits there"
    print(f"\n{name}: {number} histories of each kind, 10 % of days without a face\n")
    print("| day CV | false worsening in 30 days | all pushes in 30 days | 2× caught in 14 days | 3×: median days |")
    print("|---|---|---|---|---|")
    pushes: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    caught_all: list[bool] = []
    days = 0.0
    for variation in VARIATIONS:
        false, pushed, caught, delays = [], [], [], []
        for index in range(number):
            seed = index + round(variation * 1e5)
            story = {
                "rate": 6 + 4 * index / max(1, number - 1),
                "variation": variation,
                "round_the_clock": round_the_clock,
            }
            alerts, tally = run(Story(days=123, **story), seed)
            false.append(len(fired(alerts, "worsening", since=63)) / 2)
            pushed.append(tally.pushes.total() / tally.days * 30)
            pushes += tally.pushes
            notes += Counter(alert.rule for alert in alerts if alert.state == "firing" and alert.severity == "info")
            days += tally.days
            for factor, wanted in ((2.0, caught), (3.0, delays)):
                changed = Story(days=CHANGE + 15, effect=lambda day, by=factor: by if day >= CHANGE else 1.0, **story)
                found = fired(run(changed, seed + 10_000 * int(factor))[0], "worsening", CHANGE, CHANGE + 14.5)
                wanted.append(found[0] - CHANGE if found else 99.0)
        share = statistics.mean(delay < 99 for delay in caught)
        caught_all += [delay < 99 for delay in caught]
        print(
            f"| {variation} | {statistics.mean(false):.2f} | {statistics.mean(pushed):.2f} | {share:.2f}"
            f" | {statistics.median(delays):.1f} |",
            flush=True,
        )
    print(f"\n2× caught on average: {statistics.mean(caught_all):.2f}")
    for what, counter in (("pushes", pushes), ("notes, not pushed", notes)):
        each = ", ".join(f"{rule} {count / days * 30:.2f}" for rule, count in counter.most_common()) or "none"
        print(f"{what} in 30 days by rule: {each}")


def dying_camera(number: int) -> None:
    """A camera that goes silent, or sees nobody, in the middle of a history."""
    silent, faceless, better = 0, 0, 0
    for seed in range(number):
        alerts, _ = run(Story(days=100, dies=80), seed, end=100)
        silent += bool(fired(alerts, "fault", 80, 80.1))
        late = [alert for alert in alerts if alert.time >= START + timedelta(days=80, minutes=1)]
        better += any(alert.rule == "improved" or alert.state == "resolved" for alert in late)
        alerts, _ = run(Story(days=100, blind=80), seed, end=100)
        faceless += bool(fired(alerts, "blind", 80, 83))
        late = [alert for alert in alerts if alert.time >= START + timedelta(days=81)]
        better += any(alert.rule == "improved" or alert.state == "resolved" for alert in late)
    print(f"\ncamera dies: fault in {silent} of {number}; nobody seen any more: blind in {faceless} of {number};")
    print(f"'improved' or 'resolved' afterwards: {better} of {2 * number}")


def cycle_effect(injection: int) -> Callable[[int], float]:
    """Botulinum: falls within two weeks to a fifth, stays, comes back from week 8 to week 16."""

    def effect(day: int) -> float:
        since = day - injection
        if since < 4:
            return 1.0
        if since < 14:
            return 1.0 - 0.8 * (since - 4) / 10
        return 0.2 + 0.8 * min(1.0, max(0.0, (since - 56) / 56))

    return effect


def treatment_cycle(number: int) -> None:
    """A botulinum cycle gives "wearing off", not a stream of "worsening"."""
    wearing, worsening, first = [], [], []
    for seed in range(number):
        story = Story(days=210, injections=(63,), effect=cycle_effect(63), round_the_clock=False)
        alerts, _ = run(story, seed)
        found = fired(alerts, "wearing_off")
        wearing.append(len(found))
        first += [(found[0] - 63) / 7] if found else []
        worsening.append(len(fired(alerts, "worsening", since=63)))
    weeks = statistics.median(first) if first else float("nan")
    print(
        f"\nbotulinum cycle ({number} histories of 210 days): wearing off in {sum(map(bool, wearing))}"
        f" ({statistics.mean(wearing):.2f} each, first after {weeks:.0f} weeks in the median);"
        f" worsening {statistics.mean(worsening):.2f} each"
    )


def cost() -> None:
    """One record, and one daily judgement, after a day and after a year."""
    engine = Engine(Settings().alerts.rules(), Settings().home.zone, Advice())
    spent: dict[int, list[float]] = {}
    judged: dict[int, float] = {}
    ages = {"a day": (1, 2), "ten weeks": tuple(range(66, 75)), "a year": tuple(range(357, 366))}
    wanted = {day for days in ages.values() for day in days}
    for record in tell(Story(days=366), 1):
        now = record.known_at
        day = (now - START).days
        while (due := engine.due_by(now)) is not None:
            begin = time.perf_counter()
            engine.tick(due)
            judged[day] = max(judged.get(day, 0.0), time.perf_counter() - begin)
        begin = time.perf_counter()
        engine.record(record, now)
        if day in wanted:
            spent.setdefault(day, []).append(time.perf_counter() - begin)
    print("\n| after | a record, median | the daily judgement, median |\n|---|---|---|")
    for label, days in ages.items():
        each = statistics.median(value for day in days for value in spent[day]) * 1e6
        print(f"| {label} | {each:.0f} µs | {statistics.median(judged.get(day, 0.0) for day in days) * 1e3:.1f} ms |")


def year() -> None:
    """The command on a year of records, one a minute and the spasms."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "year.jsonl"
        with path.open("wb") as file:
            number = sum(file.write(record.payload() + b"\n") > 0 for record in tell(Story(days=365), 2))
        begin, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        command = [sys.executable, "-m", "spasmwatch", "backtest", "--input", str(path), "--json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        took, used = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - used
        print(f"\nbacktest of a year, {number} records: {took:.1f} s ({used:.1f} s of processor time)")


def latency(number: int) -> None:
    """Publish to push request, over a real broker, without a store."""
    delays: list[float] = []
    topics = Topics("spasmwatch", "home")
    with tempfile.TemporaryDirectory() as name, push_receiver() as receiver, mosquitto(Path(name)) as port:
        folder = Path(name)
        bus = MqttBus(Mqtt(port=port), topics, client="bench")
        ready: list[bytes] = []
        bus.subscribe(topics.of("alerts", "health"), lambda message: ready.append(message.payload))
        bus.wait_until_connected(10)
        file = folder / "spasmwatch.toml"
        file.write_text(
            f'[home]\ndata = "{folder}/data"\n[mqtt]\nport = {port}\n[alerts]\npush = {json.dumps([receiver.ntfy])}\n'
        )
        with (folder / "log").open("wb") as log:
            command = [sys.executable, "-m", "spasmwatch", "alerts", "--settings", str(file)]
            program = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            until(lambda: bool(ready), 60, "the alert program")
            for index in range(number):
                # Each round is another person, so that each has an escalation of its own.
                start = datetime.now(UTC) - timedelta(seconds=30)
                spasms = [
                    make.stamped(make.spasm(start + timedelta(seconds=4 * count), person=f"p{index}"))
                    for count in range(6)
                ]
                for spasm in spasms[:-1]:
                    bus.publish(topics.of("cam1", "spasm"), spasm.payload())
                time.sleep(0.3)
                begin = time.perf_counter()
                bus.publish(topics.of("cam1", "spasm"), spasms[-1].payload())
                until(lambda wanted=index + 1: len(receiver.requests) >= wanted, 20, "the push")
                delays.append(time.perf_counter() - begin)
        finally:
            program.terminate()
            program.wait(40)
            bus.close()
    delays.sort()
    p95 = delays[int(0.95 * (len(delays) - 1))]
    print(f"\npublish to push request, {number} times: median {statistics.median(delays):.3f} s, p95 {p95:.3f} s")


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["histories", "cost", "latency"])
    parser.add_argument("--histories", type=int, default=60, help="simulated histories of each kind (default 60)")
    parser.add_argument("--pushes", type=int, default=60, help="pushes to time (default 60)")
    options = parser.parse_args()
    if options.what == "histories":
        histories(options.histories, round_the_clock=False)
        treatment_cycle(options.histories)
        dying_camera(max(2, options.histories // 8))
        histories(max(2, options.histories // 8), round_the_clock=True)
    elif options.what == "cost":
        cost()
        year()
    else:
        latency(options.pushes)


if __name__ == "__main__":
    main()
