"""What a leaf part is, as far as people can stand in it: text, contacts, a message, ciphertext, or closed to us.

By the type and the names that it gives itself, and by how it begins.
"""

from __future__ import annotations

import re
from enum import Enum

from ..kinds import is_calendar, is_tnef, plain_names
from ..mail.message import Part

PROBED_OCTETS = 4_096
"""How much of a part's decoded content is looked at to say what it is."""


class Kind(Enum):
    """OPAQUE: can name people, and nothing here reads it. OTHER: for detectors (documents, sheets, pictures)."""

    TEXT = "text"
    HTML = "html"
    CONTACTS = "contacts"
    MESSAGE = "message"
    MAILBOX = "mailbox"
    CALENDAR = "calendar"
    CMS = "cms"
    CIPHERTEXT = "ciphertext"
    OPAQUE = "opaque"
    OTHER = "other"


MESSAGES = frozenset(
    {
        *("message/rfc822", "message/global", "message/news", "message/rfc822-headers", "message/global-headers"),
        *("text/rfc822", "text/rfc822-headers"),
    }
)
_CONTACTS = frozenset(
    {
        *("text/vcard", "text/x-vcard", "text/directory", "application/vcard", "application/vcard+xml"),
        *("application/vcard+json", "text/csv", "text/tab-separated-values", "application/csv", "text/x-csv"),
        *("text/comma-separated-values", "text/x-comma-separated-values", "text/ldif", "application/x-ldif"),
    }
)
_BY_TYPE = {
    **dict.fromkeys(MESSAGES, Kind.MESSAGE),
    **dict.fromkeys(("application/pkcs7-mime", "application/x-pkcs7-mime"), Kind.CMS),
    "application/mbox": Kind.MAILBOX,
    "application/pgp-encrypted": Kind.CIPHERTEXT,
    "application/vnd.ms-outlook": Kind.OPAQUE,
}
_BY_NAME: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"\.(?:msg|oft)\Z"), Kind.OPAQUE),
    (re.compile(r"\.(?:eml|emlx|mht|mhtml)\Z"), Kind.MESSAGE),
    (re.compile(r"\.mbox\Z"), Kind.MAILBOX),
    (re.compile(r"\.p7[mz]\Z"), Kind.CMS),
    (re.compile(r"\.(?:vcf|vcard|csv|tsv|tab|ldif|ldi)\Z"), Kind.CONTACTS),
)
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", "text/x-html"})
_HTML_NAME = re.compile(r"\.(?:html?|xhtml)\Z")
_TEXT_TYPES = frozenset(
    {"application/json", "application/xml", "application/rtf", "application/yaml", "application/sql"}
)
_TEXT_NAME = re.compile(r"\.(?:txt|text|md|log|rtf|json|xml|ya?ml|sql)\Z")
UNTYPED = frozenset({"application/octet-stream", "application/x-unknown", "application/unknown"})
VCARD_OCTETS = 64
"""How far into a part a vCard is looked for."""
_USUAL = {"text/plain": Kind.TEXT, "text/html": Kind.HTML}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")
TNEF_SIGNATURE = b"\x78\x9f\x3e\x22"
_FIRST_FIELD = re.compile(rb"\s{0,20}(?:From [^\r\n]*\r?\n)?[!-9;-~]{1,60}[ \t]*:")
_TELLING_FIELD = re.compile(rb"^(from|to|date|subject|received|message-id|mime-version)[ \t]*:", re.I | re.M)


def kind_of(part: Part, start: bytes) -> Kind:
    """The kind of a leaf. start: the first PROBED_OCTETS of its decoded content; of a `usual` one VCARD_OCTETS do."""
    if is_usual(part) and not start.startswith(TNEF_SIGNATURE):
        return Kind.CONTACTS if _begins_as_contact(start) else _USUAL[part.media_type]
    if is_tnef(part) or start.startswith(TNEF_SIGNATURE):
        return Kind.OPAQUE
    if is_calendar(part):
        return Kind.CALENDAR
    known = _BY_TYPE.get(part.media_type) or _by_name(part)
    if known is not None:
        return known
    if part.media_type in _CONTACTS or _begins_as_contact(start):
        return Kind.CONTACTS
    return _written(part, start)


def is_usual(part: Part) -> bool:
    """Whether it is a plain text or a page without a name: only what it begins with could make it something else."""
    return not part.filenames and part.media_type in _USUAL


def _begins_as_contact(start: bytes) -> bool:
    return start[:VCARD_OCTETS].lstrip(b"\xef\xbb\xbf\r\n\t ").upper().startswith(b"BEGIN:VCARD")


def _written(part: Part, start: bytes) -> Kind:
    names = plain_names(part)
    if part.media_type in _HTML_TYPES or any(map(_HTML_NAME.search, names)):
        return Kind.HTML
    if part.media_type in UNTYPED and begins_as_message(start):
        return Kind.MESSAGE
    is_text = part.media_type.startswith(("text/", "message/")) or part.media_type in _TEXT_TYPES
    is_text = is_text or any(map(_TEXT_NAME.search, names)) or looks_like_text(start)
    return Kind.TEXT if is_text else Kind.OTHER


def looks_like_text(start: bytes) -> bool:
    """Whether octets read as text, whatever their type says: no control characters, NULs only as UTF-16 has them."""
    zeros = start.count(0)
    if zeros and not start.startswith(_UTF_16) and not 0.8 < 2 * zeros / len(start) < 1.2:
        return False
    return start != b"" and _CONTROL.search(start.replace(b"\0", b"")) is None


def begins_as_message(start: bytes) -> bool:
    """Whether octets look like the header of a message: a field first, and two that every message has."""
    telling = {found[1].lower() for found in _TELLING_FIELD.finditer(start)}
    return len(telling) > 1 and _FIRST_FIELD.match(start) is not None


def _by_name(part: Part) -> Kind | None:
    names = plain_names(part)
    return next((kind for pattern, kind in _BY_NAME if any(map(pattern.search, names))), None)
