"""PDFs that open without a password are read like the same document in the clear; every other encrypted one is held.

The files of tests/fixtures/encrypted_pdfs were written by qpdf and pypdf and read by pikepdf. What those do not write
(keys of odd lengths, crypt filters of a stream's own, descriptions that contradict each other) is made here.
"""

from __future__ import annotations

import hashlib
import struct
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailguard.inspection.budget import Budget, Limits, Uninspectable
from mailguard.inspection.read.pdf import read
from mailguard.inspection.read.pdf_encryption import security_of
from mailguard.inspection.read.pdf_objects import read_objects
from mailguard.inspection.read.pdf_syntax import Name, Ref, Stream, Value
from mailguard.inspection.read.rc4 import rc4
from mailguard.inspection.stream import SEEN, Item, Member, Person, Text, Visibility
from tests.inspection.read.test_pdf_mutated import CHANGES, changed, outcome
from tests.inspection.read.written_pdf import document, page, said, stream

FOLDER = Path(__file__).parents[2] / "fixtures" / "encrypted_pdfs"
OBJECTS = yaml.safe_load((FOLDER / "objects.yaml").read_text())
FILES = sorted(set(OBJECTS) - {"plain.pdf"})
PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
DULL = Limits(total_bytes=4_000_000, kept_bytes=8_000_000, tags=200_000)


def items_of(data: bytes) -> list[Item]:
    return list(read(data, Budget()))


def test_the_files_are_those_that_pikepdf_has_read() -> None:
    assert {each.name for each in FOLDER.glob("*.pdf")} == set(OBJECTS)
    revisions = {int(data.partition(b"/R ")[2].split()[0].rstrip(b">/")) for data in map(content, FILES)}
    assert revisions == {2, 3, 4, 5, 6} and len(FILES) == 26


def content(file: str) -> bytes:
    return (FOLDER / file).read_bytes()


def test_the_document_in_the_clear_carries_people_in_every_place() -> None:
    kinds = {item.visibility for item in items_of(content("plain.pdf")) if not isinstance(item, Person)}
    assert kinds >= {
        *(SEEN, Visibility.COVERED, Visibility.ANNOTATION, Visibility.FORM_VALUE, Visibility.EMBEDDED),
        *(Visibility.PROPERTY, Visibility.MARKUP),
    }


@pytest.mark.parametrize("file", FILES)
def test_what_is_encrypted_is_read_as_what_it_is_in_the_clear(file: str) -> None:
    found, plain = Counter(items_of(content(file))), Counter(items_of(content("plain.pdf")))
    assert found == plain
    (attached,) = (item for item in found if isinstance(item, Member) and item.content)
    assert attached.content is not None and attached.content.count(b"\n") == 11


@pytest.mark.parametrize("file", [*FILES, "plain.pdf"])
def test_each_object_is_what_another_program_decrypts(file: str) -> None:
    read_here: dict[int, dict[str, str]] = {}
    for each in read_objects(content(file), Budget()).all:
        told = {}
        if isinstance(each.value, Stream):
            told["stream"] = hashlib.sha256(each.value.octets()).hexdigest()
        if within := strings(each.value):
            told["strings"] = hashlib.sha256(within).hexdigest()
        if told:
            read_here[each.number] = told
    others = OBJECTS[file]
    compared = set(read_here) & set(others)
    assert len(compared) == len(others) >= 7
    assert {number: read_here[number] for number in compared} == others


def strings(value: Value) -> bytes:
    if isinstance(value, bytes):
        return value + b"\0"
    entries = value.entries if isinstance(value, Stream) else value
    if isinstance(entries, dict):
        # pikepdf's keys have a slash before them, which changes nothing in their order.
        return b"".join(strings(entries[key]) for key in sorted(entries))
    return b"".join(map(strings, entries)) if isinstance(entries, list) else b""


# what no program here writes


def key_of(length: int, revision: int, entries: bytes = b"") -> tuple[bytes, bytes]:
    """Algorithm 2 and 5, without a password: the key, and /U."""
    key = hashlib.md5(PADDING + bytes(32) + struct.pack("<L", 0xFFFFFFFC) + b"identifier" + entries).digest()[:length]
    if revision == 2:
        return key, rc4(key, PADDING)
    for _ in range(50):
        key = hashlib.md5(key).digest()[:length]
    user = hashlib.md5(PADDING + b"identifier").digest()
    for number in range(20):
        user = rc4(bytes(each ^ number for each in key), user)
    return key, user.ljust(32, b"?")


def locked(key: bytes, number: int, octets: bytes) -> bytes:
    return rc4(hashlib.md5(key + number.to_bytes(3, "little") + b"\0\0").digest()[: len(key) + 5], octets)


def described(user: bytes, rest: str) -> str:
    return f"<</Filter/Standard/O<{bytes(32).hex()}>/U<{user.hex()}>/P -4 {rest}>>"


def encrypted(key: bytes, encryption: str, more: dict[int, bytes | str], catalog: str = "", entries: str = "") -> bytes:
    """Text "Ada Ashdown" on a page, under RC4, with more objects, which are taken as they are."""
    objects = page(b"", catalog=catalog, entries=entries)
    objects |= {4: stream(locked(key, 4, said("Ada Ashdown"))), 9: encryption, **more}
    return document(objects, "/Encrypt 9 0 R/ID[<" + b"identifier".hex() + "><00>]")


@pytest.mark.parametrize("length", range(5, 17))
def test_rc4_keys_of_every_length_that_the_format_has(length: int) -> None:
    key, user = key_of(length, 3)
    note = f"<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents<{locked(key, 7, b'Bea Bright').hex()}>>>"
    data = encrypted(key, described(user, f"/V 2/R 3/Length {8 * length}"), {7: note})
    texts = {item.text: item.visibility for item in items_of(data) if isinstance(item, Text)}
    assert texts == {"Ada Ashdown": SEEN, "Bea Bright": Visibility.ANNOTATION}


CRYPT = "/CF<</StdCF<</CFM/V2/Length 16>>>>/StmF/StdCF/StrF/StdCF"
FILE = "/Type/EmbeddedFile"


def attached(octets: bytes, entries: str) -> dict[int, bytes | str]:
    return {7: stream(octets, entries), 8: "<</Type/Filespec/EF<</F 7 0 R>>>>"}


def member_of(data: bytes) -> bytes | None:
    (found,) = (item.content for item in items_of(data) if isinstance(item, Member))
    return found


def test_a_stream_with_a_crypt_filter_of_its_own() -> None:
    key, user = key_of(16, 4)
    for entries, octets in {
        FILE: locked(key, 7, b"rows"),
        FILE + "/Filter/Crypt": b"rows",
        FILE + "/Filter[/Crypt]/DecodeParms[<</Name/Identity>>]": b"rows",
        FILE + "/Filter[/ASCIIHexDecode/Crypt]/DecodeParms[null<</Name/StdCF>>]": locked(key, 7, b"726f7773>"),
    }.items():
        data = encrypted(key, described(user, f"/V 4/R 4/Length 128{CRYPT}"), attached(octets, entries))
        assert member_of(data) == b"rows", entries


@pytest.mark.parametrize(
    "entries",
    [FILE + "/Filter/Crypt/DecodeParms<</Name/Other>>", FILE + "/Filter/Crypt/DecodeParms 5 0 R"],
)
def test_a_crypt_filter_that_is_not_known_is_not_read(entries: str) -> None:
    key, user = key_of(16, 4)
    with pytest.raises(Uninspectable, match="encrypted, in a way"):
        items_of(encrypted(key, described(user, f"/V 4/R 4/Length 128{CRYPT}"), attached(b"rows", entries)))


@pytest.mark.parametrize(
    "rest",
    [
        "/V 3/R 3",
        "/V 2/R 4",
        "/V 6/R 7",
        "/V 4/R 4/CF<</StdCF<</CFM/AESV4>>>>/StmF/StdCF/StrF/StdCF",
        "/V 4/R 4/CF<</StdCF<</CFM/None>>>>/StmF/StdCF/StrF/StdCF",
        "/V 4/R 4/CF<</StdCF<</CFM/AESV3>>>>/StmF/StdCF/StrF/StdCF",
        "/V 4/R 4/StmF/Missing",
        "/V 4/R 4" + CRYPT + "/EFF/Identity",
        "/V 5/R 6" + CRYPT,
        "/V/2/R(3)",
        "/V 1/R 2/Filter/Adobe.PubSec",
    ],
)
def test_what_is_encrypted_in_another_way_is_not_read(rest: str) -> None:
    key, user = key_of(16, 4)
    with pytest.raises(Uninspectable, match=r"^encrypted"):
        items_of(encrypted(key, described(user, rest), {}))


def test_a_key_that_does_not_prove_itself_is_none() -> None:
    key, user = key_of(16, 3)
    with pytest.raises(Uninspectable, match=r"^encrypted$"):
        items_of(encrypted(key, described(user[::-1], "/V 2/R 3/Length 128"), {}))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data + b"trailer<</Root 1 0 R>>\n%%EOF\n",
        lambda data: data + b"trailer<</Encrypt<</Filter/Standard>>>>\n%%EOF\n",
        lambda data: data.replace(b"%\xe2", b"9 0 obj<</Filter/Standard>>endobj\n%\xe2"),
        lambda data: data + b"trailer<</Size 3/ID[(other)(other)]>>\n%%EOF\n",
        lambda data: data.replace(b"/Encrypt 9 0 R", b"/Encrypt 8 0 R"),
    ],
)
def test_two_descriptions_that_differ_are_not_chosen_between(change) -> None:  # type: ignore[no-untyped-def]
    key, user = key_of(16, 3)
    data = encrypted(key, described(user, "/V 2/R 3/Length 128"), {8: "9 0 R"})
    assert items_of(data)
    with pytest.raises(Uninspectable, match="encrypted, in a way"):
        items_of(change(data))


def test_the_name_of_the_entry_may_be_spelt_in_any_way() -> None:
    key, user = key_of(16, 3)
    data = encrypted(key, described(user, "/V 2/R 3/Length 128"), attached(locked(key, 7, b"rows"), FILE))
    assert member_of(data.replace(b"/Encrypt 9", b"/E#6ecr#79p#74 9")) == b"rows"


def test_a_document_that_only_speaks_of_encryption_is_not_encrypted() -> None:
    objects = page(said("Ada"), more={6: "<</Encrypt 7 0 R>>", 7: "<</Filter/Standard>>"})
    assert items_of(document(objects)) == [Text("Ada", "page 1")]


def test_a_form_on_a_layer_that_is_off_is_told_apart_although_it_is_encrypted() -> None:
    key, user = key_of(16, 3)
    name = locked(key, 7, b"L").hex()
    layer: dict[int, bytes | str] = {
        6: stream(
            locked(key, 6, said("Bea Bright", y=600)),
            "/Type/XObject/Subtype/Form/BBox[0 0 600 850]/OC 7 0 R/Resources<</Font<</F1 5 0 R>>>>",
        ),
        7: f"<</Type/OCG/Name<{name}>>>",
        4: stream(locked(key, 4, said("Ada Ashdown") + b"/X Do")),
    }
    data = encrypted(
        key,
        described(user, "/V 2/R 3/Length 128"),
        layer,
        "/OCProperties<</OCGs[7 0 R]/D<</OFF[7 0 R]>>>>",
        "/Resources<</Font<</F1 5 0 R>>/XObject<</X 6 0 R>>>>",
    )
    texts = [(item.text, item.visibility) for item in items_of(data) if isinstance(item, Text)]
    assert texts == [("Ada Ashdown", SEEN), ("Bea Bright", Visibility.HIDDEN_TEXT)]


# whatever is in a description


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.integers(0, 40),
    st.floats(),
    st.binary(max_size=130),
    st.sampled_from(
        [Name(each) for each in ("Standard", "StdCF", "Identity", "V2", "AESV2", "AESV3", "None", "Crypt", "DocOpen")]
    ),
    st.builds(Ref, st.integers(0, 12), st.integers(0, 1)),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["CFM", "Length", "StdCF", "Name", "Identity"]), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = ("Filter", "V", "R", "O", "U", "UE", "P", "Length", "CF", "StmF", "StrF", "EFF", "EncryptMetadata")


@cache
def parts_of(file: str) -> tuple[list[dict[str, Value]], list[tuple[int, Value]]]:
    """Trailers and objects as they stand in the file."""
    unlocked = content(file).replace(b"/Encrypt", b"/Encrxxx")
    found = read_objects(unlocked, Budget())
    trailers = [{{"Encrxxx": "Encrypt"}.get(key, key): value for key, value in each.items()} for each in found.trailers]
    return trailers, [(each.number, each.value) for each in found.all]


@pytest.mark.parametrize("file", ["qpdf-r2.pdf", "qpdf-r3.pdf", "qpdf-r4-aes.pdf", "qpdf-r5.pdf", "pypdf-r6.pdf"])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3), value=VALUES, filters=VALUES)
@example(changes={}, value=b"0123456789abcdef0123456789abcde", filters=None)
def test_a_description_is_understood_or_uninspectable(
    file: str, changes: dict[str, Value], value: Value, filters: Value
) -> None:
    trailers, objects = parts_of(file)
    (reference,) = {each["Encrypt"] for each in trailers if "Encrypt" in each}
    assert isinstance(reference, Ref)
    objects = [
        (number, {**each, **changes} if number == reference.number and isinstance(each, dict) else each)
        for number, each in objects
    ]
    budget = Budget(DULL)
    try:
        security = security_of(trailers, objects, budget)
        assert security is not None
        security.opened([value, {"A": value}], 5, 0)
        inside = security.opened(Stream({"Filter": filters, "DecodeParms": value}, b"octets" * 9), 3, 0)
        assert isinstance(inside, Stream)
        inside.octets()
        assert len(inside.blanked()) == 54
    except Uninspectable as error:
        assert str(error)
        assert changes or isinstance(filters, (list, Name))


@pytest.mark.parametrize("file", ["qpdf-r3-streams.pdf", "qpdf-r6.pdf"])
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES)
def test_changed_octets_give_a_stream_or_uninspectable(file: str, changes: list[tuple[float, bytes]]) -> None:
    outcome(changed(content(file), changes))


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=40), st.binary(max_size=300))
def test_both_ways_of_rc4_are_one(key: bytes, octets: bytes) -> None:
    assert rc4(key, rc4(key, octets)) == octets


def test_rc4_in_steps_is_the_rc4_of_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """And of RFC 6229: the first octets under a key of 40 bits."""
    quick = [rc4(bytes(range(1, 1 + size)), bytes(300)) for size in (5, 7, 8, 10, 16, 20)]
    monkeypatch.setattr("mailguard.inspection.read.rc4.is_slow", lambda _: True)
    assert [rc4(bytes(range(1, 1 + size)), bytes(300)) for size in (5, 7, 8, 10, 16, 20)] == quick
    assert rc4(b"\1\2\3\4\5", bytes(8)).hex() == "b2396305f03dc027"
