"""What the evidence of a decision holds: all that the chain may not, and nothing that it has already."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.policy.load import load_policy
from mailguard.core.verdict import Published
from mailguard.guard import entries
from mailguard.guard.entries import WITHHELD, withheld, without_text
from tests.guard.world import SESSION, World, envelope, message, people

DEFAULT = Path(__file__).parents[2] / "policies" / "default.yaml"
VALUES = st.one_of(st.booleans(), st.integers(), st.none(), st.sampled_from(["relay", "jo@elmroad.example", ""]))
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "reason": st.sampled_from(["", "288 people", "about jo@elmroad.example"]),
            "values": st.dictionaries(st.sampled_from(["subject", "sender", "count"]), VALUES),
        }
    ),
    max_size=4,
).map(lambda rules: [{"id": f"rule-{number}", **rule} for number, rule in enumerate(rules)])
DECISIONS = st.fixed_dictionaries(
    {
        "disposition": st.just("relay"),
        "facts": st.dictionaries(st.sampled_from(["size", "people"]), VALUES),
        "defects": st.lists(st.fixed_dictionaries({"kind": VALUES, "where": VALUES}), max_size=2),
        "findings": st.lists(st.fixed_dictionaries({"where": VALUES, "summary": VALUES, "count": VALUES}), max_size=2),
        "rules": RULES,
    }
)


def together(shown: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """The decision again, out of the chain and the evidence."""
    rules = {rule["id"]: rule for rule in kept.get("rules", ())}
    return {**shown, **kept, "rules": [rules.get(rule["id"], rule) for rule in shown["rules"]]}


@given(DECISIONS)
def test_chain_and_evidence_have_the_whole_decision_between_them(decision: dict[str, Any]) -> None:
    shown = without_text(decision)
    assert together(shown, withheld(decision, shown)) == decision
    assert "@" not in str(shown).replace(WITHHELD, "")


async def test_the_evidence_of_an_ordinary_message_does_not_repeat_the_decision() -> None:
    world = World()
    world.policy = load_policy({"default.yaml": DEFAULT.read_bytes()})
    await world.submission.submit(SESSION, envelope(*people(2)), message(people(2)))
    decided = world.ledger.kept[0]
    assert len(decided.fields["rules"]) > 20 and decided.evidence is not None
    assert decided.evidence["visible"] == ["office@elmroad.example", *people(2)]
    assert [rule["id"] for rule in decided.evidence["decision"].get("rules", ())] == ["floor-malformed"]


def test_what_decisions_share_is_never_half_told() -> None:
    """Many decisions share the result of a rule: who asks between two steps of who asks first gets no text."""
    told = []
    rule = Published(id="r", values={"who": "kim@x.example", "count": 1})

    def ask_at_each_line(frame: FrameType, event: str, _: object) -> object:
        if frame.f_code is not entries._rule_without_text.__code__:
            return None
        if event == "line":
            sys.settrace(None)
            before = rule.withheld, rule.shown
            told.append(entries._rule_without_text(rule)["values"])
            rule.withheld, rule.shown = before
            sys.settrace(ask_at_each_line)
        return ask_at_each_line

    tracing = sys.gettrace()
    sys.settrace(ask_at_each_line)
    try:
        told.append(entries._rule_without_text(rule)["values"])
    finally:
        sys.settrace(tracing)
    assert len(told) > 5 and all(each == {"count": 1} for each in told)
