"""The package of an OpenDocument (ODF 1.3 part 2), whatever is in it: its media type, encryption, and the parts beside
the content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..budget import Budget, Uninspectable
from ..stream import SEEN, Member, Stream, Visibility
from .ole_object import read_embedded
from .package import Package, open_package
from .properties import read_properties
from .xml_events import SEPARATOR, read_xml, root_of
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
_PIECE = 65_536


def is_opendocument(data: bytes) -> bool:
    """Whether the first member is the media type, stored, as ODF 1.3 part 2, 3.3 wants it."""
    return data[30:38] == b"mimetype"


def is_flat(data: bytes, media_type: bytes) -> bool:
    """Whether it is one XML document that calls itself so (ODF 1.3 part 3, 3.1.2)."""
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
    _refuse_encrypted(package)
    return package


def in_pieces(data: bytes) -> Iterator[bytes]:
    return (data[start : start + _PIECE] for start in range(0, len(data), _PIECE))


def read_rest(package: Package, budget: Budget, read_object: Callable[[str], Stream]) -> Stream:
    """Every part but the document itself. read_object: of the folder of a document in the document."""
    for part in package.parts:
        if part not in _SILENT:
            yield from _part(package, part, budget, read_object)


def _part(package: Package, part: str, budget: Budget, read_object: Callable[[str], Stream]) -> Stream:
    folder, _, name = part.rpartition("/")
    if name == "meta.xml":
        yield from read_properties(package.pieces(part))
    elif name == "content.xml":
        yield from read_object(folder)
    elif folder.startswith(("basic", "scripts")) or name in ("styles.xml", "settings.xml"):
        if name not in ("styles.xml", "settings.xml"):
            yield Member(name, "macros", Visibility.MACRO)
            yield from read_texts(package.pieces(part), part, Visibility.MACRO, budget)
    elif folder.startswith(("pictures", "thumbnails", "objectreplacements")):
        yield Member(name, "picture", SEEN, package.read(part))
    elif not folder.startswith(("configurations2", "meta-inf")):
        yield from read_embedded(name, package.read(part), budget)


def _refuse_encrypted(package: Package) -> None:
    def start(full: str, _: Mapping[str, str]) -> None:
        if full.endswith((f"{SEPARATOR}encryption-data", f"{SEPARATOR}encrypted-key")):
            raise Uninspectable("encrypted")

    if "meta-inf/manifest.xml" in package.parts:
        read_xml(package.pieces("meta-inf/manifest.xml"), start)
