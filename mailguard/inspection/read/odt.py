"""OpenDocument texts: odt, ott and odm (a zip package), fodt (one XML document).

Promises: a Stream of all that the file holds, or `Uninspectable`. An encrypted package is told by its manifest.
"""

from __future__ import annotations

from ..budget import Budget
from ..stream import Stream
from .odt_content import Content
from .opendocument import open_opendocument, pieces_of, read_content, read_object, read_parts, read_source
from .properties import read_properties

TEXT = b"application/vnd.oasis.opendocument.text"
_MIMETYPES = (TEXT, TEXT + b"-template", TEXT + b"-master", TEXT + b"-master-template")


def read_odt(data: bytes, budget: Budget) -> Stream:
    package = open_opendocument(data, _MIMETYPES, "text", budget)
    yield from read_content(package, "", Content(budget))
    yield from read_parts(package, budget, lambda folder: iter(read_object(package, folder, budget)))


def read_fodt(data: bytes, budget: Budget) -> Stream:
    """A flat document has its properties, settings, styles and text in one. What is embedded is read where it
    stands."""
    budget.spend_bytes(len(data))
    budget.spend_tags(data.count(b"<"))
    yield from Content(budget).read(pieces_of(data))
    yield from read_properties(pieces_of(data), inside="office:1.0}meta")
    yield from read_source(pieces_of(data))
