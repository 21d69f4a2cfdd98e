"""Which parts a reader shows, and their content."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.mail.parse import parse
from mailguard.core.mail.reading import html_of, pictures_of

MIXED = (
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
    b"--b\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"<p>caf=E9</p>\r\n"
    b"--b\r\nContent-Type: image/png\r\nContent-ID: <logo@elm>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n"
    b"--b\r\nContent-Type: image/gif\r\n\r\nGIF\r\n--b--\r\n"
)


def test_html_and_pictures_come_decoded() -> None:
    message = parse(MIXED)
    assert html_of(message) == "<p>café</p>"
    assert pictures_of(message) == {"logo@elm": ("image/png", b"\x89PNG")}


def test_an_attachment_is_not_the_text() -> None:
    raw = b"Content-Type: text/html\r\nContent-Disposition: attachment\r\n\r\n<p>x</p>\r\n"
    assert html_of(parse(raw)) is None and html_of(parse(b"Subject: x\r\n\r\nHello\r\n")) is None


@given(st.binary(max_size=400))
def test_any_octets_can_be_read(octets: bytes) -> None:
    for raw in (octets, MIXED[:150] + octets, octets + MIXED):
        message = parse(raw)
        assert isinstance(html_of(message), str | None) and isinstance(pictures_of(message), dict)
