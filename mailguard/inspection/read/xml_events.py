"""XML as events, by expat, for parts of documents: one pass, no tree, no entity, no external anything.

Promises: `Uninspectable` for what is not well-formed, has a document type, a processing instruction that loads
something, or an encoding that office programs do not write. Nothing is ever fetched. Element names come with their
namespace as `uri}name`, or as a short name from a `Names` table, which costs one dictionary look-up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from xml.parsers import expat

from ..budget import Uninspectable

SEPARATOR = "}"
MAX_DEPTH = 100_000
"""Open elements, roughly; expat keeps each of them in memory."""
MAX_NAMES = 20_000
"""Different names of elements and attributes, all of which expat keeps; a document has some hundreds."""
MAX_TOKEN_OCTETS = 1_048_576
"""Expat before 2.6 scans an unfinished tag again with every piece (CVE-2023-52425); honest tags are far shorter."""
_ENCODINGS = ("utf-8", "utf-16", "us-ascii", "iso-8859-1")
_DECLARED = re.compile(rb"^(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*[\"']([^\"'>]*)[\"']")

MAX_TEXT = 262_144
"""Letters of one text that a reader puts together; a cell of Excel has at most 32,767."""

Start = Callable[[str, Mapping[str, str]], None]
End = Callable[[str], None]
Characters = Callable[[str], None]


class Names(dict[str, str]):
    """uri}name -> the name alone, where the namespace is one of those given; other names stay as they are.

    The same vocabulary stands in several namespaces (transitional and strict), so readers ask for the name alone.
    """

    def __init__(self, namespaces: Iterable[str]) -> None:
        super().__init__()
        self._namespaces = frozenset(namespaces)

    def __missing__(self, full: str) -> str:
        uri, _, name = full.rpartition(SEPARATOR)
        short = name if not uri or uri in self._namespaces else full
        self[full] = short
        return short


class LocalNames(dict[str, str]):
    """uri}name -> the name alone, for vocabularies in which no two names of different namespaces are told apart."""

    def __missing__(self, full: str) -> str:
        self[full] = full.rpartition(SEPARATOR)[2]
        return self[full]


def read_xml(
    pieces: Iterable[bytes], start: Start, end: End | None = None, characters: Characters | None = None
) -> None:
    """Calls the handlers for everything in the pieces. Text between two tags comes in one call, unless it is huge."""
    for _ in xml_steps(pieces, start, end, characters):
        pass


def xml_steps(
    pieces: Iterable[bytes], start: Start, end: End | None = None, characters: Characters | None = None
) -> Iterator[None]:
    """The same in steps, one after each piece, for a reader that hands on what it has so far."""
    names: dict[str, str] = {}
    parser = expat.ParserCreate(namespace_separator=SEPARATOR, intern=names)
    parser.buffer_text = True
    parser.buffer_size = MAX_TEXT
    parser.StartElementHandler = start
    if end is not None:
        parser.EndElementHandler = end
    if characters is not None:
        parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.EntityDeclHandler = _refuse_document_type
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        for _ in _feed(parser, pieces):
            if len(names) > MAX_NAMES:
                raise Uninspectable(f"holds XML with more than {MAX_NAMES} different names")
            yield
    except expat.ExpatError as error:
        raise Uninspectable("holds XML that is not well-formed") from error


def joined(text: str, more: str) -> str:
    """A text and what follows of it. Limited, since putting together a text of any length is quadratic."""
    if len(text) + len(more) > MAX_TEXT:
        raise Uninspectable(f"holds a text of more than {MAX_TEXT} letters")
    return text + more


def root_of(pieces: Iterable[bytes]) -> str:
    """The name of the outermost element, "" where there is none; reads no further than needed."""
    found: list[str] = []

    class _Found(Exception):
        pass

    def start(name: str, _: Mapping[str, str]) -> None:
        found.append(name)
        raise _Found

    with suppress(_Found, Uninspectable):
        read_xml(pieces, start)
    return found[0] if found else ""


def _feed(parser: expat.XMLParserType, pieces: Iterable[bytes]) -> Iterator[None]:
    fed = depth = 0
    wide = False
    for piece in pieces:
        if not fed:
            _check_encoding(piece)
            wide = b"\0" in piece[:4]
        fed += len(piece)
        depth += _opened(piece.replace(b"\0", b"") if wide else piece)
        if depth > MAX_DEPTH:
            raise Uninspectable("holds XML that is nested without end")
        parser.Parse(piece, False)
        if fed - parser.CurrentByteIndex > MAX_TOKEN_OCTETS + len(piece):
            raise Uninspectable("holds XML with a tag that has no end")
        yield
    parser.Parse(b"", True)
    yield


def _opened(piece: bytes) -> int:
    """How many more elements a piece opens than it closes, roughly: a tag that two pieces divide counts askew."""
    tags = piece.count(b"<") - piece.count(b"<?") - piece.count(b"<!")
    return tags - 2 * piece.count(b"</") - piece.count(b"/>")


def _check_encoding(beginning: bytes) -> None:
    """A name in a file must not import a codec: pyexpat would ask Python for any."""
    declared = _DECLARED.match(beginning[:1_024])
    if declared and declared[1].decode("latin-1").lower() not in _ENCODINGS:
        raise Uninspectable("holds XML in an encoding that is not read")


def _refuse_document_type(*_: object) -> None:
    raise Uninspectable("holds XML with a document type, which documents never need")
