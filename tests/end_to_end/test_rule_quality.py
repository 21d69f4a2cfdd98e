"""Rule quality through the running service: thirty holds with different outcomes, figures, a proposal, and its proof.

The proof is independent of what proposes: the number is written into a copy of the policy by hand, and `policy replay`
judges the exported ledger by both.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mailguard.serve.control import call, socket_path
from mailguard.store.store_settings import StoreSettings
from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink

POLICY = """version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside the organisation would see each other's addresses.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    rewrite: separate
  - id: several-domains
    describe: People at three or more places would see each other's addresses.
    when: {visible_external_domains: {at_least: 3}}
    action: hold
"""
SIZES = [size for size in range(10, 25) for _ in (1, 2)]
"""People in Cc of each message."""
FIRST_CHANGED, FIRST_STOPPED = 19, 22


def listed(size: int, number: int) -> list[str]:
    """Every tenth message goes to three places, so that another rule holds it, too."""
    if number % 10:
        return people(size)
    return [f"person{each}@place{each % 3}.example" for each in range(size)]


def test_figures_and_a_proposal_are_what_became_of_thirty_holds(tmp_path: Path) -> None:
    with Sink() as sink, Service(tmp_path, sink.port, POLICY) as service:
        socket = socket_path(StoreSettings(url=f"sqlite:///{tmp_path}/store/mailguard.db"))

        def ask(operation: str, **arguments: Any) -> list[dict[str, Any]]:
            return list(call(socket, operation, arguments))

        refs = [_held(service, size, number) for number, size in enumerate(SIZES)]
        for ref, size in zip(refs, SIZES, strict=True):
            if size >= FIRST_STOPPED:
                ask("held_reject", ref=ref, by="Sam", note="Please use the newsletter tool.")
            else:
                form = "separate" if size >= FIRST_CHANGED else "original"
                ask("held_release", ref=ref, by="Sam", form=form, reason="checked")
        said = service.run("held", "wrong", refs[1], "--reason", "a board that knows each other", "--by", "Sam")
        assert f"{refs[1]} should not have been held" in said.stdout
        assert service.run("held", "wrong", refs[1], check=False).returncode == 4, "once for each person"

        (quality,) = service.rows("policy", "quality")
        rules = {each["rule"]: each for each in quality["rules"]}
        assert {name: rules["visible-list"][name] for name in ("held", "sent", "changed", "stopped", "said_wrong")} == {
            "held": 30,
            "sent": 18,
            "changed": 6,
            "stopped": 6,
            "said_wrong": 1,
        }
        assert rules["visible-list"]["sent_share"] == 0.6
        assert rules["several-domains"]["held"] == 3
        shown = service.run("policy", "quality").stdout
        assert "18 (60%)" in shown and "visible-list" in shown

        (found,) = service.rows("policy", "suggest", "visible-list")
        (number,) = found["numbers"]
        assert (found["held"], found["no_longer_held"], found["cannot_be_told"]) == (30, 0, 0)
        assert number["proposed"] == FIRST_CHANGED, "the loosest that lets nothing out which was changed or stopped"
        (proposed,) = [each for each in number["effects"] if each["number"] == FIRST_CHANGED]
        assert (proposed["caught"], proposed["said_wrong"]) == (0, 1)
        assert any(each["caught"] for each in number["effects"]) and number["warning"]
        told = service.run("policy", "suggest", "visible-list").stdout
        assert f"with {FIRST_CHANGED} in place of 10, 16 of 30 holds" in told
        assert "16 sent as they were." in told and "Not proposed" in told
        assert not any(address in told for address in people(3))

        service.run("audit", "export", "-o", str(tmp_path / "ledger"))
        today = _replayed(service, tmp_path, POLICY)
        for each in number["effects"]:
            changed = _replayed(service, tmp_path, POLICY.replace("at_least: 10", f"at_least: {each['number']}"))
            assert today["hold"] - changed["hold"] == each["not_held"]
        assert (tmp_path / "policies" / "policy.yaml").read_text() == POLICY, "nothing changes the policy"

        wrong = [each for each in service.rows("incident", "list") if each["record"]["kind"] == "false_positive"]
        assert [each["record"]["message"]["ref"] for each in wrong] == [refs[1]]
        entry = next(each for each in service.rows("audit", "list") if each["kind"] == "hold_called_wrong")
        assert "board" not in json.dumps(entry) and (entry["said_by"], entry["ref"]) == ("admin", refs[1])
        back = service.run("held", "wrong", refs[1], "--withdraw", "--by", "Sam")
        assert "what you said is taken back" in back.stdout
        assert service.run("held", "wrong", refs[1], "--withdraw", check=False).returncode == 4
        (quality,) = service.rows("policy", "quality")
        assert {each["rule"]: each["said_wrong"] for each in quality["rules"]}["visible-list"] == 0
        kinds = {each["record"]["message"]["ref"]: each["record"]["kind"] for each in service.rows("incident", "list")}
        assert kinds[refs[1]] == "near_miss"
        assert service.run("audit", "verify").returncode == 0


def _held(service: Service, size: int, number: int) -> str:
    shown = listed(size, number)
    code, said = submit(service.port, message(shown, number=number), shown)
    assert code == 250 and "Held for checking" in said, said
    return said.rpartition(" ")[2]


def _replayed(service: Service, folder: Path, policy: str) -> dict[str, Any]:
    (folder / "other.yaml").write_text(policy)
    done = service.run("policy", "replay", str(folder / "ledger"), "--policy", str(folder / "other.yaml"), "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["unreadable"] == 0
    return found
