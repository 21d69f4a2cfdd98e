"""A writer of TNEF and of .msg files, built from MS-OXTNEF, MS-CFB and MS-OXMSG apart from the readers' code.

No program that writes them runs here. It writes what Outlook and Exchange do: a recipient table, named properties for
attendees, bodies, files, messages within messages. Its files are read by ytnef, tnef and msgconvert (Debian) as well.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

INTEGER, BOOLEAN, TIME, STRING8, UNICODE, BINARY, OBJECT = 0x0003, 0x000B, 0x0040, 0x001E, 0x001F, 0x0102, 0x000D
APPOINTMENT = bytes.fromhex("0220060000000000c000000000000046")
MEETING = bytes.fromhex("90da d86e 0b45 1b10 98da 00aa003f1305".replace(" ", ""))
IMESSAGE = bytes.fromhex("0703020000000000c000000000000046")

CLASS, SUBJECT, BODY, RTF, HTML = 0x001A, 0x0037, 0x1000, 0x1009, 0x1013
RECIPIENT_TYPE, NAME, ADDRESS_TYPE, ADDRESS, SMTP = 0x0C15, 0x3001, 0x3002, 0x3003, 0x39FE
SENDER, DISPLAY_TO, DISPLAY_CC, HEADERS = 0x0C1F, 0x0E04, 0x0E03, 0x007D
FILE, FILE_NAME, FILE_LONG_NAME, FILE_TYPE, FILE_METHOD = 0x3701, 0x3704, 0x3707, 0x370E, 0x3705
ALL_ATTENDEES, TO_ATTENDEES, CC_ATTENDEES = 0x8238, 0x823B, 0x823C


@dataclass(frozen=True)
class Prop:
    tag: int
    kind: int
    value: object
    named: tuple[bytes, int | str] | None = None


def text(tag: int, value: str) -> Prop:
    return Prop(tag, UNICODE, value)


def attendees(lid: int, value: str) -> Prop:
    return Prop(0x8000 + lid % 256, UNICODE, value, (APPOINTMENT, lid))


def recipient(address: str, kind: int = 1, name: str = "") -> list[Prop]:
    return [
        Prop(RECIPIENT_TYPE, INTEGER, kind),
        text(NAME, name or address),
        text(ADDRESS_TYPE, "SMTP"),
        text(ADDRESS, address),
    ]


@dataclass
class Mail:
    """One message. files: (name, media type, octets). embedded: messages within it."""

    props: list[Prop] = field(default_factory=list)
    recipients: list[list[Prop]] = field(default_factory=list)
    files: list[tuple[str, str, bytes]] = field(default_factory=list)
    embedded: list[Mail] = field(default_factory=list)


# TNEF


def attribute(level: int, identifier: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, identifier, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)


def octets_of(prop: Prop) -> bytes:
    value = prop.value
    if prop.kind == UNICODE:
        return str(value).encode("utf-16-le") + b"\0\0"
    if prop.kind == STRING8:
        return (value if isinstance(value, bytes) else str(value).encode("cp1252")) + b"\0"
    assert isinstance(value, bytes)
    return value


def tnef_props(props: Iterable[Prop]) -> bytes:
    listed = list(props)
    out = struct.pack("<I", len(listed))
    for prop in listed:
        out += struct.pack("<HH", prop.kind, prop.tag)
        if prop.named:
            guid, name = prop.named
            out += guid
            if isinstance(name, int):
                out += struct.pack("<II", 0, name)
            else:
                letters = name.encode("utf-16-le") + b"\0\0"
                out += struct.pack("<II", 1, len(letters)) + padded(letters)
        if prop.kind == INTEGER:
            out += struct.pack("<i", prop.value)
        elif prop.kind == BOOLEAN:
            out += struct.pack("<HH", int(bool(prop.value)), 0)
        elif prop.kind == TIME:
            out += struct.pack("<Q", prop.value)
        else:
            octets = octets_of(prop)
            out += struct.pack("<II", 1, len(octets)) + padded(octets)
    return out


def tnef(mail: Mail, *, code_page: int = 1252, message_class: bytes = b"IPM.Microsoft Mail.Note") -> bytes:
    out = bytes.fromhex("789f3e22") + struct.pack("<H", 1)
    out += attribute(1, 0x00089006, struct.pack("<I", 0x00010000))
    out += attribute(1, 0x00069007, struct.pack("<II", code_page, 0))
    out += attribute(1, 0x00078008, message_class + b"\0")
    if mail.recipients:
        rows = b"".join(tnef_props(row) for row in mail.recipients)
        out += attribute(1, 0x00069004, struct.pack("<I", len(mail.recipients)) + rows)
    out += attribute(1, 0x00069003, tnef_props(mail.props))
    for name, media_type, octets in mail.files:
        out += attribute(2, 0x00069002, struct.pack("<HIHHI", 1, 0xFFFFFFFF, 32, 32, 0))
        out += attribute(2, 0x0006800F, octets)
        out += attribute(2, 0x00018010, name.encode("cp1252", "replace") + b"\0")
        props = [Prop(FILE_METHOD, INTEGER, 1), text(FILE_LONG_NAME, name), text(FILE_TYPE, media_type)]
        out += attribute(2, 0x00069005, tnef_props(props))
    for inner in mail.embedded:
        out += attribute(2, 0x00069002, struct.pack("<HIHHI", 1, 0xFFFFFFFF, 32, 32, 0))
        inside = IMESSAGE + tnef(inner)
        out += attribute(2, 0x00069005, tnef_props([Prop(FILE_METHOD, INTEGER, 5), Prop(FILE, OBJECT, inside)]))
    return out


def meeting(people: Iterable[str], *, sender: str = "jo@elmroad.example", listed: bool = True) -> Mail:
    """A meeting request as Exchange writes it: the attendees by name and address, and as recipients."""
    named = list(people)
    return Mail(
        props=[
            text(CLASS, "IPM.Schedule.Meeting.Request"),
            text(SUBJECT, "Clinic"),
            text(SENDER, sender),
            text(DISPLAY_TO, "; ".join(named)),
            attendees(ALL_ATTENDEES, "; ".join(named)),
            attendees(TO_ATTENDEES, "; ".join(named)),
            text(BODY, "When: Friday\r\nWhere: room 2\r\n"),
        ],
        recipients=[recipient(each) for each in named] if listed else [],
    )


# Compound files


@dataclass
class Storage:
    """name -> a storage or the octets of a stream."""

    children: dict[str, Storage | bytes] = field(default_factory=dict)


END, FREE, FAT_SECTOR = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
ALONE = {"left": FREE, "right": FREE, "child": FREE, "start": 0, "size": 0}


def compound(root: Storage) -> bytes:
    """Version 3: sectors of 512 octets, streams below 4,096 in small sectors of 64."""
    entries: list[dict[str, int | str]] = [{"name": "Root Entry", "kind": 5, **ALONE}]
    small, sectors, fat, small_fat = b"", [], [], []

    def keep(octets: bytes) -> tuple[int, int]:
        nonlocal small
        if len(octets) >= 4096:
            return chain(octets), len(octets)
        if not octets:
            return END, 0
        start, count = len(small_fat), -(-len(octets) // 64)
        small_fat.extend([*range(start + 1, start + count), END])
        small += octets + bytes(-len(octets) % 64)
        return start, len(octets)

    def chain(octets: bytes) -> int:
        start, count = len(sectors), -(-len(octets) // 512)
        sectors.extend(octets[at : at + 512].ljust(512, b"\0") for at in range(0, len(octets), 512))
        fat.extend([*range(start + 1, start + count), END])
        return start

    def tree(numbers: list[int]) -> int:
        if not numbers:
            return FREE
        middle = len(numbers) // 2
        entries[numbers[middle]] |= {"left": tree(numbers[:middle]), "right": tree(numbers[middle + 1 :])}
        return numbers[middle]

    def add(storage: Storage, number: int) -> None:
        numbers = []
        for name in sorted(storage.children, key=lambda each: (len(each), each.upper())):
            inside = storage.children[name]
            numbers.append(len(entries))
            entry: dict[str, int | str] = {"name": name, **ALONE}
            entries.append(entry)
            if isinstance(inside, bytes):
                entry["kind"] = 2
                entry["start"], entry["size"] = keep(inside)
            else:
                entry["kind"] = 1
                add(inside, numbers[-1])
        entries[number]["child"] = tree(numbers)

    add(root, 0)
    entries[0] |= {"start": chain(small) if small else END, "size": len(small)}
    packed = b"".join(map(pack_entry, entries))
    packed += bytes(-len(packed) % 512)
    directory = chain(packed)
    small_table = struct.pack(f"<{len(small_fat)}I", *small_fat)
    small_table += b"\xff" * (-len(small_table) % 512)
    small_start = chain(small_table) if small_fat else END
    places = []
    while len(fat) > 128 * len(places):
        places.append(len(fat))
        fat.append(FAT_SECTOR)
        sectors.append(b"")
    assert len(places) <= 109
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(512 * len(places), b"\xff")
    for index, place in enumerate(places):
        sectors[place] = table[index * 512 : index * 512 + 512]
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    small_sectors = len(small_table) // 512
    header += struct.pack("<IIIIIIIII", 0, len(places), directory, 0, 4096, small_start, small_sectors, END, 0)
    header += struct.pack("<109I", *places, *[FREE] * (109 - len(places)))
    return header + b"".join(sectors)


def pack_entry(entry: dict[str, int | str]) -> bytes:
    name = str(entry["name"]).encode("utf-16-le") + b"\0\0"
    out = name.ljust(64, b"\0") + struct.pack("<HBB", len(name), entry["kind"], 1)
    out += struct.pack("<III", entry["left"], entry["right"], entry["child"]) + bytes(16 + 4 + 16)
    return out + struct.pack("<IQ", entry["start"], entry["size"])


# .msg


def msg(mail: Mail) -> bytes:
    names: list[tuple[bytes, int | str]] = []
    root = storage(mail, 32, names)
    entries = b"".join(
        struct.pack("<IHH", name if isinstance(name, int) else 0, (3 + index) << 1 | isinstance(name, str), index)
        for index, (_, name) in enumerate(names)
    )
    root.children["__nameid_version1.0"] = Storage(
        {
            "__substg1.0_00020102": b"".join(guid for guid, _ in names),
            "__substg1.0_00030102": entries,
            "__substg1.0_00040102": b"",
        }
    )
    return compound(root)


def storage(mail: Mail, header: int, names: list[tuple[bytes, int | str]]) -> Storage:
    found = Storage(streams(mail.props, header, names, (len(mail.recipients), len(mail.files) + len(mail.embedded))))
    for index, row in enumerate(mail.recipients):
        found.children[f"__recip_version1.0_#{index:08X}"] = Storage(streams(row, 8, names))
    for index, (name, media_type, octets) in enumerate(mail.files):
        props = [text(FILE_LONG_NAME, name), text(FILE_TYPE, media_type), Prop(FILE, BINARY, octets)]
        props.append(Prop(FILE_METHOD, INTEGER, 1))
        found.children[f"__attach_version1.0_#{index:08X}"] = Storage(streams(props, 8, names))
    for index, inner in enumerate(mail.embedded, len(mail.files)):
        children = streams([Prop(FILE_METHOD, INTEGER, 5), text(NAME, "A message")], 8, names)
        children["__substg1.0_3701000D"] = storage(inner, 24, names)
        found.children[f"__attach_version1.0_#{index:08X}"] = Storage(children)
    return found


def streams(
    props: Iterable[Prop], header: int, names: list[tuple[bytes, int | str]], counts: tuple[int, int] = (0, 0)
) -> dict[str, Storage | bytes]:
    table = struct.pack("<8xIIII", counts[0], counts[1], *counts).ljust(header, b"\0")[:header]
    found: dict[str, Storage | bytes] = {}
    for prop in props:
        tag = prop.tag
        if prop.named:
            if prop.named not in names:
                names.append(prop.named)
            tag = 0x8000 + names.index(prop.named)
        table += struct.pack("<HHI", prop.kind, tag, 6)
        if prop.kind in (INTEGER, BOOLEAN):
            table += struct.pack("<iI", int(str(int(prop.value))), 0)  # type: ignore[call-overload]
            continue
        octets = octets_of(prop)
        table += struct.pack("<II", len(octets), 0)
        kept = octets.removesuffix(b"\0\0") if prop.kind == UNICODE else octets
        found[f"__substg1.0_{tag:04X}{prop.kind:04X}"] = kept.removesuffix(b"\0") if prop.kind == STRING8 else kept
    found["__properties_version1.0"] = table
    return found
