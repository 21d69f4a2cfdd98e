"""What OpenDocument packages (ODF 1.3 part 2) have in common, whether they hold sheets, text or slides: how they are
recognised, encryption, and the parts beside their content."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Item, Member, Row, Stream, Text, Visibility
from .ods_content import ContentReader
from .ole_object import read_embedded
from .package import Package, open_package
from .properties import read_properties
from .xml_events import SEPARATOR, read_xml, root_of
from .xml_texts import read_texts

SILENT = (
    "mimetype",
    "meta-inf/manifest.xml",
    "manifest.rdf",
    "layout-cache",
    "styles.xml",
    "content.xml",
)
_PIECE = 65_536
_OVERHEAD = 96
_SOURCE = ("CurrentDatabaseDataSource", "CurrentDatabaseCommand", "EmbeddedDatabaseName")


class Reader(Protocol):
    """Reads one part after the other into the same styles."""

    def read(self, pieces: Iterable[bytes]) -> Iterator[Item]: ...


def is_opendocument(data: bytes) -> bool:
    """Whether the first member is the media type, stored, as ODF 1.3 part 2, 3.3 wants it."""
    return data[30:38] == b"mimetype"


def is_flat(data: bytes, media_type: bytes) -> bool:
    """One XML document that calls itself of this type (ODF 1.3 part 3, 3.1.2)."""
    beginning = data[:65_536]
    if not beginning.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") or media_type not in beginning:
        return False
    return root_of([beginning]).endswith("opendocument:xmlns:office:1.0}document")


def open_opendocument(data: bytes, media_types: tuple[bytes, ...], what: str, budget: Budget) -> Package:
    """what: these types in a word. Raises Uninspectable for one of another type, without content, or encrypted."""
    package = open_package(data, budget)
    if "mimetype" not in package.parts or package.read("mimetype").strip() not in media_types:
        raise Uninspectable(f"an OpenDocument that is no {what}")
    if "content.xml" not in package.parts:
        raise Uninspectable("does not hold its content")
    refuse_encrypted(package)
    return package


def pieces_of(data: bytes) -> Iterator[bytes]:
    return (data[start : start + _PIECE] for start in range(0, len(data), _PIECE))


def refuse_encrypted(package: Package) -> None:
    """The manifest says which parts are encrypted (ODF 1.3 part 2, 3.4)."""

    def start(full: str, _: Mapping[str, str]) -> None:
        if full.endswith((f"{SEPARATOR}encryption-data", f"{SEPARATOR}encrypted-key")):
            raise Uninspectable("encrypted")

    if "meta-inf/manifest.xml" in package.parts:
        read_xml(package.pieces("meta-inf/manifest.xml"), start)


def read_content(package: Package, folder: str, reader: Reader) -> Iterator[Item]:
    """Styles, then content, of the document in a folder ("" for the one that the package is)."""
    for part in (f"{folder}styles.xml", f"{folder}content.xml"):
        if part in package.parts:
            yield from reader.read(package.pieces(part))


def read_object(package: Package, folder: str, budget: Budget) -> list[Item]:
    """A document in the document, itself first. The table of a chart is behind a chart, any other is embedded."""
    budget.descend()
    found: list[Item] = [Member(folder, "embedded document", Visibility.EMBEDDED)]
    reader = ContentReader(budget, Visibility.CHART_CACHE, f"{folder}: table ")
    for item in read_content(package, f"{folder}/", reader):
        budget.keep(_OVERHEAD * (len(item.values) if isinstance(item, Row) else 1))
        found.append(item)
    budget.ascend()
    return found


def read_parts(package: Package, budget: Budget, read_document: Callable[[str], Stream]) -> Stream:
    """Every part but the document itself. read_document: of the folder of a document in the document."""
    for part in package.parts:
        if part.endswith("/content.xml"):
            yield from read_document(part.rpartition("/")[0])
        elif part not in SILENT:
            yield from read_rest(package, part, budget)


def read_rest(package: Package, part: str, budget: Budget) -> Stream:
    """A part that is neither SILENT nor content."""
    folder, _, name = part.rpartition("/")
    if name == "meta.xml":
        yield from read_properties(package.pieces(part))
    elif folder.startswith(("basic", "scripts")):
        yield Member(name, "macros", Visibility.MACRO)
        yield from read_texts(package.pieces(part), part, Visibility.MACRO, budget)
    elif name == "settings.xml":
        yield from read_source(package.pieces(part))
    elif folder == "versions" and name.endswith(".xml"):
        yield from read_texts(package.pieces(part), "list of earlier versions", Visibility.EARLIER_REVISION, budget)
    elif folder == "versions":
        yield Member(name, "file", Visibility.EARLIER_REVISION, package.read(part))
    elif folder.startswith(("pictures", "thumbnails", "objectreplacements")):
        yield Member(name, "picture", SEEN, package.read(part))
    elif not folder.startswith(("configurations2", "meta-inf")) and name != "styles.xml":
        yield from read_embedded(name, package.read(part), budget)


def read_source(pieces: Iterable[bytes]) -> Iterator[Item]:
    """Where a document takes its data from, as its settings say: the name of a data source and of a table in it."""
    found: list[str] = []
    is_open = False

    def start(full: str, attributes: Mapping[str, str]) -> None:
        nonlocal is_open
        said = next((value for key, value in attributes.items() if key.endswith(f"{SEPARATOR}name")), "")
        is_open = full.endswith(f"{SEPARATOR}config-item") and said in _SOURCE

    def characters(text: str) -> None:
        if is_open and text.strip() and len(found) < _PIECE:
            found.append(text.strip())

    read_xml(pieces, start, None, characters)
    for text in found:
        yield Text(text, "source of data", Visibility.CONNECTION)
