"""Pictures: what they say of themselves, and what lies behind their end. What they show is never decoded, nor read.

Promises: total. A picture that is only a picture gives nothing, or its properties, so that mail with photographs and
logos is not held for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..budget import Budget
from ..enclosed import Found, Read
from . import gif, heif, jpeg, png, windows_picture
from .boxes import chunks
from .exif import is_tiff, read_exif, read_tiff
from .told import behind, block
from .xmp import read_xmp

_SUBTYPES = (
    *("jpeg", "jpg", "pjpeg", "png", "x-png", "apng", "gif", "tiff", "tif", "x-tiff", "webp", "bmp", "x-bmp"),
    *("x-ms-bmp", "x-windows-bmp", "heic", "heif", "heic-sequence", "heif-sequence", "avif", "ico", "x-icon"),
    *("vnd.microsoft.icon", "wmf", "x-wmf", "emf", "x-emf"),
)
TYPES = frozenset(f"image/{subtype}" for subtype in _SUBTYPES)
ENDINGS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".gif", ".tif", ".tiff", ".webp", ".bmp", ".dib", ".heic"),
    *(".heif", ".hif", ".avif", ".ico", ".cur", ".wmf", ".emf"),
)


def _is_webp(data: bytes | memoryview) -> bool:
    start = bytes(data[:12])
    return start[:4] == b"RIFF" and start[8:] == b"WEBP"


def _read_webp(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    view = memoryview(data)
    end = min(8 + int.from_bytes(view[4:8], "little"), len(view))
    for kind, start, stop in chunks(view, 12, end, budget):
        if kind == b"EXIF":
            yield from read_exif(view[start:stop], budget)
        elif kind == b"XMP ":
            yield from read_xmp(view[start:stop], budget)
        elif kind not in (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"):
            yield from block(view[start:stop])
    yield from behind(view, end)


def _starts(*signatures: bytes) -> Callable[[bytes | memoryview], bool]:
    return lambda data: bytes(data[:8]).startswith(signatures)


_KINDS: tuple[tuple[Callable[[bytes | memoryview], bool], Read], ...] = (
    (_starts(jpeg.START), jpeg.read_jpeg),
    (_starts(png.SIGNATURE), png.read_png),
    (_starts(*gif.STARTS), gif.read_gif),
    (lambda data: bytes(data[4:8]) == b"ftyp" and bytes(data[8:12]) in heif.BRANDS, heif.read_heif),
    (is_tiff, read_tiff),
    (_is_webp, _read_webp),
    (windows_picture.is_bmp, windows_picture.read_bmp),
    (windows_picture.is_icon, windows_picture.read_icon),
    (windows_picture.is_emf, windows_picture.read_emf),
    (windows_picture.is_wmf, windows_picture.read_wmf),
)


def begins(data: bytes | memoryview) -> bool:
    """Whether it is a picture of a kind that is read; a name may call it by another kind."""
    return any(is_it(data) for is_it, _ in _KINDS)


def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    """Properties, and what lies behind the end."""
    for is_it, reader in _KINDS:
        if is_it(data):
            yield from reader(data, budget)
            return
