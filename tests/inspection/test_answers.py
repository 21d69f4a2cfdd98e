"""What comes back from a worker: whole, or nothing of it is used."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.core.carried.model import Attached, Carried
from mailguard.core.inventory import Inventory
from mailguard.core.mail.quoted import Quoted
from mailguard.core.verdict import Finding
from mailguard.inspection import framing
from mailguard.inspection.answers import MOST_CHARACTERS, examined, plain
from mailguard.inspection.examine import Examined
from mailguard.inspection.framing import BrokenFrame

ANSWER = Examined(
    (Finding("rows", "nhs_number", "sheet Data", 40, "40 NHS numbers", hidden=True),),
    "a type that is not read",
    Carried(
        text=("a@x.example",),
        quoted=(Quoted(("b@x.example",), ("c@x.example",), ()),),
        attached=(Attached((), ("d@x.example",)),),
        contacts=("e@x.example",),
        encrypted=True,
        listed=("f@x.example",),
        senders=("g@x.example",),
        classes=("ipm.note",),
    ),
    inventory=(
        Inventory("a.zip > b.xlsx", 9, 4, (("hidden rows", 5),), (("comments", 1),), (("sheet", 1),), "encrypted"),
    ),
)


def sent(answer: Examined) -> dict[str, Any]:
    return framing.value(framing.frame(plain(answer))[framing.LENGTH.size :])


@pytest.mark.parametrize("answer", [ANSWER, Examined(), Examined(error="ValueError", unread="x")])
def test_there_and_back(answer: Examined) -> None:
    assert examined(sent(answer)) == answer


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"1", b'"x"', b"[" * 100_000, b"\xff"])
def test_what_is_no_object(value: bytes) -> None:
    with pytest.raises(BrokenFrame):
        framing.value(value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("unread", 1),
        ("unread", "a\nb"),
        ("unread", "x" * (MOST_CHARACTERS + 1)),
        ("unread", "\ud800"),
        ("people", []),
        ("people", {}),
        ("findings", None),
        ("findings", [[1, 2, 3, 4, 5, 6]]),
        ("findings", [["a", "b", "c", -1, "d", False, ""]]),
        ("findings", [["a", "b", "c", True, "d", False, ""]]),
        ("findings", [["a", "Ann Marsh 999 000 0018", "c", 1, "d", False, ""]]),
        ("findings", [["ann@x.example", "b", "c", 1, "d", False, ""]]),
        ("findings", [["a"]]),
        ("inventory", [["a", 1, 1, [], [], []]]),
        ("inventory", [["a", -1, 1, [], [], [], ""]]),
        ("inventory", [["a", 1, 1, [["b"]], [], [], ""]]),
        ("inventory", [["a", 1, 1, [], [], {"b": 1}, ""]]),
        ("inventory", [["a", 1, 1, [], [], [], 7]]),
        ("inventory", [["a", 1, 1, [["Ann Marsh", 1]], [], [], ""]]),
        ("inventory", [["a", 1, 1, [], [["ann", 1]], [], ""]]),
        ("inventory", [["a", 1, 1, [], [], [["ann@x.example", 1]], ""]]),
        ("inventory", [["a", 1, 1, [], [], [], "of ann@x.example"]]),
        ("unread", "of ann@x.example"),
        ("error", ["x"]),
        ("error", "Ann Marsh"),
    ],
)
def test_what_is_no_answer(key: str, value: Any) -> None:
    with pytest.raises(BrokenFrame):
        examined({**sent(ANSWER), key: value})


def test_an_incomplete_answer() -> None:
    for key in ("unread", "findings", "people", "inventory", "error"):
        broken = sent(ANSWER)
        del broken[key]
        with pytest.raises(BrokenFrame):
            examined(broken)


def test_each_list_of_people() -> None:
    for key in ("text", "contacts", "listed", "senders", "classes", "quoted", "attached", "encrypted"):
        for value in (None, "a@x.example", [1], [[["a"]]], {}):
            broken = copy.deepcopy(sent(ANSWER))
            broken["people"][key] = value
            with pytest.raises(BrokenFrame):
                examined(broken)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@settings(max_examples=200, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(plain(ANSWER), values)))
def test_any_values(value: dict[str, Any]) -> None:
    try:
        examined(value)
    except BrokenFrame:
        return


def test_a_frame_that_is_too_long() -> None:
    with pytest.raises(BrokenFrame):
        framing.length(b"\xff\xff\xff\xff", framing.MOST_ANSWER_OCTETS)
