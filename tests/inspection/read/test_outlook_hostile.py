"""TNEF and .msg made to hurt: the reader gives something or Uninspectable, in bounded time and memory."""

from __future__ import annotations

import struct
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import Examined, examine
from tests.inspection import outlook
from tests.inspection.outlook import Mail, Prop, Storage, compound, msg, recipient, text, tnef

INNER = Mail([text(outlook.CLASS, "IPM.Note"), text(outlook.BODY, "x@y.example")], [recipient("a@x.example")])
MAIL = outlook.meeting(["a@x.example", "b@x.example"])
MAIL.files.append(("list.txt", "text/plain", b"file@x.example"))
MAIL.embedded.append(INNER)
TNEF, MSG = tnef(MAIL), msg(MAIL)


def read(octets: bytes, name: str = "winmail.dat") -> Examined:
    """Within ten seconds and 256 MB, which a worker has."""
    began = time.process_time()
    tracemalloc.start()
    try:
        found = examine(Enclosed(octets, "application/octet-stream", (name,)))
        assert tracemalloc.get_traced_memory()[1] < 200_000_000
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < 10
    return found


def test_cut_anywhere_it_is_no_more_than_what_is_left() -> None:
    for octets, name in ((TNEF, "winmail.dat"), (MSG, "a.msg")):
        whole = examine(Enclosed(octets, "application/octet-stream", (name,))).people
        for end in range(0, len(octets), 1 if name == "winmail.dat" else 7):
            found = examine(Enclosed(octets[:end], "application/octet-stream", (name,)))
            if found.people is not None and name == "winmail.dat":
                # Only between two attributes can it be taken for whole.
                assert set(found.people.listed) <= set(whole.listed if whole else ())


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_changed_anywhere(data: st.DataObject) -> None:
    name, octets = data.draw(st.sampled_from([("winmail.dat", TNEF), ("a.msg", MSG)]))
    changed = bytearray(octets)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(octets) - 4))
        changed[at : at + 4] = data.draw(
            st.sampled_from([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\xfe\xff\xff\xff"])
            | st.binary(min_size=4, max_size=4)
        )
    examine(Enclosed(bytes(changed), "application/octet-stream", (name,)))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["winmail.dat", "a.msg"]))
def test_any_octets(octets: bytes, name: str) -> None:
    head = {"winmail.dat": TNEF[:6], "a.msg": MSG[:512]}[name]
    for each in (octets, head + octets):
        examine(Enclosed(each, "application/octet-stream", (name,)))


@pytest.mark.parametrize("count", [0x7FFFFFFF, 0xFFFFFFFF, 0x10000000])
@pytest.mark.parametrize("attribute", [0x00069003, 0x00069004, 0x00069005])
def test_a_few_octets_that_claim_billions_of_properties(attribute: int, count: int) -> None:
    """The 53 octets that drove tnefparse out of memory, in every place where TNEF counts."""
    head = bytes.fromhex("789f3e22") + struct.pack("<H", 1)
    for value in (
        struct.pack("<I", count),
        struct.pack("<IHH", 1, 0x101F, 0x3001) + struct.pack("<I", count),
        struct.pack("<IHHI", 1, 0x001F, 0x3001, 1) + struct.pack("<I", count),
        struct.pack("<IHH", 1, 0x1000, 0x3001) + struct.pack("<I", count),
        struct.pack("<IHH", count, 0, 0x3001) + bytes(28),
    ):
        octets = head + outlook.attribute(1, attribute, value)
        found = read(octets)
        assert found.people is None and found.unread


def test_deep_embedding_is_cut_and_unknown() -> None:
    mail = INNER
    for _ in range(30):
        mail = Mail([text(outlook.CLASS, "IPM.Note")], embedded=[mail])
    for found in (read(tnef(mail)), read(msg(mail), "a.msg")):
        assert found.people is None and found.unread


def test_many_recipients_and_attributes_are_linear() -> None:
    rows = [recipient(f"person{number}@patients.example") for number in range(5_000)]
    found = read(tnef(Mail(recipients=rows)))
    assert found.people is not None and len(found.people.listed) == 5_000
    assert read(TNEF[:6] + outlook.attribute(1, 0x00078008, b"IPM.Note") * 20_000).people is None


def test_a_chain_of_sectors_that_bites_its_tail() -> None:
    for place in range(0, 64):
        octets = bytearray(MSG)
        (fat,) = struct.unpack_from("<I", octets, 76)
        struct.pack_into("<I", octets, (fat + 1) * 512 + place * 4, place if place % 2 else 0)
        read(bytes(octets), "a.msg")
    octets = bytearray(MSG)
    struct.pack_into("<II", octets, 68, 0, 0xFFFFFFFF)
    assert read(bytes(octets), "a.msg").people is None


def test_a_directory_that_bites_its_tail() -> None:
    (start,) = struct.unpack_from("<I", MSG, 48)
    for entry in range(1, 4):
        for link in (68, 72, 76):
            octets = bytearray(MSG)
            struct.pack_into("<I", octets, (start + 1) * 512 + entry * 128 + link, 1)
            read(bytes(octets), "a.msg")


def test_streams_that_share_their_sectors_do_not_multiply() -> None:
    """A thousand names for one stream of a megabyte."""
    octets = bytearray(compound(Storage({
        "__properties_version1.0": bytes(32),
        **{f"__substg1.0_{0x6000 + number:04X}001F": bytes(4096) for number in range(200)},
    })))  # fmt: skip
    (start,) = struct.unpack_from("<I", octets, 48)
    size = len(octets) - 512
    for entry in range(1, 201):
        at = (start + 1) * 512 + entry * 128
        struct.pack_into("<IQ", octets, at + 116, 0, size)
    assert read(bytes(octets) + bytes(1_000_000), "a.msg").people is None


def test_another_compound_file_is_no_message() -> None:
    found = read(compound(Storage({"WordDocument": b"x" * 5_000})), "a.msg")
    assert found.people is None and found.unread == "it holds a file that is not what its name says"


def test_trailing_octets() -> None:
    assert read(TNEF + b"\0\0\r\n").people is not None
    assert read(TNEF + b"leak@x.example, and more of it").people is None


def test_what_a_name_claims_and_the_octets_are_not() -> None:
    assert read(b"just text", "winmail.dat").people is None
    assert read(TNEF, "Minutes.msg").people is None


def test_a_file_name_or_type_cannot_write_a_header() -> None:
    evil = "a.txt\r\nTo: inject@x.example\r\n\r\n"
    found = read(tnef(Mail(files=[(evil, "text/plain\r\nCc: inject@x.example", b"")])))
    assert found.people is not None and found.people.text == ("inject@x.example",) and not found.people.attached


def test_properties_of_unknown_kinds() -> None:
    assert read(tnef(Mail([Prop(0x3001, 0x00FB, b"x")]))).people is None
