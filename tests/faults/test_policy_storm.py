"""The policy is reloaded fifty times a second under load, with broken files between: each message is judged by exactly
one revision that existed, and none is lost or refused. Files that change while they are read are not put in force; the
last ones are, when it is over.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from mailguard.core.policy.load import load_policy
from tests.end_to_end.service import eventually
from tests.faults.planted import CLASSES, PlantedService, arrived, smarthost
from tests.faults.traffic import RULES

REVISIONS = [RULES + f"# {number}\n" for number in range(20)]
LAST = RULES + "# the last\n"
BROKEN = ("version: 1\nrules:\n  - id: [", "", "version: 7\n", "\x00", RULES.replace("action: hold", "action: fly"))
ENOUGH = 6
"""Revisions in force before the storm ends: on a busy machine four seconds see fewer."""


@pytest.mark.parametrize("seconds", [4, pytest.param(60, marks=pytest.mark.soak)])
def test_each_message_is_judged_by_one_revision_that_existed(seconds: int, tmp_path: Path) -> None:
    with smarthost() as sink, PlantedService(tmp_path, sink.port) as service:
        stop, sent = threading.Event(), Counter[str]()
        codes: list[tuple[str, int, int]] = []

        def client(place: int) -> None:
            number = place
            while not stop.is_set():
                for way in CLASSES:
                    codes.append((way, number, service.send(way, number)))
                number += 3

        threads = [threading.Thread(target=client, args=(place,)) for place in range(3)]
        for thread in threads:
            thread.start()
        begun, turns = time.monotonic(), 0
        while time.monotonic() - begun < seconds or len(set(loaded(service))) < ENOUGH:
            assert time.monotonic() - begun < seconds + 60, "revisions are not put in force"
            if turns % 5 == 0 or turns % 50 > 40:
                swap(tmp_path / "policies" / "policy.yaml", turns // 5 if turns % 5 == 0 else turns)
            service.signal(signal.SIGHUP)
            turns += 1
            time.sleep(max(0.0, begun + turns / 50 - time.monotonic()))
        stop.set()
        for thread in threads:
            thread.join(60)
        (tmp_path / "policies" / "policy.yaml").write_text(LAST)
        service.signal(signal.SIGHUP)
        eventually(lambda: loaded(service)[-1] == revision(LAST), 60, "the last revision is in force")
        assert codes and {code for _, _, code in codes} == {250}, Counter(code for _, _, code in codes)
        eventually(lambda: not service.rows("outbox", "list"), 60)
        for way, number, _ in codes:
            assert way == "hold" or arrived(sink, way, number), f"{way} {number} is lost"
        existed = {revision(each) for each in (*REVISIONS, RULES, LAST)}
        in_force: set[str] = set()
        for entry in service.rows("audit", "list"):
            if entry["kind"] == "policy_loaded":
                in_force.add(entry["revision"])
            elif entry["kind"] == "message_decided":
                sent[entry["content_sha256"]] += 1
                assert entry["policy_revision"] in in_force, "judged by a revision that was not in force"
        assert in_force <= existed and len(in_force) > 3
        assert len(sent) == len(codes) and set(sent.values()) == {1}
        service.assert_nothing_told()


def revision(text: str) -> str:
    return load_policy({"policy.yaml": text.encode()}).revision


def loaded(service: PlantedService) -> list[str]:
    """The revisions that were put in force, in order."""
    return [each["revision"] for each in service.events() if each["event"] == "policy_loaded"]


def swap(path: Path, turn: int) -> None:
    """Another revision each time; every third time a broken file, at times written in place."""
    text = BROKEN[turn // 3 % len(BROKEN)] if turn % 3 == 2 else REVISIONS[turn % len(REVISIONS)]
    if turn % 7 == 3:
        path.write_text(text)
        return
    other = path.with_suffix(".new")
    other.write_text(text)
    os.replace(other, path)
