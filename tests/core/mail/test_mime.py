"""The tree of parts: paths, spans, names, and what other readers make of the same octets."""

from __future__ import annotations

import email
import email.policy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard.core.mail.message import Part
from mailguard.core.mail.parameters import read_parameterised
from mailguard.core.mail.parse import parse

NESTED = """From: a@in.example
To: b@o.example
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_a"

preamble
--=_a
Content-Type: multipart/alternative; boundary="=_a_b"

--=_a_b

plain
--=_a_b
Content-Type: text/html; charset="utf-8"

<p>html
--=_a_b--

--=_a
Content-Type: Application/PDF; name="a.pdf"
Content-Transfer-Encoding: BASE64
Content-Disposition: ATTACHMENT; filename="b.pdf"

QUJD
--=_a--
epilogue
""".replace("\n", "\r\n").encode()


def test_paths_spans_and_types() -> None:
    root = parse(NESTED).root
    seen = [(part.path, part.media_type, part.encoding, part.disposition, part.filenames) for part in root.walk()]
    assert seen == [
        ("", "multipart/mixed", "7bit", None, ()),
        ("1", "multipart/alternative", "7bit", None, ()),
        ("1.1", "text/plain", "7bit", None, ()),
        ("1.2", "text/html", "7bit", None, ()),
        ("2", "application/pdf", "base64", "attachment", ("b.pdf", "a.pdf")),
    ]
    bodies = [NESTED[part.body_start : part.end] for part in root.walk() if not part.children]
    assert bodies == [b"plain", b"<p>html", b"QUJD"]
    assert root.children[0].children[1].parameters == {"charset": "utf-8"}
    assert NESTED[root.children[1].start :].startswith(b"Content-Type: Application/PDF")
    assert (root.start, root.end) == (0, len(NESTED))
    assert not parse(NESTED).defects


def test_part_fields_are_spans_of_raw() -> None:
    part = parse(NESTED).root.children[1]
    assert [field.name for field in part.fields] == ["content-type", "content-transfer-encoding", "content-disposition"]
    assert NESTED[part.fields[1].value_start : part.fields[1].end] == b" BASE64\r\n"


def test_an_outer_delimiter_ends_inner_parts() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=A\r\n\r\n--A\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"
        b"--B\r\n\r\none\r\n--A\r\n\r\ntwo\r\n--A--\r\n"
    )
    message = parse(raw)
    assert [raw[part.body_start : part.end] for part in message.root.walk() if not part.children] == [b"one", b"two"]
    assert [(defect.kind, defect.where, defect.holds) for defect in message.defects] == [
        ("closing-delimiter-missing", "part 1", False)
    ]


def test_a_part_whose_header_runs_into_a_delimiter_ends_there_and_holds() -> None:
    parts = b"--A\r\nContent-Type: text/html\r\n--A\r\n\r\ntwo\r\n--A--\r\n"
    raw = b"Content-Type: multipart/mixed; boundary=A\r\n\r\n" + parts
    message = parse(raw)
    assert [part.media_type for part in message.root.children] == ["text/html", "text/plain"]
    assert "part-without-body" in {defect.kind for defect in message.defects if defect.holds}


def test_sibling_multiparts_may_share_a_boundary() -> None:
    inner = "Content-Type: multipart/alternative; boundary=I\r\n\r\n--I\r\n\r\nx\r\n--I--\r\n"
    raw = f"Content-Type: multipart/mixed; boundary=A\r\n\r\n--A\r\n{inner}--A\r\n{inner}--A--\r\n".encode()
    message = parse(raw)
    assert [part.path for part in message.root.walk()] == ["", "1", "1.1", "2", "2.1"]
    assert not any(defect.holds for defect in message.defects)


def test_a_digest_holds_messages() -> None:
    raw = b"Content-Type: multipart/digest; boundary=A\r\n\r\n--A\r\n\r\nTo: x@o.example\r\n\r\nHi\r\n--A--\r\n"
    assert parse(raw).root.children[0].media_type == "message/rfc822"


KINDS = st.sampled_from(["text/plain", "text/html", "application/pdf", "image/png", "message/rfc822"])
TREES = st.recursive(KINDS, lambda children: st.lists(children, min_size=1, max_size=4), max_leaves=12)


def write(tree: str | list[object], depth: str = "b") -> str:
    if isinstance(tree, str):
        return f"Content-Type: {tree}\r\n\r\nTo: x@o.example\r\n\r\nbody {depth}"
    parts = "".join(f"--{depth}_\r\n{write(child, f'{depth}{index}')}\r\n" for index, child in enumerate(tree))  # type: ignore[arg-type]
    return f'Content-Type: multipart/mixed; boundary="{depth}_"\r\n\r\n{parts}--{depth}_--\r\n'


def shape(part: Part) -> object:
    return [shape(child) for child in part.children] if part.children else part.media_type


def library_shape(part: email.message.Message) -> object:
    if part.get_content_maintype() == "multipart":
        return [library_shape(child) for child in part.get_payload()]  # type: ignore[union-attr, arg-type]
    return part.get_content_type()


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(TREES)
def test_well_formed_trees_are_read_like_the_standard_library_reads_them(tree: str | list[object]) -> None:
    raw = f"MIME-Version: 1.0\r\n{write(tree)}".encode()
    message = parse(raw)
    assert shape(message.root) == library_shape(email.message_from_bytes(raw, policy=email.policy.default)) == tree
    assert not any(defect.holds for defect in message.defects)


@pytest.mark.parametrize(
    ("body", "value", "readings", "flaws"),
    [
        (b" text/plain; charset=UTF-8\r\n", "text/plain", {"charset": ["UTF-8"]}, []),
        (b'text/plain;charset = "x\\"y" ;; a=b;', "text/plain", {"charset": ['x"y'], "a": ["b"]}, []),
        (b"a/b; name*0=x; name*1=y", "a/b", {"name": ["xy"]}, []),
        (b"a/b; name*1=y; name*0=x", "a/b", {"name": ["xy"]}, []),
        (b"a/b; name*=utf-8'en'%C3%B6", "a/b", {"name": ["ö"]}, []),
        (b"a/b; name*0*=iso-8859-1''%F6; name*1=%41; name*2*=%41", "a/b", {"name": ["ö%41A"]}, []),
        (b"a/b; x=1; x=2", "a/b", {"x": ["1", "2"]}, ["conflict:x"]),
        (b"a/b; x=1; x=1", "a/b", {"x": ["1"]}, []),
        (b"a/b; x=1 2", "a/b", {"x": ["1 2"]}, ["junk"]),
        (b"a/b (c); x=1", "a/b", {"x": ["1"]}, ["comment"]),
        (b'a/b; x="1', "a/b", {"x": ["1"]}, ["quote-not-closed"]),
        (b"", "", {}, []),
        (b";", "", {}, []),
        (b"a/b; noequals; y=1", "a/b", {"noequals": [""], "y": ["1"]}, []),
    ],
)
def test_parameters(body: bytes, value: str, readings: dict[str, list[str]], flaws: list[str]) -> None:
    found = read_parameterised(body)
    assert (found.value, found.readings, found.flaws) == (value, readings, flaws)


@given(
    st.lists(
        st.sampled_from([b";", b"=", b'"', b"*", b"0", b"'", b"%41", b"a", b"(", b")", b"\\", b" ", b"\xff"]),
        max_size=20,
    )
)
def test_parameters_are_total(pieces: list[bytes]) -> None:
    read_parameterised(b"a/b;" + b"".join(pieces))


def test_too_many_parameters_are_a_flaw() -> None:
    assert "too-many" in read_parameterised(b"a/b" + b";x=1" * 300).flaws
