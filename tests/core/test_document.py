"""The strict reading of YAML (THREATS.md T83) and the places of what is wrong."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from mailguard.core import document
from mailguard.core.document import Diagnostic, DocumentErrors, load_document, load_model


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    address: str
    tls: Literal["none", "required"] = "none"
    port: int = Field(default=25, ge=1, le=65535, strict=True)


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    listen: list[Inner]
    smarthost: Inner | None = None


def errors(text: str | bytes) -> tuple[Diagnostic, ...]:
    raw = text.encode() if isinstance(text, str) else text
    with pytest.raises(DocumentErrors) as caught:
        load_document(raw, "f.yaml")
    return caught.value.diagnostics


def model_errors(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(DocumentErrors) as caught:
        load_model(text.encode(), "f.yaml", Outer)
    return caught.value.diagnostics


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("1:30", "1:30"),
        ("190:20:30", "190:20:30"),
        ("012", 12),
        ("-7", -7),
        ("0o17", 15),
        ("0x1f", 31),
        ("1_000", "1_000"),
        ("0b1", "0b1"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("1e3", 1000.0),
        ("1.5", 1.5),
        ("2026-03-12", "2026-03-12"),
        ("<<", "<<"),
        ('"true"', "true"),
        ("'12'", "12"),
        ("=", "="),
    ],
)
def test_scalars_follow_yaml_1_2(written: str, value: object) -> None:
    found = load_document(f"key: {written}".encode(), "f.yaml").value["key"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, 1, '"a" is given twice, first on line 1'),
        ("a: {b: 1, b: 2}", 1, 11, '"b" is given twice'),
        ("a: 1\n'a': 2\n", 2, 1, "twice"),
        ("a: &x 1\nb: 2", 1, 4, "an anchor"),
        ("a: 1\nb: *a", 2, 4, "an alias"),
        ("a: !!python/object:os.system x", 1, 4, "a tag"),
        ("a: !x 1", 1, 4, "a tag"),
        ("!!map {a: 1}", 1, 1, "a tag"),
        ("a:\n\tb: 1", 2, 1, "a tab"),
        ("a: 1\t# x", 1, 5, "a tab"),
        ("", 1, 1, "empty"),
        ("# only a comment\n", 1, 1, "empty"),
        ("---\n", 2, 1, "empty"),
        ("a: 1\n---\nb: 2", 2, 1, "a second document"),
        ("a: 1\n...\n---\nb: 2", 3, 1, "a second document"),
        ("{a: 1}: 2", 1, 1, "a key must be a word"),
        ("~: 2", 1, 1, "a key must be a word"),
        ("a: b: c", 1, 5, "not valid yaml"),
        ("a: [1, 2", 2, 1, "not valid yaml"),
        ("a: 'x", 1, 6, "not valid yaml"),
        ("a: x\x07y", 1, 5, "control character"),
        ("a: 1" + "0" * 30, 1, 4, "too many digits"),
    ],
)
def test_refuses_what_two_readers_could_take_differently(text: str, line: int, column: int, part: str) -> None:
    first = errors(text)[0]
    assert part in first.message
    assert (first.line, first.column) == (line, column) or part == "not valid yaml"


def test_refuses_what_is_not_utf_8_or_too_large() -> None:
    assert "UTF-8" in errors(b"a: \xff")[0].message
    assert (errors(b"a: 1\nb: \xff")[0].line, errors(b"a: 1\nb: \xff")[0].column) == (2, 4)
    assert "larger" in errors(b"#" * (document.MAX_DOCUMENT_BYTES + 1))[0].message


@pytest.mark.parametrize("text", ["[" * 5000, "a: " * 3000, "- " * 5000, "{a: " * 5000])
def test_depth_is_bounded(text: str) -> None:
    assert errors(text)


@pytest.mark.parametrize("mark", ["@", "*", "&", "!", "%", "`"])
def test_says_when_text_needs_quotes(mark: str) -> None:
    assert "quotes" in errors(f"sender: [{mark}elmroad.example]")[0].message


def test_suggests_the_quotes() -> None:
    assert errors("sender: @elmroad.example\n")[0].suggestion == '"@elmroad.example"'


def test_byte_order_mark_and_crlf_are_read() -> None:
    assert load_document(b"\xef\xbb\xbfa: 1\r\nb: x\r\n", "f").value == {"a": 1, "b": "x"}


def test_every_value_has_a_place() -> None:
    found = load_document(b"rules:\n  - id: x\n    when: {a: [1, 2]}\n", "f")
    assert found.values["rules", 0, "when", "a", 1] == document.Place(3, 19)
    assert found.keys["rules", 0, "when"] == document.Place(3, 5)


def test_renders_line_caret_and_suggestion() -> None:
    (found,) = model_errors("listen:\n  - address: a\n    tsl: none\n")
    assert found.render().split("\n") == [
        'f.yaml:3:5: unknown key "tsl"',
        "        tsl: none",
        "        ^",
        '    did you mean "tls"?',
    ]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: x\nb: Careful: too many\n", 2, "text with a colon and a space in it needs quotes"),
        ("a: x\n   b: y\n", 2, "is set in too far"),
        ("a:\n  - b: x\n    c: y\n   d: z\n", 4, "not set in as far"),
        ("a:\n    b: x\n  c: y\n", 3, "not set in as far"),
    ],
)
def test_common_slips_of_the_pen_have_a_plain_sentence(text: str, line: int, says: str) -> None:
    (found,) = errors(text)
    assert found.line == line and says in found.message


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "suggestion"),
    [
        ("listen: [{address: a, tls: requird}]", 1, 28, '"requird" is not one of "none" or "required"', '"required"'),
        ("listen: [{tls: none}]", 1, 10, '"address" is missing', None),
        ("listen: 7", 1, 9, 'a list expected, not "7"', None),
        ("listen: [x]", 1, 10, 'keys and values expected, not "x"', None),
        ("listen: [{address: a, port: eight}]", 1, 29, 'a whole number expected, not "eight"', None),
        ("listen: [{address: a, port: 0}]", 1, 29, 'a number of at least 1 expected, not "0"', None),
        ("listen: [{address: 7}]", 1, 20, 'text expected, not "7"', None),
        ("listen: []\nsmarthost: {adress: x}", 2, 13, 'unknown key "adress"', '"address"'),
        ("[1]", 1, 1, "keys and values expected, not a list", None),
    ],
)
def test_places_of_what_a_model_refuses(
    text: str, line: int, column: int, message: str, suggestion: str | None
) -> None:
    found = [each for each in model_errors(text) if each.message == message]
    assert [(each.line, each.column, each.suggestion) for each in found] == [(line, column, suggestion)]


def test_all_errors_come_at_once_in_order() -> None:
    found = model_errors("listen:\n  - {address: a, tls: x}\n  - {adres: b}\nsmart: 1\n")
    assert [each.line for each in found] == [2, 3, 3, 4]


class Several(BaseModel):
    listen: tuple[Inner, ...] = Field(min_length=1)


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("listen: [{address: a, port: x}]", ['a whole number expected, not "x"']),
        ("listen: []", ["a list of at least 1 expected, not an empty list"]),
    ],
)
def test_a_list_is_too_short_only_where_it_is(text: str, messages: list[str]) -> None:
    with pytest.raises(DocumentErrors) as raised:
        load_model(text.encode(), "settings.yaml", Several)
    assert [each.message for each in raised.value.diagnostics] == messages


def test_long_or_hostile_input_is_quoted_on_one_line() -> None:
    found = model_errors(f'listen: [{{address: a, tls: "{"x" * 500}\\e[31m\\n"}}]')[0]
    assert len(found.message) < 140
    assert "\x1b" not in found.message + found.source_line


def test_to_json_has_every_field() -> None:
    assert set(model_errors("[1]")[0].to_json()) == {"file", "line", "column", "message", "suggestion", "source_line"}


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_reads_or_refuses_anything(text: str | bytes) -> None:
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    try:
        load_document(raw, "f.yaml")
    except DocumentErrors as error:
        assert error.diagnostics
        assert all(each.line >= 1 and each.column >= 1 for each in error.diagnostics)


PIECES = [
    "a: ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\n",
    "  ",
    "'",
    '"',
    "#",
    "?",
    ":",
    "|",
    ">",
    "---",
    "@x",
    "&a",
    "*a",
    "\\",
]


@given(st.lists(st.sampled_from([*PIECES, "true", "012", "é", "\u2028", "\ufeff", "%YAML 1.1\n"]), max_size=30))
def test_reads_or_refuses_yaml_like_text(pieces: list[str]) -> None:
    try:
        load_document("".join(pieces).encode(), "f.yaml")
    except DocumentErrors as error:
        assert all(each.render() for each in error.diagnostics)
