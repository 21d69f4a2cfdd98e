"""Formatting keeps every comment and never changes what is loaded, however a file was written."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.core.document import DocumentErrors, load_document
from mailguard.core.policy.layout import comments, formatted

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = sorted((ROOT / "policies").rglob("*.yaml"))
MESSY = """\
# A policy.


version:   1
rules:
# the first
- id : a     # its name
  describe:    'What it''s for'
  when:
        any:
        -   calendar:  true
            # deeper
        - {   visible_external_recipients : {at_least:10},subject: [ a,b ,"c, d" ] }
        # the last of them
  action: hold

  # about nothing
- id: "b"
  describe: >
     Folded
       text # no comment
  when: {sender: [
     a@x.example,   # one
   # between
   b@x.example
   ]}
  action:
      reject
# the end
"""
NEAT = """\
# A policy.

version: 1
rules:
  # the first
  - id: a     # its name
    describe: 'What it''s for'
    when:
      any:
        - calendar: true
          # deeper
        - {visible_external_recipients: {at_least:10}, subject: [a, b, "c, d"]}
        # the last of them
    action: hold

    # about nothing
  - id: "b"
    describe: >
      Folded
        text # no comment
    when: {sender: [
        a@x.example,   # one
        # between
        b@x.example
      ]}
    action:
      reject
# the end
"""
WORDS = [
    "a",
    "two words",
    "it's",
    "x: y",
    "# no comment",
    "- dash",
    "10",
    "true",
    "",
    "a@b.example",
    "é",
    "{",
    "back\\s",
]


def test_a_messy_file_becomes_a_neat_one() -> None:
    assert formatted(MESSY.replace("at_least:10", "at_least: 10").encode(), "p").decode() == NEAT.replace(
        "at_least:10", "at_least: 10"
    )


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_shipped_is_formatted(path: Path) -> None:
    assert formatted(path.read_bytes(), path.name) == path.read_bytes()


class Writer:
    """Writes a value as YAML in as many ways as there are, with comments wherever they may stand."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.lines: list[str] = []

    def text(self, value: Any) -> str:
        self.block(value, 0, "")
        self.fill(0)
        end = self.random.choice(["", "\n", "\n\n", "\n\n# end"])
        return self.random.choice(["\n", "\r\n"]).join(self.lines) + end

    def fill(self, column: int) -> None:
        while self.random.random() < 0.2:
            self.lines.append(self.random.choice(["", "   ", " " * self.random.randint(0, column + 2) + "# said: {x}"]))

    def tail(self) -> str:
        return self.random.choice([""] * 4 + ["  ", " # why?", "      # because"])

    def block(self, value: Any, column: int, first: str) -> None:
        """first: what the first line has already, up to the column."""
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            if not first:
                self.fill(column)
            start = first or " " * column
            first = ""
            if isinstance(value, dict):
                head = start + self.key(str(key)) + self.random.choice(["", "", " "]) + ":"
                self.entry(each, head, column, dash=False)
            else:
                self.entry(each, start + "-", column, dash=True)

    def entry(self, value: Any, head: str, column: int, *, dash: bool) -> None:
        deeper = column + self.random.randint(1, 4)
        if isinstance(value, (dict, list)) and value and self.random.random() < 0.7:
            if dash and self.random.random() < 0.7:
                gap = self.random.randint(1, 3)
                self.block(value, column + 1 + gap, head + " " * gap)
                return
            self.lines.append(head + self.tail())
            indentless = isinstance(value, list) and not dash and self.random.random() < 0.5
            self.block(value, column if indentless else deeper, "")
        elif isinstance(value, str) and value.strip() and self.random.random() < 0.3:
            self.long_text(value, head, deeper)
        else:
            self.lines.append(head + " " * self.random.randint(1, 3) + self.flow(value, deeper) + self.tail())

    def long_text(self, value: str, head: str, column: int) -> None:
        if self.random.random() < 0.5:
            self.lines.append(f"{head} {self.random.choice(['|', '>', '|-', '>-', '|+'])}{self.tail()}")
            body = [value, self.random.choice(["", "  set in", "x"]), value]
            self.lines += [" " * column + each if each else "" for each in body]
        else:
            self.lines += [f'{head} "first', "", f"{' ' * column}and \\", f'{" " * (column + 1)}\\  more"{self.tail()}']

    def key(self, key: str) -> str:
        return self.random.choice([key, f'"{key}"', f"'{key}'"])

    def flow(self, value: Any, column: int) -> str:
        space = self.random.choice
        if isinstance(value, dict):
            items = [f"{self.key(key)}:{space([' ', '  '])}{self.flow(each, column)}" for key, each in value.items()]
            return "{" + self.joined(items, column) + "}"
        if isinstance(value, list):
            return "[" + self.joined([self.flow(each, column) for each in value], column) + "]"
        if not isinstance(value, str):
            return str(value).lower()
        return self.random.choice(["'" + value.replace("'", "''") + "'", '"' + value.replace("\\", "\\\\") + '"'])

    def joined(self, items: list[str], column: int) -> str:
        gap = self.random.choice(["", " ", "  ", "\n" + " " * column, "  # here\n" + " " * (column + 1)])
        around = self.random.choice(["", " ", gap])
        return around + f"{self.random.choice(['', ' '])},{gap or ' '}".join(items) + around


VALUES = st.recursive(
    st.sampled_from(WORDS) | st.booleans() | st.integers(0, 99),
    lambda below: (
        st.lists(below, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "when", "any", "k e y"]), below, max_size=4)
    ),
    max_leaves=15,
)
DOCUMENTS = st.dictionaries(st.sampled_from(["version", "rules", "tests"]), VALUES, min_size=1, max_size=3)


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS, st.integers(0, 2**32))
def test_formatting_never_changes_what_is_loaded_keeps_comments_and_settles_at_once(value: Any, seed: int) -> None:
    text = Writer(Random(seed)).text(value)
    before = load_document(text.encode(), "p")
    once = formatted(text.encode(), "p")
    assert load_document(once, "p").value == before.value
    assert comments(once.decode()) == comments(text.replace("\r\n", "\n"))
    assert formatted(once, "p") == once
    assert b"\r" not in once


@pytest.mark.parametrize(
    "text",
    ["version: [", "a: &x 1\nb: *x\n", "a: 1\n---\nb: 2\n", "", "a: 'x\u2028y'\n", "a: 1\rb: 2\n", "a:\tb\n"],
)
def test_what_is_not_read_is_not_formatted(text: str) -> None:
    with pytest.raises(DocumentErrors):
        formatted(text.encode(), "p")


def test_a_byte_order_mark_goes_and_a_document_start_stays() -> None:
    assert formatted(b"\xef\xbb\xbf--- # start\na:   1\n", "p") == b"---  # start\na: 1\n"
