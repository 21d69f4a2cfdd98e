"""What a PDF carries beside its pages: attached files, annotations, values of forms, scripts, links, words for those
who do not see, bookmarks. Properties and XMP are pdf_properties.py's.

Every object of the file is looked at, wherever it hangs, so that an attachment is found in the tree of names, at an
annotation, as an associated file (/AF), in a portfolio and where nothing leads to it any more.

Decided: what a form or an annotation says counts as seen where a page shows it (an appearance is painted onto the page
before that is read), and is told apart as form value or annotation only where none does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Item, Member, Person, Text, Visibility
from .pdf_filters import decoded
from .pdf_objects import Defined, Objects
from .pdf_syntax import Stream, Value, text_of
from .xml_texts import read_texts

MOST_NAME = 255
NO_FILE = "attached file that is not where the PDF says"
FILE_KEYS = ("F", "UF", "DOS", "Mac", "Unix")
_MARKUP = re.compile(r"<[^>]{0,4096}>")
_SCRIPTS = {"JavaScript": "script", "Launch": "command that is started"}
_HIDDEN_FLAGS = 0b100010
"""Hidden and NoView (ISO 32000-2, table 167)."""
Shown = Callable[[str], bool]


def read_carried(objects: Objects, shown: Shown, budget: Budget) -> Iterator[Item]:
    """shown: whether a page shows these words."""
    yield from _files(objects, budget)
    forms = objects.entry(objects.root, "AcroForm")
    drawn_later = objects.entry(forms, "NeedAppearances") is True
    for each, entries in _dictionaries(objects):
        yield from _texts(objects, each, entries, shown, drawn_later, budget)
        yield from _script(objects, entries, budget)
    yield from _xfa(objects, forms, budget)


def _files(objects: Objects, budget: Budget) -> Iterator[Item]:
    taken: set[int] = set()
    for each, specification in _dictionaries(objects):
        embedded = objects.entry(specification, "EF")
        if not isinstance(embedded, dict):
            continue
        for key in FILE_KEYS:
            stream = objects.entry(embedded, key)
            if key in embedded and not isinstance(stream, Stream):
                # As a picture or a font, say, which are not looked into: a viewer would hand it out all the same.
                raise Uninspectable(NO_FILE)
            if isinstance(stream, Stream) and id(stream) not in taken:
                taken.add(id(stream))
                name = next((text for text in (objects.text(specification, k) for k in ("UF", "F")) if text), "")
                yield _member(name, stream, each, budget)
        description = objects.text(specification, "Desc")
        if description:
            yield Text(description, "description of an attached file", Visibility.EMBEDDED)
    for each in objects.all:
        stream = each.value
        if isinstance(stream, Stream) and stream.entries.get("Type") == "EmbeddedFile" and id(stream) not in taken:
            yield _member("", stream, each, budget)


def _member(name: str, stream: Stream, defined: Defined, budget: Budget) -> Member:
    budget.spend_members(1)
    content = decoded(stream, budget)
    budget.keep(len(content))
    return Member(name[:MOST_NAME] or "attached file", "file", Visibility.EMBEDDED, content)


def _texts(
    objects: Objects, each: Defined, entries: dict[str, Value], shown: Shown, drawn_later: bool, budget: Budget
) -> Iterator[Item]:
    subtype = entries.get("Subtype")
    if entries.get("Type") == "StructElem":
        for key in ("Alt", "ActualText", "E"):
            yield from _text(objects, entries, key, "words for those who do not see", Visibility.MARKUP, shown)
    elif "FT" in entries or subtype == "Widget" or ("T" in entries and ("Kids" in entries or "V" in entries)):
        yield from _field(objects, each, entries, shown, drawn_later, budget)
    elif "Rect" in entries and subtype is not None:
        why = Visibility.ANNOTATION if each.current else Visibility.EARLIER_REVISION
        for key in ("Contents", "RC", "Subj", "OverlayText"):
            yield from _text(objects, entries, key, "annotation", why, shown)
        author = objects.text(entries, "T")
        if author and subtype != "Link":
            yield Person("author of an annotation", author, author if "@" in author else "", "annotation", why)
        target = objects.text(objects.entry(entries, "A"), "URI")
        if target and not shown(target.removeprefix("mailto:")):
            yield Text(target, "link", Visibility.MARKUP)
    elif "Title" in entries and "Parent" in entries:
        yield from _text(objects, entries, "Title", "bookmarks", SEEN, shown)


def _text(objects: Objects, entries: Value, key: str, where: str, why: Visibility, shown: Shown) -> Iterator[Item]:
    value = objects.entry(entries, key)
    if isinstance(value, bytes):
        text = text_of(value).strip()
        if key == "RC":
            text = " ".join(_MARKUP.sub(" ", text).split())
        if text and not shown(text):
            yield Text(text.replace("\r\n", "\n").replace("\r", "\n"), where, why)


def _field(
    objects: Objects, each: Defined, entries: dict[str, Value], shown: Shown, drawn_later: bool, budget: Budget
) -> Iterator[Item]:
    """The values of a form field (12.7.4), what it may be set to, and what is said of it."""
    why = Visibility.FORM_VALUE if each.current else Visibility.EARLIER_REVISION
    seen_value = why
    if drawn_later and each.current and _is_drawn(objects, entries):
        seen_value = SEEN
    name = objects.text(entries, "T") or "without a name"
    where = f"form field {name[:MOST_NAME]}"
    told: set[str] = set()
    for key, own in (("V", seen_value), ("DV", why), ("RV", why)):
        for text in _values(objects, objects.entry(entries, key), budget):
            if text and text not in told and not shown(text):
                told.add(text)
                yield Text(text, where, own)
    for key in ("TU", "Contents"):
        yield from _text(objects, entries, key, where, Visibility.MARKUP, shown)
    choices = objects.entry(entries, "Opt")
    if isinstance(choices, list) and len(choices) > 0:
        listed = [text for choice in choices for text in _values(objects, choice, budget)]
        unseen = [text for text in dict.fromkeys(listed) if not shown(text)]
        if unseen:
            yield Text("\n".join(unseen), f"choices of {where}", why)


def _is_drawn(objects: Objects, entries: dict[str, Value]) -> bool:
    """Whether a reader that draws fields itself draws this one."""
    flags, rectangle = objects.entry(entries, "F"), objects.entry(entries, "Rect")
    if isinstance(flags, int) and flags & _HIDDEN_FLAGS:
        return False
    numbers = [each for each in rectangle if isinstance(each, (int, float))] if isinstance(rectangle, list) else []
    return len(numbers) == 4 and abs(numbers[2] - numbers[0]) > 1 and abs(numbers[3] - numbers[1]) > 1


def _values(objects: Objects, value: Value, budget: Budget) -> Iterator[str]:
    value = objects.resolved(value)
    if isinstance(value, bytes):
        yield text_of(value).strip().replace("\r\n", "\n").replace("\r", "\n")
    elif isinstance(value, Stream):
        yield text_of(decoded(value, budget)).strip()
    elif isinstance(value, list):
        for each in value:
            inner = objects.resolved(each)
            if isinstance(inner, bytes):
                yield text_of(inner).strip()


def _dictionaries(objects: Objects) -> Iterator[tuple[Defined, dict[str, Value]]]:
    """Each dictionary with the object in which it stands: the object itself, and those within it."""
    for each in objects.all:
        waiting: list[Value] = [each.value.entries if isinstance(each.value, Stream) else each.value]
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                yield each, value
                waiting += [inner for inner in value.values() if isinstance(inner, (dict, list))]
            elif isinstance(value, list):
                waiting += [inner for inner in value if isinstance(inner, (dict, list))]


def _script(objects: Objects, entries: dict[str, Value], budget: Budget) -> Iterator[Item]:
    """Actions that run something (12.6.4)."""
    kind = _SCRIPTS.get(str(entries.get("S"))) or ("script" if "JS" in entries else None)
    if kind is None:
        return
    yield Member(kind, "macros", Visibility.MACRO)
    for text in _values(objects, entries.get("JS"), budget):
        if text:
            yield Text(text, kind, Visibility.MACRO)


def _xfa(objects: Objects, forms: Value, budget: Budget) -> Iterator[Item]:
    """A form in XML (annex K), of which this PDF is only a shell: its words, and what is filled in."""
    packets = objects.entry(forms, "XFA")
    listed = packets if isinstance(packets, list) else [packets]
    pieces: list[bytes] = []
    for each in listed:
        packet = objects.resolved(each)
        if isinstance(packet, Stream):
            pieces.append(decoded(packet, budget))
            budget.keep(2 * len(pieces[-1]))
    if pieces:
        yield from words_of_xml(b"".join(pieces), "form in XML", Visibility.FORM_VALUE, budget)


def words_of_xml(octets: bytes, where: str, why: Visibility, budget: Budget) -> Iterator[Item]:
    """Its records and texts; where it is no XML that is read, its words without the tags."""
    try:
        found = list(read_texts([octets], where, why, budget))
    except Uninspectable:
        budget.keep(2 * len(octets))
        words = "\n".join(line.strip() for line in _MARKUP.sub("\n", octets.decode("utf-8", "replace")).split("\n"))
        found = [Text(words, where, why)] if words.strip() else []
    yield from found
