"""A guard on one store that is killed and started again, and the count of messages on both sides.

INVARIANT: what is asserted about a message is asserted from outside: from what its client heard, from what the
smarthost took, and from the ledger that the next start finds.
"""

from __future__ import annotations

import queue
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from mailguard.core.lifecycle import State
from mailguard.guard.lost_outcomes import OUTCOMES
from mailguard.serve.control import call
from tests.end_to_end.service import Service, eventually
from tests.faults.aims import AIMS, Scene
from tests.faults.stages import Snapshot, stages
from tests.faults.tracing_sink import Passage, TracingSink
from tests.faults.traffic import RULES, Load, Released, Sent, until

DECIDED = {"message_decided"}
OWN = ("message_decided", "message_released", "notice_queued")


class House:
    """cycle(aim): one life under load, its kill, the next start and what can be told by then. finish(): the rest."""

    def __init__(self, folder: Path, sink: TracingSink) -> None:
        self.sink = sink
        self.service = Service(folder, sink.port, RULES, outbox={"first_retry": "1s"})
        self.database = folder / "store" / "mailguard.db"
        self.control = folder / "store" / "mailguard.db.sock"
        self.sent: list[Sent] = []
        self.releases: list[Released] = []
        self.open_at_kill: Counter[str] = Counter()
        self._first = len(sink.passages)
        self._held: queue.SimpleQueue[Sent] = queue.SimpleQueue()
        self.service.start()

    def cycle(self, aim: str, enough: int) -> set[str]:
        """The stages at the kill. enough: answers before it is aimed."""
        life = self.sink.life
        load = Load(self.service.port, life, control=self.control, held=self._held)
        try:
            until(lambda: load.answered() >= enough, 20)
            undo = AIMS[aim](Scene(load, self.sink, self.database, self.service.pid))
            self.service.kill()
            undo()
            passages = self.sink.end_life()
        finally:
            self.service.kill()
            load.end()
        self.sent += load.sent
        self.releases += load.releases
        self.service.start()
        entries = self._entries()
        ledger = Snapshot.of(_before_this_start(entries))
        assert self.service.run("audit", "verify", check=False).returncode == 0, "the ledger is broken after a kill"
        self._assert_recorded_before_done(load, passages, ledger)
        undone = [ref for ref, kinds in Snapshot.of(entries).kinds.items() if kinds >= DECIDED and not OUTCOMES & kinds]
        assert not undone, f"the start left decisions without an outcome: {undone}"
        whole = Counter(each.sha256 for each in self._passages() if each.whole and each.kind != "pass")
        self.open_at_kill.update(sha256 for sha256, count in whole.items() if count > ledger.delivered[sha256])
        return stages(life, load.sent, load.releases, passages, ledger)

    def finish(self) -> None:
        """Let it do all that it has taken on; then nothing is lost, and nothing came oftener than it may."""
        eventually(lambda: not list(call(self.control, "outbox_list", {})), 60, "the outbox is empty")
        self._assert_nothing_lost()
        self._assert_no_more_duplicates()
        log = self.service.log_file.read_text(errors="replace")
        assert not [each.mark for each in self.sent if f"{each.mark}." in log or f"{each.mark}@" in log], "told"

    def __enter__(self) -> House:
        return self

    def __exit__(self, *_: object) -> None:
        self.service.kill()
        self.sink.end_life()

    def _entries(self) -> list[dict[str, Any]]:
        return list(call(self.control, "audit_list", {}))

    def _passages(self) -> list[Passage]:
        return self.sink.passages[self._first :]

    def _assert_recorded_before_done(self, load: Load, passages: list[Passage], ledger: Snapshot) -> None:
        """What was acknowledged is in the ledger, and so is what the smarthost saw anything of, from before it did."""
        for sent in load.sent:
            if sent.taken:
                kind = {"p": "message_decided", "s": "copies_queued", "h": "message_held"}[sent.way]
                assert ledger.has(sent, kind), f"{sent.mark} was acknowledged and is not in the ledger"
        for each in load.releases:
            if each.done:
                assert "message_released" in ledger.kinds[each.ref], f"the release of {each.mark} is lost"
        refs = {each.mark: ledger.refs.get(each.sha256, "") for each in self.sent}
        for passage in passages:
            if passage.kind == "notice":
                assert ledger.rows["notice"]
                continue
            ref = refs[passage.mark]
            decided = ledger.decided_at.get(f"{ref} released" if passage.kind == "release" else ref)
            assert decided is not None, f"{passage.mark} was at the smarthost without a decision"
            assert datetime.fromisoformat(decided).timestamp() <= passage.at, f"{passage.mark} was decided afterwards"
            if passage.whole and passage.kind != "release":
                assert passage.sha256 in ledger.may_leave, f"{passage.mark} left in another form than was decided"

    def _assert_nothing_lost(self) -> None:
        came = Counter((each.mark, to) for each in self._passages() if each.whole for to in each.recipients)
        told = {each.mark for each in self._passages() if each.whole and each.kind == "notice"}
        states = {
            row["ref"]: row["state"]
            for row in call(self.control, "held_list", {"states": [each.value for each in State]})
        }
        ledger = Snapshot.of(self._entries())
        for sent in self.sent:
            if not sent.taken:
                continue
            if sent.way == "h":
                assert sent.ref in states, f"{sent.mark} was held and is gone"
                assert sent.mark in told, f"the sender of {sent.mark} was not told that it is held"
                if states[sent.ref] == "held":
                    assert not came[sent.mark, sent.recipients[0]], f"{sent.mark} is held and has left"
                    continue
            for recipient in sent.recipients:
                assert came[sent.mark, recipient], f"{sent.mark} was acknowledged and did not reach {recipient}"
        for each in self.releases:
            if each.done:
                assert states[each.ref] == "released" and "message_released" in ledger.kinds[each.ref]

    def _assert_no_more_duplicates(self) -> None:
        """One for each time that a row was between its final dot and its recorded outcome when the guard died."""
        for kind in ("pass", "copy", "release", "notice"):
            came = Counter(each.sha256 for each in self._passages() if each.whole and each.kind == kind)
            for sha256, count in came.items():
                assert count <= 1 + self.open_at_kill[sha256], f"{kind} {sha256} came {count} times"


def _before_this_start(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each start loads the policy before it does anything else."""
    last = max(place for place, each in enumerate(entries) if each["kind"] == "policy_loaded")
    return entries[:last]
