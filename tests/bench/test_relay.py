"""The short run of bench_all.py: it prints, asserts no time, and asserts that nothing was judged or recorded less."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from mailguard.config import Settings
from tests.bench import loads, report, rounds, ways
from tests.bench.books import of_relayed
from tests.bench.counting_sink import CountingSink
from tests.bench.loads import Figure, Load
from tests.bench.report import Aim, Measure, Results
from tests.bench.rounds import AIMS, COPIES, SHORT, Bench, paced, rate, tables
from tests.bench.ways import Way
from tests.end_to_end.service import eventually


def test_every_way_takes_every_load_and_a_guard_records_each_message(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    results = Bench(SHORT, tmp_path).run()
    print("\n" + report.as_text(results, AIMS, tables(SHORT)))
    assert results.failures == []
    assert set(results.reasons) == {ways.HARAKA}
    guard, *peers = ways.guard(1).name, ways.DIRECT, ways.RELAY, ways.PROXY, ways.NAIVE
    for load in SHORT.loads:
        assert set(results.values[rate(load)]) == {guard, *peers}
    assert set(results.values[COPIES]) == {guard, ways.EACH}
    assert set(results.values[paced(True, "added, median")]) == {guard, ways.RELAY, ways.PROXY}
    paced_messages = 2 * int(SHORT.pace_seconds * 50)
    sent = sum(load.first for load in SHORT.loads) + paced_messages
    assert results.counted[f"{guard}, default policy"] == {
        "messages sent": sent,
        "at the sink": sent,
        **of_relayed(sent),
    }
    copied = results.counted[f"{guard}, separate copies"]
    assert copied["at the sink"] == copied["ledger copy_delivered"] == SHORT.people
    assert copied["ledger message_decided"] == copied["log submission_separated"] == 1


def test_no_figure_where_less_is_relayed_or_recorded_than_was_sent(tmp_path: Path) -> None:
    """The two messages are held, and the sink gets as many all the same, if not more: the notices about them."""
    load = Load("two", 4_096, persistent=True)
    holding = ways.SEPARATE.replace("at_least: 10", "at_least: 1").replace("rewrite\n", "hold\n", 1)
    tmp_path.chmod(0o755)
    with CountingSink() as sink, ways.guard(1, holding).start(tmp_path, sink) as way:
        assert way.books is not None
        with pytest.raises(AssertionError, match=r"'ledger message_held': 2|expected at the sink, [34] came"):
            loads.throughput(way, sink, load, 2)
        books = way.books
        assert books.found()["log submission_held"] == 2
        eventually(lambda: sink.count == 4 and books.found()["ledger copy_delivered"] == 4)
        way.books.begin_anew()
        with pytest.raises(AssertionError, match=r"recorded \{\}, expected"):
            way.books.expect(of_relayed(1), seconds=0.3)
        with pytest.raises(AssertionError, match="5 messages expected at the sink, 4 came"):
            sink.wait_for(5, seconds=0.3)
        with pytest.raises(AssertionError, match="3 messages expected at the sink, 4 came"):
            sink.wait_for(3, seconds=0.3)


def test_a_way_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    """A number of workers that the settings do not have, or do not take."""
    bench = Bench(SHORT, tmp_path)
    workers = 2 if "workers" not in Settings.model_fields else 10**9
    with CountingSink() as sink, ExitStack() as running:
        bench._started([ways.guard(workers)], sink, running)
    (reason,) = bench.results.reasons.values()
    assert reason.startswith("cannot be started: the service did not start") and "workers" in reason


def test_a_peer_that_fails_is_named_and_loses_that_load_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "QUIET_SECONDS", 0.2)
    bench, tries = Bench(SHORT, tmp_path), []

    def fails() -> Figure:
        tries.append(1)
        raise AssertionError("451 4.3.0 later")

    with CountingSink() as sink:
        way = Way("peer", sink.port)
        assert bench._measured(way, sink, "big", fails) is None and bench._measured(way, sink, "big", fails) is None
        bench._throughput(way, sink, Load("small", 4_096, persistent=False, first=2), 0)
    assert bench.results.reasons == {"peer, big": "451 4.3.0 later"} and len(tries) == 1
    assert bench.results.failures == [] and bench.results.ways == ["peer"]


def test_a_ratio_compares_within_a_round() -> None:
    """A machine that is busy in one round weighs on both; a round that one of them lacks does not count."""
    results, measure = Results(), Measure("load", "messages/s")
    for number, (ours, theirs) in enumerate([(100, 50), (20, 10), (60, 30)]):
        results.add(measure, "guard", number, ours)
        results.add(measure, "peer", number, theirs)
    results.add(measure, "guard", 3, 7)
    assert results.ratio(measure, "guard", "peer") == 2
    (found,) = report.as_json(results, [Aim(measure, 1.5, "peer")])["aims"]
    assert found["is"] == 2 and found["aim"] == "at least 1.5"


def test_only_its_own_part_of_the_page_is_renewed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n\n{report.BEGIN}\nold\n{report.END}\n\nafter\n")
    report.write_page(page, "| new |\n")
    assert page.read_text() == f"before\n\n{report.BEGIN}\n\n| new |\n\n{report.END}\n\nafter\n"
    page.write_text(f"before\n{report.END}\n{report.BEGIN}\nafter\n")
    with pytest.raises(ValueError, match="needs one line"):
        report.write_page(page, "new")
    assert "after" in page.read_text()
