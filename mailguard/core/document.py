"""One strict reading of YAML for settings and policies, with the place of everything that is wrong.

Promises: `load_document` gives plain values (dict, list, str, int, float, bool, None) and the line and column of every
key and value, or raises DocumentErrors. Scalars follow the core schema of YAML 1.2 (section 10.3.2), so `NO` and `1:30`
are text and `012` is twelve. What two readers could take differently is refused: duplicate keys, anchors, aliases,
tags, tabs, several documents, an empty file. Memory and depth are bounded before anything is built.
It must not know what the document is about; pydantic models say that (`load_model`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import GenericAlias
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from yaml import events

from .errors import MailguardError

MAX_DOCUMENT_BYTES = 4 * 1024 * 1024
"""A policy of 2,000 rules is about half a megabyte."""
MAX_DEPTH = 40
MAX_NUMBER_DIGITS = 18

KeyPath = tuple[str | int, ...]
ModelT = TypeVar("ModelT", bound=BaseModel)

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_UNQUOTED = re.compile(r"[@`%*&!][^\s,\]}#]+")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: line and column count from 1, in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong in a document, for an admin. suggestion: what was probably meant, or None."""

    file: str
    line: int
    column: int
    message: str
    suggestion: str | None = None
    source_line: str = ""

    def render(self) -> str:
        """`file:line:column: message`, the line, a caret under the column, and the suggestion if there is one."""
        lines = [f"{self.file}:{self.line}:{self.column}: {self.message}"]
        if self.source_line.strip():
            lines += [f"    {self.source_line}", "    " + " " * (self.column - 1) + "^"]
        if self.suggestion:
            lines.append(f"    did you mean {self.suggestion}?")
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "suggestion": self.suggestion,
            "source_line": self.source_line,
        }


class DocumentErrors(MailguardError):
    """A document that cannot be used. diagnostics: everything that is wrong with it, in order of appearance."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(each.render() for each in self.diagnostics))


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read. values and keys: the place of each value, and of the key that it stands under."""

    name: str
    value: Any
    lines: tuple[str, ...]
    values: Mapping[KeyPath, Place]
    keys: Mapping[KeyPath, Place] = field(default_factory=dict)

    def diagnostic(
        self, path: KeyPath, message: str, suggestion: str | None = None, *, at_key: bool = False
    ) -> Diagnostic:
        """A diagnostic at the place of `path`, or of the nearest thing around it that stands in the document."""
        known = path
        while known and known not in self.values:
            known = known[:-1]
        place = self.keys.get(known) if at_key else None
        return _diagnostic(self.name, self.lines, place or self.values.get(known, Place(1, 1)), message, suggestion)


def load_document(text: bytes, name: str) -> Document:
    """The plain values of one YAML document and their places. `name` is what errors call it.

    Raises DocumentErrors. UTF-8 only, at most MAX_DOCUMENT_BYTES octets and MAX_DEPTH levels.
    """
    decoded = _decode(text, name)
    lines = tuple(decoded.split("\n"))
    _refuse_tabs(lines, name)
    return _Reader(name, decoded, lines).document()


def load_model(text: bytes, name: str, model: type[ModelT]) -> ModelT:
    """A document as a value of a pydantic model. Raises DocumentErrors with the places of all that is wrong."""
    return validate(load_document(text, name), model)


def validate(document: Document, model: type[ModelT]) -> ModelT:
    """The model of a document that was read. Raises DocumentErrors."""
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        found = [_explain(document, model, each) for each in _meant(error.errors(include_url=False))]
        ordered = sorted(set(found), key=lambda each: (each.line, each.column, each.message))
        raise DocumentErrors(ordered) from None


def closest(word: object, candidates: Iterable[str]) -> str | None:
    """The candidate that is spelled most alike, in quotes, or None."""
    matches = get_close_matches(str(word), list(candidates), n=1, cutoff=0.6)
    return quoted(matches[0]) if matches else None


def quoted(value: object) -> str:
    """An input as errors show it: in quotes, on one line, at most 60 characters of it."""
    text = "".join(character if character.isprintable() else " " for character in str(value))
    return f'"{text if len(text) <= 60 else text[:57] + "..."}"'


def _diagnostic(
    name: str, lines: tuple[str, ...], place: Place, message: str, suggestion: str | None = None
) -> Diagnostic:
    source = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    shown = "".join(character if character.isprintable() else " " for character in source.rstrip("\r"))
    return Diagnostic(name, place.line, place.column, message, suggestion, shown[:400])


def _decode(text: bytes, name: str) -> str:
    if len(text) > MAX_DOCUMENT_BYTES:
        raise DocumentErrors([Diagnostic(name, 1, 1, f"the file is larger than {MAX_DOCUMENT_BYTES:,} bytes")])
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = text[: error.start]
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2]) + 1
        raise DocumentErrors([Diagnostic(name, line, column, "the file is not UTF-8 text")]) from None


def _refuse_tabs(lines: tuple[str, ...], name: str) -> None:
    for number, line in enumerate(lines, start=1):
        column = line.find("\t") + 1
        if column:
            message = 'a tab is not allowed here: use spaces, or "\\t" in double quotes'
            raise DocumentErrors([_diagnostic(name, lines, Place(number, column), message)])


class _Reader:
    """Builds plain values from parse events. Bounded in depth, so recursion is safe here."""

    def __init__(self, name: str, text: str, lines: tuple[str, ...]) -> None:
        self.name = name
        self.lines = lines
        self.values: dict[KeyPath, Place] = {}
        self.keys: dict[KeyPath, Place] = {}
        self.wrong: list[Diagnostic] = []
        self.events: Iterator[events.Event] = yaml.parse(text, Loader=yaml.CSafeLoader)

    def document(self) -> Document:
        try:
            value = self._document()
        except yaml.MarkedYAMLError as error:
            raise DocumentErrors([*self.wrong, self._syntax(error)]) from None
        except yaml.YAMLError:
            raise DocumentErrors([self._at(self._unprintable(), "a control character is not allowed")]) from None
        if self.wrong:
            raise DocumentErrors(self.wrong)
        return Document(self.name, value, self.lines, self.values, self.keys)

    def _document(self) -> Any:
        next(self.events)
        if isinstance(next(self.events), events.StreamEndEvent):
            self._fail(Place(1, 1), "the file is empty")
        event = next(self.events)
        if isinstance(event, events.ScalarEvent) and event.implicit[0] and event.value in _NULLS:
            self._fail(_place(event), "the file is empty")
        value = self._value(event, (), 0)
        next(self.events)
        after = next(self.events)
        if isinstance(after, events.DocumentStartEvent):
            self._fail(_place(after), "a second document: a file holds one, without a further `---`")
        return value

    def _value(self, event: events.Event, path: KeyPath, depth: int) -> Any:
        place = _place(event)
        self.values[path] = place
        self._refuse_indirection(event, place)
        if depth > MAX_DEPTH:
            self._fail(place, f"nested more than {MAX_DEPTH} levels deep")
        if isinstance(event, events.MappingStartEvent):
            return self._mapping(path, depth)
        if isinstance(event, events.SequenceStartEvent):
            return self._sequence(path, depth)
        assert isinstance(event, events.ScalarEvent)
        return self._scalar(event.value, place) if event.implicit[0] else event.value

    def _mapping(self, path: KeyPath, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self.events), events.MappingEndEvent):
            place = _place(event)
            self._refuse_indirection(event, place)
            if not isinstance(event, events.ScalarEvent) or (event.implicit[0] and event.value in _NULLS):
                self._fail(place, "a key must be a word")
            assert isinstance(event, events.ScalarEvent)
            key: str = event.value
            if key in found:
                first = self.keys[(*path, key)]
                self.wrong.append(self._at(place, f"{quoted(key)} is given twice, first on line {first.line}"))
            self.keys[(*path, key)] = place
            found[key] = self._value(next(self.events), (*path, key), depth + 1)
        return found

    def _sequence(self, path: KeyPath, depth: int) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self.events), events.SequenceEndEvent):
            found.append(self._value(event, (*path, len(found)), depth + 1))
        return found

    def _scalar(self, text: str, place: Place) -> Any:
        if text in _NULLS:
            return None
        if text in _BOOLS:
            return _BOOLS[text]
        if not _INT.fullmatch(text) and not _FLOAT.fullmatch(text):
            return text
        if len(text) > MAX_NUMBER_DIGITS + 2:
            self._fail(place, f"the number {quoted(text)} has too many digits")
        return _number(text)

    def _refuse_indirection(self, event: events.Event, place: Place) -> None:
        if isinstance(event, events.AliasEvent):
            self._fail(place, "an alias is not allowed: put text that begins with * in quotes")
        if getattr(event, "anchor", None) is not None:
            self._fail(place, "an anchor is not allowed: put text that begins with & in quotes")
        if getattr(event, "tag", None) is not None:
            self._fail(place, "a tag is not allowed: put text that begins with ! in quotes")

    def _at(self, place: Place, message: str, suggestion: str | None = None) -> Diagnostic:
        return _diagnostic(self.name, self.lines, place, message, suggestion)

    def _fail(self, place: Place, message: str) -> None:
        raise DocumentErrors([*self.wrong, self._at(place, message)])

    def _syntax(self, error: yaml.MarkedYAMLError) -> Diagnostic:
        for mark in (error.context_mark, error.problem_mark):
            word = _UNQUOTED.match(self.lines[mark.line], mark.column) if mark and mark.line < len(self.lines) else None
            if mark and word:
                place = Place(mark.line + 1, mark.column + 1)
                return self._at(place, f"text that begins with {word[0][0]} needs quotes", f'"{word[0]}"')
        mark = error.problem_mark or error.context_mark
        problem = (error.problem or error.context or "this cannot be read").lower()
        meant = next((plain for said, plain in _SYNTAX.items() if problem.startswith(said)), problem)
        return self._at(Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1), f"not valid yaml: {meant}")

    def _unprintable(self) -> Place:
        for number, line in enumerate(self.lines, start=1):
            for column, character in enumerate(line, start=1):
                if not character.isprintable() and character not in "\r\x85\xa0\ufeff":
                    return Place(number, column)
        return Place(1, 1)


def _place(event: events.Event) -> Place:
    mark = event.start_mark
    return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)


def _number(text: str) -> int | float:
    if not _INT.fullmatch(text):
        return float(text)
    if text[:2] in ("0o", "0x"):
        return int(text[2:], 8 if text[1] == "o" else 16)
    return int(text)


def _explain(document: Document, model: type[BaseModel], error: ErrorDetails) -> Diagnostic:
    """A pydantic error as a diagnostic: where it is, in plain words, and what was probably meant."""
    path, absent = _locate(document, error["loc"])
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        known = _keys_at(model, path[:-1])
        return document.diagnostic(path, f"unknown key {quoted(path[-1])}", closest(path[-1], known), at_key=True)
    if kind == "missing":
        return document.diagnostic(path, f"{quoted(absent)} is missing", at_key=True)
    suggestion = context.get("suggestion") or _literal(error["input"], context)
    return document.diagnostic(path, _message(kind, context, error), suggestion)


def _meant(errors: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Without the lists that pydantic finds too short only because it left out items that have errors of their own."""
    inside = {each["loc"][:length] for each in errors for length in range(len(each["loc"]))}
    return [each for each in errors if each["type"] != "too_short" or each["loc"] not in inside]


def _locate(document: Document, loc: Iterable[str | int]) -> tuple[KeyPath, str | int]:
    """The path in the document of a pydantic location, which also names union members and defaults, and the last
    step that the document does not have."""
    path: KeyPath = ()
    absent: str | int = ""
    for step in loc:
        if (*path, step) in document.values:
            path = (*path, step)
        else:
            absent = step
    return path, absent


def _message(kind: str, context: Mapping[str, Any], error: ErrorDetails) -> str:
    given = error["input"]
    shown = quoted(given) if isinstance(given, (str, int, float)) and not isinstance(given, bool) else _kind_of(given)
    wanted = _WANTED.get(kind)
    if wanted:
        return f"{wanted.format(**context)} expected, not {shown}"
    if kind == "value_error":
        return str(context.get("error", error["msg"]))
    if kind in ("literal_error", "enum"):
        return f"{shown} is not one of {str(context.get('expected', '')).replace(chr(39), chr(34))}"
    text = error["msg"]
    return (text[:1].lower() + text[1:]) if kind in _PYDANTIC_KINDS else text


def _literal(given: object, context: Mapping[str, Any]) -> str | None:
    return closest(given, re.findall(r"'([^']*)'", str(context.get("expected", ""))))


def _kind_of(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "keys and values"
    if value == []:
        return "an empty list"
    return "a list" if isinstance(value, list) else quoted(value)


_INDENTATION = "this line is not set in as far as the lines that it belongs to"
_SYNTAX = {
    "mapping values are not allowed": "text with a colon and a space in it needs quotes, or the line is set in too far",
    "did not find expected '-' indicator": _INDENTATION,
    "did not find expected key": _INDENTATION,
    "expected <block end>": _INDENTATION,
}
"""What a YAML parser says, and what an admin has done."""
_WANTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "keys and values",
    "model_type": "keys and values",
    "model_attributes_type": "keys and values",
    "dataclass_type": "keys and values",
    "greater_than_equal": "a number of at least {ge}",
    "greater_than": "a number above {gt}",
    "less_than_equal": "a number of at most {le}",
    "less_than": "a number below {lt}",
    "string_too_short": "text of at least {min_length} character(s)",
    "string_too_long": "text of at most {max_length} character(s)",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
}
_PYDANTIC_KINDS = frozenset({"string_pattern_mismatch", "url_parsing", "path_type", "time_delta_parsing"})


def _keys_at(model: type[BaseModel], path: KeyPath) -> set[str]:
    """The keys that the model knows at a path, through lists, optional values and unions."""
    models = {model}
    for step in path:
        if isinstance(step, int):
            continue
        models = {found for each in models for found in _models_under(each, step)}
    return {info.alias or name for each in models for name, info in each.model_fields.items()}


def _models_under(model: type[BaseModel], key: str) -> set[type[BaseModel]]:
    for name, info in model.model_fields.items():
        if key in (name, info.alias):
            return set(_models_in(info.annotation))
    return set()


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and not isinstance(annotation, GenericAlias):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for argument in get_args(annotation):
        yield from _models_in(argument)
