"""OpenDocument spreadsheets: ods and ots (a zip package), fods (one XML document).

Promises: a Stream of all that the file holds, or `Uninspectable`. An encrypted package is told by its manifest.
Objects in a package (charts, documents in the document) are read with the same reader, as what is behind a chart or
embedded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Item, Member, Row, Stream, Table, Visibility
from .ods_content import ContentReader
from .package import Package, open_package
from .properties import read_properties
from .seen_texts import SeenTexts
from .xml_events import SEPARATOR, read_xml
from .xml_texts import read_texts

_SILENT = (
    "mimetype",
    "meta-inf/manifest.xml",
    "settings.xml",
    "manifest.rdf",
    "layout-cache",
    "styles.xml",
    "content.xml",
)
SPREADSHEET = b"application/vnd.oasis.opendocument.spreadsheet"
_MIMETYPES = (SPREADSHEET, SPREADSHEET + b"-template")
_PIECE = 65_536
_OVERHEAD = 96


def is_opendocument(data: bytes) -> bool:
    """Whether the first member is the media type, stored, as ODF 1.3 part 2, 3.3 wants it."""
    return data[30:38] == b"mimetype"


def read_ods(data: bytes, budget: Budget) -> Stream:
    package = open_package(data, budget)
    if package.read("mimetype").strip() not in _MIMETYPES:
        raise Uninspectable("an OpenDocument that is no spreadsheet")
    if "content.xml" not in package.parts:
        raise Uninspectable("does not hold its content")
    _refuse_encrypted(package)
    seen = SeenTexts(budget)
    for item in _document(package, "", ContentReader(budget)):
        seen.note(item)
        yield item
    for part in package.parts:
        if part not in _SILENT:
            yield from _rest(package, part, budget, seen)


def read_fods(data: bytes, budget: Budget) -> Stream:
    """A flat document has its properties, styles and tables in one. What is embedded is read where it stands."""
    budget.spend_bytes(len(data))
    budget.spend_tags(data.count(b"<"))
    yield from _with_members(ContentReader(budget).read(_pieces(data)))
    yield from read_properties(_pieces(data), inside="office:1.0}meta")


def _pieces(data: bytes) -> Iterator[bytes]:
    return (data[start : start + _PIECE] for start in range(0, len(data), _PIECE))


def _document(package: Package, folder: str, reader: ContentReader) -> Iterator[Item]:
    for part in (f"{folder}styles.xml", f"{folder}content.xml"):
        if part in package.parts:
            yield from _with_members(reader.read(package.pieces(part)))


def _with_members(items: Iterator[Item]) -> Iterator[Item]:
    """Each table also as a member: its name and whether it shows."""
    for item in items:
        if isinstance(item, Table) and item.where.startswith("sheet "):
            yield Member(item.where.removeprefix("sheet "), "sheet", item.visibility)
        yield item


def _refuse_encrypted(package: Package) -> None:
    def start(full: str, _: Mapping[str, str]) -> None:
        if full.endswith((f"{SEPARATOR}encryption-data", f"{SEPARATOR}encrypted-key")):
            raise Uninspectable("encrypted")

    if "meta-inf/manifest.xml" in package.parts:
        read_xml(package.pieces("meta-inf/manifest.xml"), start)


def _rest(package: Package, part: str, budget: Budget, seen: SeenTexts) -> Stream:
    folder, _, name = part.rpartition("/")
    if name == "meta.xml":
        yield from read_properties(package.pieces(part))
    elif name == "content.xml":
        yield from _object(package, folder, budget, seen)
    elif folder.startswith(("basic", "scripts")) or name in ("styles.xml", "settings.xml"):
        if name not in ("styles.xml", "settings.xml"):
            yield Member(name, "macros", Visibility.MACRO)
            yield from read_texts(package.pieces(part), part, Visibility.MACRO, budget)
    elif folder.startswith(("pictures", "thumbnails", "objectreplacements")):
        yield Member(name, "picture", SEEN, package.read(part))
    elif not folder.startswith(("configurations2", "meta-inf")):
        yield Member(name, "file", Visibility.EMBEDDED, package.read(part))


def _object(package: Package, folder: str, budget: Budget, seen: SeenTexts) -> Stream:
    """A document in the document. The table of a chart is behind a chart, any other is embedded."""
    budget.descend()
    yield Member(folder, "embedded document", Visibility.EMBEDDED)
    items = []
    for item in _document(package, f"{folder}/", ContentReader(budget, Visibility.CHART_CACHE, f"{folder}: table ")):
        budget.keep(_OVERHEAD * (len(item.values) if isinstance(item, Row) else 1))
        items.append(item)
    if not _only_repeats(items, seen):
        yield from items
    budget.ascend()


def _only_repeats(items: list[Item], seen: SeenTexts) -> bool:
    """Whether it is a chart that shows nothing but what a sheet shows. Its first row and column are labels."""
    if any(isinstance(item, Table) and item.visibility is not Visibility.CHART_CACHE for item in items):
        return False
    rows = [item for item in items if isinstance(item, Row)]
    return all(seen.holds_anywhere(row.values[1:]) for row in rows[1:])
