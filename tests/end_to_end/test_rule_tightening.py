"""A stricter number through the running service: a message leaves, is entered as a breach, and the number that would
have held it is proposed. The proof is independent of what proposes: the number is written into the file by hand; then
`policy replay` of the exported ledger, and the message itself when it is sent again, are held.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.end_to_end.test_rule_quality import POLICY

SPARES = """  - id: many-outside
    describe: Twenty people outside the organisation would get it, and not from the newsletter.
    when: {envelope_external_recipients: {at_least: 20}}
    unless: {sender: [news@elmroad.example]}
    action: hold
"""
RULES = POLICY + SPARES
LEFT = (3, 4, 6, 7, 7, 8, 9)
"""People in Cc of other messages, all fewer than the rule asks."""
BREACH = 7


def test_a_message_that_left_and_is_a_breach_proposes_the_number_that_holds_it(tmp_path: Path) -> None:
    with Sink() as sink, Service(tmp_path, sink.port, RULES) as service:
        for number, size in enumerate(LEFT):
            _passes(service, size, number)
        _passes(service, 8, len(LEFT), "news@elmroad.example")
        (before,) = service.rows("policy", "suggest", "visible-list")
        assert before["numbers"][0]["stricter"]["proposed"] is None
        assert any("No stricter number is proposed" in each for each in before["tightening"]["said"])

        _passes(service, BREACH, 100)
        ref = service.rows("audit", "list")[-1]["ref"]
        added = service.rows("incident", "add", "--message", ref, "--narrative", "A list of people was shown")
        incident = added[0]["incident"]
        (found,) = service.rows("policy", "suggest", "visible-list")
        (number,) = found["numbers"]
        (one,) = number["stricter"]["effects"]
        assert (number["stricter"]["proposed"], one["breaches"], one["others_held"]) == (BREACH, [incident], 5)
        assert (found["tightening"]["looked_at"], one["cannot_be_told"]) == (len(LEFT) + 1, 0)
        assert one["yaml"] == f"visible_external_recipients: {{at_least: {BREACH}}}"
        told = service.run("policy", "suggest", "visible-list").stdout
        assert f"with {BREACH} in place of 10, the message of {incident} would have been held" in told
        assert "others a month that nobody has looked at (5 of 8 that left)" in told and "OTHERS HELD" in told
        assert not any(address in told or address in json.dumps(found) for address in people(9))
        assert "Flu clinic" not in told

        (spares,) = service.rows("policy", "suggest", "many-outside")
        (other,) = spares["numbers"][0]["stricter"]["effects"]
        assert (other["number"], other["breaches"], other["others_held"]) == (BREACH, [incident], 4)
        assert other["cannot_be_told"] == 0, "the evidence says that one was the newsletter"

        stricter = RULES.replace("at_least: 10", f"at_least: {BREACH}")
        service.run("audit", "export", "-o", str(tmp_path / "ledger"))
        (tmp_path / "other.yaml").write_text(stricter)
        policy = str(tmp_path / "other.yaml")
        done = service.run("policy", "replay", str(tmp_path / "ledger"), "--policy", policy, "--json")
        replayed = json.loads(done.stdout)
        assert (replayed["hold"], replayed["unreadable"]) == (1 + one["others_held"], 0)
        assert (tmp_path / "policies" / "policy.yaml").read_text() == RULES, "nothing changes the policy"

        (tmp_path / "policies" / "policy.yaml").write_text(stricter)
        loaded = len(_loaded(service))
        service.signal(signal.SIGHUP)
        eventually(lambda: len(_loaded(service)) > loaded)
        code, said = submit(service.port, message(people(BREACH), number=100), people(BREACH))
        assert code == 250 and "Held for checking" in said, said
        _passes(service, BREACH - 1, 200)
        (after,) = service.rows("policy", "suggest", "visible-list")
        assert after["tightening"]["breaches"]["held_today"] == [incident]
        assert after["numbers"][0]["stricter"]["effects"] == []
        assert service.run("audit", "verify").returncode == 0


def _loaded(service: Service) -> list[dict[str, Any]]:
    return [each for each in service.events() if each["event"] == "policy_loaded"]


def _passes(service: Service, size: int, number: int, sender: str = "jo@elmroad.example") -> None:
    shown = people(size)
    raw = message(shown, number=number).replace(b"jo@elmroad.example", sender.encode())
    code, said = submit(service.port, raw, shown, sender)
    assert code == 250 and "Held" not in said, said
