"""A writer of PDFs of our own, from ISO 32000-2, for what no program here writes. It shares nothing with the reader."""

from __future__ import annotations

import zlib

FONT = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def stream(content: bytes, entries: str = "", *, packed: bool = False) -> bytes:
    octets = zlib.compress(content) if packed else content
    filters = "/Filter/FlateDecode" if packed else ""
    return f"<<{entries}{filters}/Length {len(octets)}>>stream\n".encode() + octets + b"\nendstream"


def document(objects: dict[int, bytes | str], trailer: str = "", *, root: int = 1, start: int = 0) -> bytes:
    """Objects by number, with a table of where they are. start: octets that stand before it."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    out += _with_table(objects, trailer, root, len(out) + start, None)
    return bytes(out)


def updated(data: bytes, objects: dict[int, bytes | str], *, root: int = 1) -> bytes:
    """The same with a revision behind it."""
    before = int(data.rpartition(b"startxref")[2].split()[0])
    return data + _with_table(objects, "", root, len(data), before)


def _with_table(objects: dict[int, bytes | str], trailer: str, root: int, at: int, before: int | None) -> bytes:
    out = bytearray()
    places = {}
    for number, content in objects.items():
        places[number] = at + len(out)
        octets = content.encode() if isinstance(content, str) else content
        out += f"{number} 0 obj\n".encode() + octets + b"\nendobj\n"
    table = at + len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        out += f"{number} 1\n{place:010d} 00000 n \n".encode()
    previous = "" if before is None else f"/Prev {before}"
    size = max(objects, default=0) + 1
    out += f"trailer\n<</Size {max(size, 1000)}/Root {root} 0 R{previous}{trailer}>>\n".encode()
    return bytes(out) + f"startxref\n{table}\n%%EOF\n".encode()


def page(
    content: bytes,
    *,
    more: dict[int, bytes | str] | None = None,
    catalog: str = "",
    entries: str = "",
    packed: bool = False,
) -> dict[int, bytes | str]:
    """The objects of a document of one page: 1 catalogue, 2 pages, 3 page, 4 content, 5 font. more: from 6 on."""
    return {
        1: f"<</Type/Catalog/Pages 2 0 R{catalog}>>",
        2: "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        + (entries if "/Resources" in entries else f"/Resources<</Font<</F1 5 0 R>>>>{entries}")
        + ">>",
        4: stream(content, packed=packed),
        5: FONT,
        **(more or {}),
    }


def said(text: str, x: float = 50, y: float = 700, size: float = 10) -> bytes:
    """Paints a text."""
    return f"BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET\n".encode()
