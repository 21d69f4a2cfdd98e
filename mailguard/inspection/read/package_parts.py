"""Parts of an Office package that mean the same in a document, a workbook and slides, or that nobody here knows."""

from __future__ import annotations

from collections.abc import Iterator

from ..budget import Budget
from ..stream import SEEN, Item, Member, Text, Visibility
from .package import Package
from .xml_events import SEPARATOR, root_of
from .xml_texts import read_texts

_OOXML = ("http://schemas.openxmlformats.org/", "http://purl.oclc.org/ooxml/", "http://schemas.microsoft.com/")
_NO_TEXT = ("printersettings", ".psmdcp")


def outermost(package: Package, part: str) -> str:
    """The name of the outermost element, as uri}name; "" for a part that is no XML."""
    return root_of(package.pieces(part)) if _looks_like_xml(package, part) else ""


def known_name(full: str) -> str:
    """The name alone, in a namespace of Office; a name in another means something else, and one in none anything."""
    uri, _, name = full.rpartition(SEPARATOR)
    return name if uri.startswith(_OOXML) else ""


def _looks_like_xml(package: Package, part: str) -> bool:
    """By its first octets, in UTF-8 or UTF-16."""
    for piece in package.pieces(part):
        return piece.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith(b"<")
    return False


def source_of(listing: str) -> str:
    """The part whose relationships a part "_rels/NAME.rels" lists; "" for those of the package."""
    folder, _, listed = listing.rpartition("_rels/")
    return folder + listed.removesuffix(".rels")


def read_links(package: Package, source: str, where: str = "") -> Iterator[Text]:
    """What a part points to outside of the package (a template, a picture, a page): reported, never fetched."""
    for each in package.relationships(source):
        if each.outside:
            yield Text(each.outside, f"link in {where or source or 'the file'}", Visibility.MARKUP)


def read_file(package: Package, part: str) -> Iterator[Member]:
    """Something that is no XML: a file inside, macros, a picture."""
    if any(word in part for word in _NO_TEXT):
        return
    name = part.rpartition("/")[2]
    if name.startswith("vbaproject"):
        yield Member(name, "macros", Visibility.MACRO, package.read(part))
    elif "/media/" in part or part.startswith("docprops/thumbnail"):
        yield Member(name, "picture", SEEN, package.read(part))
    else:
        yield Member(name, "file", Visibility.EMBEDDED, package.read(part))


def read_unknown(package: Package, part: str, visibility: Visibility, budget: Budget) -> Iterator[Item]:
    """All text of XML that no reader knows the meaning of."""
    if visibility is Visibility.MARKUP and part.startswith("customxml/"):
        visibility = Visibility.CUSTOM_XML
    return read_texts(package.pieces(part), part, visibility, budget)
