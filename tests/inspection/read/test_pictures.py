"""Pictures, sounds and films by real programs: what they say of themselves is read, and the rest is only named."""

from __future__ import annotations

import base64
import gzip
import struct
import zlib
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.inspection.budget import Limits, Uninspectable
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.read import media, picture
from mailguard.inspection.readers import CONTRADICTS, NOBODY_READS, readers_of
from mailguard.inspection.stream import Member, Person, Text, Visibility
from tests.inspection.read.test_archives import Seen, changed, looked_into, texts
from tests.inspection.read.test_zip import zipped

FOLDER = Path(__file__).parents[2] / "fixtures" / "pictures"
TRUTH = yaml.safe_load((FOLDER / "truth.yaml").read_text())
NOT_ENDED = (".mp3", ".ogg", ".opus", ".flac", ".aac", ".mpg", ".wma", ".amr")
"""Formats without an end of their own, behind which a zip is looked for alone."""
FEW = Limits(total_bytes=5_000_000, kept_bytes=5_000_000, members=500, tags=100_000)


def files(*kinds: str) -> list[str]:
    return [each["file"] for each in TRUTH if each["kind"] in kinds]


def data_of(file: str) -> bytes:
    return (FOLDER / file).read_bytes()


def told(seen: Seen) -> str:
    names = [item.name for item in seen.items if isinstance(item, Person)]
    return " ".join([*names, *texts(seen)])


@pytest.mark.parametrize("file", files("told", "text"))
def test_who_made_it_and_what_is_written_of_it(file: str) -> None:
    found, seen = looked_into(data_of(file), file)
    assert found.unread is None
    assert "Ada Thorn" in told(seen) and "Referral of Cora Ash" in told(seen).replace("  ", " ")


@pytest.mark.parametrize("file", [file for file in files("told") if file.endswith(picture.ENDINGS)])
def test_the_maker_of_a_picture_is_a_person(file: str) -> None:
    _, seen = looked_into(data_of(file), file)
    assert [(item.name, item.visibility) for item in seen.items if isinstance(item, Person)] == [
        ("Ada Thorn", Visibility.PROPERTY)
    ]
    assert {item.visibility for item in seen.items if isinstance(item, Text)} == {Visibility.PROPERTY}


@pytest.mark.parametrize("file", files("place"))
def test_where_it_was_taken(file: str) -> None:
    found, seen = looked_into(data_of(file), file)
    places = [item for item in seen.items if isinstance(item, Text) and item.where.startswith("a place")]
    assert found.unread is None and places
    assert all(item.visibility is Visibility.PROPERTY for item in places)
    assert "51" in places[0].text and "51" not in places[0].where


@pytest.mark.parametrize("file", files("clean"))
def test_its_twin_names_nobody(file: str) -> None:
    found, seen = looked_into(data_of(file), file)
    assert found.unread is None
    assert not [item for item in seen.items if isinstance(item, Person)]
    assert "Ada" not in told(seen) and "Cora" not in told(seen)


@pytest.mark.parametrize("file", files("clean", "told"))
def test_a_zip_behind_the_end_is_read_or_held(file: str) -> None:
    found, seen = looked_into(data_of(file) + zipped(("people.txt", b"Dev Rowan")), file)
    if file.endswith(".svg"):
        assert found.unread == "it is called a text and holds something else"
    elif file.endswith(NOT_ENDED):
        assert found.unread == "holds an archive beside its sound or film"
    else:
        assert found.unread is None and "Dev Rowan" in texts(seen)


@pytest.mark.parametrize("file", [file for file in files("clean") if not file.endswith((*NOT_ENDED, ".svg"))])
def test_text_behind_the_end_is_hidden_text_and_padding_is_nothing(file: str) -> None:
    _, seen = looked_into(data_of(file) + b"\0" * 70_000 + b"Dev Rowan, born 1962", file)
    hidden = [item.text for item in seen.items if isinstance(item, Text) and item.visibility is Visibility.HIDDEN_TEXT]
    assert hidden == ["Dev Rowan, born 1962"]
    found, seen = looked_into(data_of(file) + bytes(70_000), file)
    assert found.unread is None and "Dev" not in told(seen)


@pytest.mark.parametrize("file", [file for file in files("clean") if not file.endswith((*NOT_ENDED, ".svg"))])
def test_octets_behind_the_end_that_nobody_knows_are_held(file: str) -> None:
    found, _ = looked_into(data_of(file) + bytes(range(1, 32)) * 9, file)
    assert found.unread == NOBODY_READS


@pytest.mark.parametrize("file", files("clean"))
def test_a_zip_under_its_name_contradicts(file: str) -> None:
    with pytest.raises(Uninspectable, match=CONTRADICTS):
        readers_of(Enclosed(zipped(("a.txt", b"x")), names=(file,)))


@pytest.mark.parametrize("file", files("clean"))
def test_it_is_known_by_its_content(file: str) -> None:
    name = readers_of(Enclosed(data_of(file)))[0].name
    expected = "picture" if picture.begins(data_of(file)) else "sound, film or font"
    assert name == ("drawing" if file.endswith(".svg") else expected)


def test_one_picture_under_the_name_of_another_is_a_picture() -> None:
    found, _ = looked_into(data_of("clean.png"), "photo.jpg", "image/jpeg")
    assert found.unread is None


@pytest.mark.parametrize(
    "text", [b"BMW and Ada Thorn", b"GIF of Ada", b"II* Ada Thorn", b"ID 3", b"RIFF raff", b"\xff\xfeA\0", b"<svg"]
)
def test_text_that_looks_a_little_like_a_picture_is_none(text: bytes) -> None:
    assert not picture.begins(text) and not media.begins(text)


def test_a_second_picture_behind_the_first_is_read_too() -> None:
    found, seen = looked_into(data_of("clean.jpg") + data_of("exif.jpg") + data_of("tagged.mp4"), "MVIMG_1.jpg")
    assert found.unread is None and told(seen).count("Ada Thorn") == 2


def test_a_preview_in_a_picture_is_named() -> None:
    ifd = struct.pack("<HHHLLHHLLL", 2, 513, 4, 1, 64, 514, 4, 1, 4, 0)
    tiff = b"II*\0\x08\0\0\0" + ifd + bytes(64 - 8 - len(ifd)) + b"\xff\xd8\xff\xd9"
    exif = b"Exif\0\0" + tiff
    jpeg = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + b"\xff\xd9"
    _, seen = looked_into(jpeg, "a.jpg")
    assert [item.name for item in seen.items if isinstance(item, Member)] == ["preview"]


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))


def png(*chunks: bytes) -> bytes:
    whole = data_of("clean.png")
    at = whole.index(b"IDAT") - 4
    return whole[:at] + b"".join(chunks) + whole[at:]


def test_a_block_of_a_program_gives_its_letters_or_the_file_in_it() -> None:
    assert looked_into(png(chunk(b"prVW", b"\1\2Dev Rowan\0\3")), "a.png")[1].items[-1].text == "Dev Rowan"  # type: ignore[union-attr]
    _, seen = looked_into(png(chunk(b"zzZz", zipped(("a.txt", b"Dev Rowan")))), "a.png")
    assert "Dev Rowan" in texts(seen)


def test_a_packed_text_that_is_too_long_is_held() -> None:
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50_000_000), 9))
    assert looked_into(png(bomb), "a.png")[0].unread == "a picture with more text than pictures have"


def test_a_profile_that_imagemagick_wrote_is_read() -> None:
    exif = data_of("exif.jpg")
    at = exif.index(b"Exif\0\0")
    block = exif[at : at + 200]
    raw = b"\nexif\n%8d\n" % len(block) + block.hex().encode() + b"\n"
    _, seen = looked_into(png(chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw))), "a.png")
    assert "Ada Thorn" in told(seen)


def svg(inside: str, before: str = "") -> bytes:
    return f'<?xml version="1.0"?>{before}<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>'.encode()


@pytest.mark.parametrize(
    "unseen",
    ['display="none"', 'style="fill:red; visibility: hidden"', 'opacity="0"', 'style="font-size:0"'],
)
def test_text_that_a_drawing_does_not_show(unseen: str) -> None:
    _, seen = looked_into(svg(f"<g {unseen}><text>Dev Rowan</text></g><text>Hall</text>"), "a.svg", "image/svg+xml")
    assert [(item.text, item.visibility.name) for item in seen.items if isinstance(item, Text)] == [
        ("Dev Rowan", "HIDDEN_TEXT"),
        ("Hall", "SEEN"),
    ]


def test_what_else_a_drawing_holds() -> None:
    picture_in_it = "data:image/jpeg;base64," + base64.b64encode(data_of("exif.jpg")).decode()
    drawing = svg(
        f'<!-- by Elin --><title>Plan</title><script>x()</script><image href="{picture_in_it}"/>',
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">',
    )
    found, seen = looked_into(drawing, "a.svg")
    assert found.unread is None
    assert [item.kind for item in seen.items if isinstance(item, Member)] == ["macros"]
    assert {"by Elin", "Plan", "x()"} <= set(texts(seen)) and "Ada Thorn" in told(seen)
    assert "Ada Thorn" in told(looked_into(gzip.compress(drawing), "a.svgz")[1])


def test_a_drawing_that_declares_entities_is_read_as_text() -> None:
    found, seen = looked_into(svg("<text>&a;&#68;ev</text>", '<!DOCTYPE svg [<!ENTITY a "Rowan">]>'), "a.svg")
    assert found.unread is not None or ("Dev" in texts(seen)[0] and "Rowan" in texts(seen)[0])


def test_files_that_a_film_or_a_sound_carries() -> None:
    body = data_of("clean.mkv")
    attached = bytes.fromhex("1941a469") + b"\x85hello"
    at = body.index(bytes.fromhex("1f43b675"))
    assert looked_into(body[:at] + attached + body[at:], "a.mkv")[0].unread == "a film with files attached to it"
    content = b"\0text/plain\0a.zip\0\0" + zipped(("a.txt", b"Dev Rowan"))
    frame = b"GEOB" + struct.pack(">L", len(content)) + b"\0\0" + content
    tag = b"ID3\3\0\0" + bytes([0, 0, len(frame) >> 7, len(frame) & 127]) + frame
    _, seen = looked_into(tag + data_of("clean.mp3"), "a.mp3")
    assert "Dev Rowan" in texts(seen)


CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), min_size=1)


@settings(max_examples=120, deadline=None)
@given(file=st.sampled_from(files("told", "text", "place")), changes=CHANGES, cut=st.floats(0.1, 1))
def test_whatever_is_done_to_a_picture_it_is_read_or_held(
    file: str, changes: list[tuple[float, bytes]], cut: float
) -> None:
    whole = changed(data_of(file), changes)
    for octets in (whole, whole[: int(cut * len(whole))]):
        assert looked_into(octets, file, limits=FEW)[0].error is None


@pytest.mark.parametrize("file", files("clean"))
@settings(max_examples=8, deadline=None)
@given(changes=CHANGES)
def test_whatever_is_done_to_the_beginning_of_one(file: str, changes: list[tuple[float, bytes]]) -> None:
    data = data_of(file)
    assert looked_into(changed(data[:120], changes) + data[120:], limits=FEW)[0].error is None
