"""Which reader a text document is for, by its content. The name of the file is the caller's to judge beside it.

Promises: total on any octets: a stream, or `Uninspectable` with the reason. A stream may raise it in the middle: what
has come until then is not all of the file.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..budget import Budget, Uninspectable
from ..enclosed import Found
from .compound import SIGNATURE, open_compound
from .doc import read_doc
from .doc_file import is_document
from .docx import read_docx
from .odt import TEXT, read_fodt, read_odt
from .opendocument import is_flat, is_opendocument
from .rtf_document import begins as is_rich_text
from .rtf_document import read_rtf
from .zip_directory import read_directory

TYPES = frozenset(
    [
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
        "application/vnd.ms-word.document.macroenabled.12",
        "application/vnd.ms-word.template.macroenabled.12",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.text-template",
        "application/vnd.oasis.opendocument.text-master",
        "application/msword",
        "application/rtf",
        "text/rtf",
        "text/richtext",
    ]
)
ENDINGS = (".doc", ".docx", ".docm", ".dotx", ".dotm", ".odt", ".ott", ".odm", ".fodt", ".rtf")


def begins(data: bytes | memoryview) -> bool:
    """Whether octets are a text document, read here or not. Total; a broken one is none."""
    octets = bytes(data)
    try:
        if octets.startswith(SIGNATURE):
            return is_document(open_compound(octets, Budget()))
        if is_opendocument(octets):
            return TEXT in octets[:128]
        if octets.startswith(b"PK"):
            return any(entry.name.lower().startswith("word/") for entry in read_directory(octets, Budget()).entries)
    except Uninspectable:
        return False
    return is_rich_text(octets) or is_flat(octets, TEXT)


def read(data: bytes | memoryview, budget: Budget) -> Iterable[Found]:
    """Everything that the file carries."""
    octets = bytes(data)
    if octets.startswith(SIGNATURE):
        compound = open_compound(octets, budget)
        if is_document(compound):
            return read_doc(compound, budget)
    if octets.startswith(b"PK"):
        return read_odt(octets, budget) if is_opendocument(octets) else read_docx(octets, budget)
    if is_flat(octets, TEXT):
        return read_fodt(octets, budget)
    if is_rich_text(octets):
        return read_rtf(octets, budget)
    raise Uninspectable("no text document of a kind that is read")
