"""Which reader a presentation is for, by its content. The name of the file is the caller's to judge beside it.

Promises: total on any octets: a Stream, or `Uninspectable` with the reason. A stream may raise it in the middle: what
has come until then is not all of the file.
"""

from __future__ import annotations

from ..budget import Budget, Uninspectable
from ..stream import Stream
from .compound import SIGNATURE, open_compound
from .odp import PRESENTATION, read_fodp, read_odp
from .opendocument import is_flat, is_opendocument
from .ppt import is_presentation, read_ppt
from .pptx import read_pptx
from .zip_directory import read_directory

TYPES = frozenset(
    [
        "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.openxmlformats-officedocument.presentationml.template",
        "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
        "application/vnd.openxmlformats-officedocument.presentationml.slide",
        "application/vnd.ms-powerpoint.presentation.macroenabled.12",
        "application/vnd.ms-powerpoint.template.macroenabled.12",
        "application/vnd.ms-powerpoint.slideshow.macroenabled.12",
        "application/vnd.oasis.opendocument.presentation",
        "application/vnd.oasis.opendocument.presentation-template",
    ]
)
ENDINGS = (
    ".ppt",
    ".pot",
    ".pps",
    ".pptx",
    ".pptm",
    ".potx",
    ".potm",
    ".ppsx",
    ".ppsm",
    ".sldx",
    ".odp",
    ".otp",
    ".fodp",
)


def begins(data: bytes | memoryview) -> bool:
    """Whether octets are a presentation, read here or not. Total; a broken one is none."""
    octets = bytes(data)
    try:
        if octets.startswith(SIGNATURE):
            return is_presentation(open_compound(octets, Budget()))
        if is_opendocument(octets):
            return PRESENTATION in octets[:128]
        if octets.startswith(b"PK"):
            return any(each.name.lower().startswith("ppt/") for each in read_directory(octets, Budget()).entries)
        return is_flat(octets, PRESENTATION)
    except Uninspectable:
        return False


def read_slides(data: bytes | memoryview, budget: Budget) -> Stream:
    """Everything that the file carries."""
    octets = bytes(data)
    if octets.startswith(SIGNATURE):
        compound = open_compound(octets, budget)
        if is_presentation(compound):
            return read_ppt(compound, budget)
    if octets.startswith(b"PK"):
        return read_odp(octets, budget) if is_opendocument(octets) else read_pptx(octets, budget)
    if is_flat(octets, PRESENTATION):
        return read_fodp(octets, budget)
    raise Uninspectable("no presentation of a kind that is read")
