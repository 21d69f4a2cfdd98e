"""A folder of an IMAP server as an archive (RFC 3501), over TLS, opened for reading alone: nothing is marked as seen.

Its messages are fetched some at a time into a file that has no name: nothing of it is left when this ends, however it
ends. What the folder holds is taken as it is when it is opened; what goes meanwhile is unreadable, what comes is not
asked for.
"""

from __future__ import annotations

import base64
import imaplib
import os
import re
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, unquote, urlsplit

from ..core.errors import ArchiveUnreachable, NotAllowed, SettingsError
from ..core.replay.archived import time_in
from .archive import TOO_LARGE, Place

SCHEME = "imaps"
PORT = 993
SECONDS = 60.0
SIZES_AT_ONCE = 500
GONE = "it is gone from the server"
MESSAGES_AT_ONCE = 32
OCTETS_AT_ONCE = 8_000_000
_DATE = re.compile(rb'INTERNALDATE "([^"]{1,60})"')
_SIZE = re.compile(rb"RFC822\.SIZE (\d{1,15})")
_NUMBER = re.compile(rb"(\d+) \(")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a folder is: imaps://user@host[:port]/Folder, each part percent-encoded where it has to be."""

    user: str
    host: str
    port: int
    folder: str

    @property
    def name(self) -> str:
        return f"{SCHEME}://{self.host}:{self.port}/{self.folder}"


def is_address(text: str) -> bool:
    return text.lower().startswith((f"{SCHEME}://", "imap://"))


def address_in(text: str) -> Address:
    """SettingsError where it is none, also where it holds a password: others could read that on the command line."""
    try:
        url: SplitResult = urlsplit(text)
        port = url.port or PORT
    except ValueError:
        raise SettingsError("that is no address such as imaps://jo@mail.example/Sent") from None
    if url.scheme.lower() != SCHEME:
        raise SettingsError("mail is fetched over TLS alone: write imaps://")
    if url.password is not None:
        raise SettingsError("a password does not belong into the address: name a file with --password-file")
    folder = unquote(url.path.lstrip("/"))
    if not url.username or not url.hostname or not folder or re.search(r"[\x00-\x1f\x7f]", unquote(text)):
        raise SettingsError("that is no address such as imaps://jo@mail.example/Sent")
    return Address(unquote(url.username), url.hostname, port, folder)


class ImapFolder:
    """Use it in a `with`. password: of the address's user. most_bytes: larger messages are not fetched.

    Raises ArchiveUnreachable, NotAllowed where the server refuses the user, SettingsError where there is no folder.
    """

    def __init__(self, address: Address, password: str, most_bytes: int) -> None:
        self._address = address
        self._most_bytes = most_bytes
        self.weight = 0
        self.identity = ""
        self._spool = tempfile.TemporaryFile()  # noqa: SIM115  closed in __exit__; it has no name
        self._path = f"/proc/{os.getpid()}/fd/{self._spool.fileno()}"
        try:
            self._server = self._open(password)
        except BaseException:
            self._spool.close()
            raise

    def __enter__(self) -> ImapFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()
        try:
            self._server.logout()
        except (imaplib.IMAP4.error, OSError):
            self._server.shutdown()

    def _open(self, password: str) -> imaplib.IMAP4_SSL:
        where = self._address
        try:
            server = imaplib.IMAP4_SSL(
                where.host, where.port, ssl_context=ssl.create_default_context(), timeout=SECONDS
            )
        except (OSError, imaplib.IMAP4.error) as cause:
            raise ArchiveUnreachable(f'the server "{where.host}" cannot be reached: {_why(cause)}') from cause
        try:
            try:
                server.authenticate("PLAIN", lambda _: f"\0{where.user}\0{password}".encode())
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error:
                raise NotAllowed(f'"{where.host}" does not let this user in with this password') from None
            answer, data = server.select(f'"{_in_utf7(where.folder)}"', readonly=True)
            if answer != "OK" or data[0] is None:
                raise SettingsError(f'there is no folder "{where.folder}" on "{where.host}"')
            self.weight = int(data[0])
            known = [server.response(each)[1][0] for each in ("UIDVALIDITY", "UIDNEXT")]
            self.identity = f"{where.name} {known} of {self.weight}"
        except (OSError, imaplib.IMAP4.error, ValueError) as cause:
            server.shutdown()
            raise ArchiveUnreachable(f'"{where.host}" broke off: {_why(cause)}') from cause
        except BaseException:
            server.shutdown()
            raise
        return server

    def places(self, after: int = 0) -> Iterator[Place]:
        """In the order in which they came to the folder."""
        try:
            for first in range(after + 1, self.weight + 1, SIZES_AT_ONCE):
                last = min(first + SIZES_AT_ONCE - 1, self.weight)
                sizes = self._sizes(first, last)
                for batch, small in _batches(first, last, sizes, self._most_bytes):
                    if small:
                        yield from self._fetch(batch)
                    else:
                        yield self._place(batch[0], unreadable=TOO_LARGE)
        except (OSError, imaplib.IMAP4.error) as cause:
            raise ArchiveUnreachable(f'"{self._address.host}" broke off: {_why(cause)}') from cause

    def _sizes(self, first: int, last: int) -> dict[int, int]:
        _, data = self._server.fetch(f"{first}:{last}", "(RFC822.SIZE)")
        found: dict[int, int] = {}
        for line in data:
            if isinstance(line, bytes) and (number := _NUMBER.match(line)) and (size := _SIZE.search(line)):
                found[int(number[1])] = int(size[1])
        return found

    def _fetch(self, batch: range) -> Iterator[Place]:
        found: dict[int, Place] = {}
        _, data = self._server.fetch(f"{batch[0]}:{batch[-1]}", "(INTERNALDATE BODY.PEEK[])")
        for each in data:
            if isinstance(each, tuple) and (number := _NUMBER.match(each[0])):
                head, octets = each
                start = self._spool.seek(0, os.SEEK_END)
                self._spool.write(octets)
                date = _DATE.search(head)
                delivered = time_in(date[1].decode("ascii", "replace").replace("-", " ", 2)) if date else None
                place = self._place(int(number[1]))
                found[place.position] = replace(place, start=start, end=start + len(octets), delivered=delivered)
        self._spool.flush()
        for position in batch:
            yield found.get(position) or self._place(position, unreadable=GONE)

    def _place(self, number: int, unreadable: str | None = None) -> Place:
        return Place(number, self._path, before=number - 1, unreadable=unreadable)


def _batches(first: int, last: int, sizes: dict[int, int], most_bytes: int) -> Iterator[tuple[range, bool]]:
    """Numbers that are fetched at once, and whether they are: one that is too large stands alone, and is not."""
    begin, octets = first, 0
    for number in range(first, last + 1):
        size = sizes.get(number, 0)
        if size > most_bytes:
            if begin < number:
                yield range(begin, number), True
            yield range(number, number + 1), False
            begin, octets = number + 1, 0
            continue
        octets += size
        if number - begin + 1 >= MESSAGES_AT_ONCE or octets >= OCTETS_AT_ONCE or number == last:
            yield range(begin, number + 1), True
            begin, octets = number + 1, 0


def _in_utf7(folder: str) -> str:
    """RFC 3501 section 5.1.3, in quotes."""

    def encoded(found: re.Match[str]) -> str:
        text = base64.b64encode(found[0].encode("utf-16-be")).rstrip(b"=").replace(b"/", b",").decode()
        return f"&{text}-"

    plain = re.sub(r"[^\x20-\x7e]+", encoded, folder.replace("&", "&-"))
    return plain.replace("\\", "\\\\").replace('"', '\\"')


def _why(cause: BaseException) -> str:
    """Without what a server says, which can hold anything."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({cause.verify_message})"
    return (cause.strerror if isinstance(cause, OSError) else None) or type(cause).__name__
