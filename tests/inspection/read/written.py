"""A writer of our own for what no program here writes, from ECMA-376 and MS-OFFCRYPTO; it shares nothing with the
readers."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zipfile

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

TRANSITIONAL = "http://schemas.openxmlformats.org"
STRICT = "http://purl.oclc.org/ooxml"
MAIN = {TRANSITIONAL: f"{TRANSITIONAL}/spreadsheetml/2006/main", STRICT: f"{STRICT}/spreadsheetml/main"}
RELATION = {
    TRANSITIONAL: f"{TRANSITIONAL}/officeDocument/2006/relationships",
    STRICT: f"{STRICT}/officeDocument/relationships",
}
PACKAGE = f"{TRANSITIONAL}/package/2006"


def relationships(*links: tuple[str, str, str], flavour: str = TRANSITIONAL) -> str:
    """(id, kind, target) of each; a target with "://" is outside."""
    listed = "".join(
        f'<Relationship Id="{name}" Type="{RELATION[flavour]}/{kind}" Target="{target}"'
        + (' TargetMode="External"' if "://" in target else "")
        + "/>"
        for name, kind, target in links
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'


def sheet(rows: str, *, before: str = "", after: str = "", flavour: str = TRANSITIONAL) -> str:
    return (
        f'<worksheet xmlns="{MAIN[flavour]}" xmlns:r="{RELATION[flavour]}">'
        f"{before}<sheetData>{rows}</sheetData>{after}</worksheet>"
    )


def text_row(number: int, *values: str, attributes: str = "") -> str:
    cells = "".join(
        f'<c r="{chr(65 + column)}{number}" t="inlineStr"><is><t>{value}</t></is></c>'
        for column, value in enumerate(values)
    )
    return f'<row r="{number}" {attributes}>{cells}</row>'


def parts(
    sheets: dict[str, tuple[str, str]], *, flavour: str = TRANSITIONAL, inside: str = "", links: str = ""
) -> dict[str, str]:
    """The parts of a workbook. sheets: name -> (state, XML). inside: more of the workbook part; links: more of its
    links."""
    listed = "".join(
        f'<sheet name="{name}" sheetId="{index}" state="{state}" r:id="s{index}"/>'
        for index, (name, (state, _)) in enumerate(sheets.items(), 1)
    )
    related = relationships(
        *((f"s{index}", "worksheet", f"worksheets/sheet{index}.xml") for index in range(1, len(sheets) + 1)),
        flavour=flavour,
    )
    made = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": relationships(("r1", "officeDocument", "xl/workbook.xml"), flavour=flavour),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN[flavour]}" xmlns:r="{RELATION[flavour]}">'
        f"<sheets>{listed}</sheets>{inside}</workbook>",
        "xl/_rels/workbook.xml.rels": related.replace("</Relationships>", links + "</Relationships>"),
    }
    for index, (_, xml) in enumerate(sheets.values(), 1):
        made[f"xl/worksheets/sheet{index}.xml"] = xml
    return made


def packed(members: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def workbook(rows: str, *, before: str = "", after: str = "", **more: str | bytes) -> bytes:
    """One sheet that shows, and more parts: `xl__comments1` is xl/comments1.xml."""
    members: dict[str, str | bytes] = dict(parts({"Data": ("visible", sheet(rows, before=before, after=after))}))
    members.update({f"{name.replace('__', '/')}.xml": content for name, content in more.items()})
    return packed(members)


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file of version 3 with streams beside each other; each is at least 4,096 octets, so none is small."""
    names, contents = list(streams), [content.ljust(4_096, b"\0") for content in streams.values()]
    sectors: list[bytes] = []
    chains: list[int] = []
    starts = []
    for content in contents:
        starts.append(len(sectors))
        count = -(-len(content) // 512)
        chains += [*range(len(sectors) + 1, len(sectors) + count), 0xFFFFFFFE]
        sectors += [content[at : at + 512].ljust(512, b"\0") for at in range(0, len(content), 512)]
    directory = len(sectors)
    entries = [_entry("Root Entry", 5, child=1 if names else 0xFFFFFFFF, start=0xFFFFFFFE)]
    for index, (name, content) in enumerate(zip(names, contents, strict=True)):
        right = index + 2 if index + 1 < len(names) else 0xFFFFFFFF
        entries.append(_entry(name, 2, right=right, start=starts[index], size=len(content)))
    raw = b"".join(entries)
    raw += _entry("", 0) * (-len(entries) % 4)
    count = len(raw) // 512
    chains += [*range(directory + 1, directory + count), 0xFFFFFFFE]
    sectors += [raw[at : at + 512] for at in range(0, len(raw), 512)]
    fat = len(sectors)
    needed = -(-(fat + 1) // 127)
    chains += [0xFFFFFFFD] * needed
    table = struct.pack(f"<{len(chains)}L", *chains).ljust(512 * needed, b"\xff")
    sectors += [table[at : at + 512] for at in range(0, len(table), 512)]
    header = struct.pack(
        "<8s16s6H10L",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"",
        *(0x3E, 3, 0xFFFE, 9, 6, 0),
        *(0, 0, needed, directory, 0, 4_096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0),
    )
    listed = [fat + index for index in range(needed)]
    return header + struct.pack("<109L", *listed, *[0xFFFFFFFF] * (109 - needed)) + b"".join(sectors)


def _entry(
    name: str, kind: int, *, right: int = 0xFFFFFFFF, child: int = 0xFFFFFFFF, start: int = 0, size: int = 0
) -> bytes:
    raw = name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBLLL16sLQQLQ", raw, len(raw) + 2, kind, 1, 0xFFFFFFFF, right, child, b"", 0, 0, 0, start, size
    )


def standard_encrypted(package: bytes, password: str) -> bytes:
    """MS-OFFCRYPTO 2.3.4.5: AES-128 in ECB, the key from 50,000 rounds of SHA-1."""
    salt, verifier = os.urandom(16), os.urandom(16)
    value = hashlib.sha1(salt + password.encode("utf-16-le")).digest()
    for number in range(50_000):
        value = hashlib.sha1(struct.pack("<L", number) + value).digest()
    value = hashlib.sha1(value + bytes(4)).digest()
    inner = bytearray(b"\x36" * 64)
    for index, octet in enumerate(value):
        inner[index] ^= octet
    key = hashlib.sha1(inner).digest()[:16]

    def locked(data: bytes) -> bytes:
        encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        return encryptor.update(data.ljust(-(-len(data) // 16) * 16, b"\0")) + encryptor.finalize()

    name = "Microsoft Enhanced RSA and AES Cryptographic Provider".encode("utf-16-le") + b"\0\0"
    header = struct.pack("<8L", 0x24, 0, 0x660E, 0x8004, 128, 24, 0, 0) + name
    proof = struct.pack("<L", 16) + salt + locked(verifier) + struct.pack("<L", 20)
    proof += locked(hashlib.sha1(verifier).digest())
    info = struct.pack("<HHLL", 4, 2, 0x24, len(header)) + header + proof
    return compound({"EncryptionInfo": info, "EncryptedPackage": struct.pack("<Q", len(package)) + locked(package)})


def record(kind: int, body: bytes = b"") -> bytes:
    """A record of BIFF8 (MS-XLS 2.1.4), continued where it is too long for one."""
    pieces = [body[at : at + 8_224] for at in range(0, len(body), 8_224)] or [b""]
    made = struct.pack("<HH", kind, len(pieces[0])) + pieces[0]
    return made + b"".join(struct.pack("<HH", 0x3C, len(piece)) + piece for piece in pieces[1:])


def bof(kind: int = 0x10) -> bytes:
    return record(0x0809, struct.pack("<HHHHLL", 0x0600, kind, 0, 0, 0, 0))


def letters(text: str, length: str = "<H") -> bytes:
    raw = text.encode("utf-16-le")
    return struct.pack(length, len(raw) // 2) + b"\x01" + raw


def label(row: int, column: int, text: str) -> bytes:
    return record(0x0204, struct.pack("<HHH", row, column, 0) + letters(text))


def biff(*sheets: tuple[str, int, int, bytes], inside: bytes = b"", **streams: bytes) -> bytes:
    """A workbook of sheets (name, state, kind, records), with more records among the first and more streams beside
    it."""

    def globals_at(starts: list[int]) -> bytes:
        bound = b"".join(
            record(0x0085, struct.pack("<LBB", start, state, kind) + letters(name, "<B"))
            for start, (name, state, kind, _) in zip(starts, sheets, strict=True)
        )
        return bof(0x05) + record(0x00E0, bytes(20)) + bound + inside + record(0x000A)

    bodies = [bof() + body + record(0x000A) for _, _, _, body in sheets]
    at = len(globals_at([0] * len(sheets)))
    starts = []
    for body in bodies:
        starts.append(at)
        at += len(body)
    return compound({"Workbook": globals_at(starts) + b"".join(bodies), **streams})
