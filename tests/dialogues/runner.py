r"""Plays a dialogue file against a real listening socket.

A file is one dialogue. Its lines:

    # why                      a comment
    ! key=value ...            a setting of the listener, a limit, capabilities=eight_bit,smtputf8,dsn (or none), or
                               answer=accepted (or refused, challenged, unavailable): to whoever signs in
    C: text                    the client sends text and CRLF; neighbouring C and c lines leave in one packet
    c: text                    the same without CRLF
    S: text                    the guard sends this line; "..." at its end stands for anything, {ref} for a reference
    S>                         the guard closes the connection
    C>                         the client closes its half
    P>                         what the client sends next leaves in another packet
    M: 1                       so many messages have been submitted so far
    M= text                    the content of the last one
    F= text                    its envelope: reverse-path, ">", recipients, each with its parameters

Escapes in C, c and M=: \r \n \t \0 \\ and \xHH.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from mailguard.core.envelope import Recipient
from mailguard.core.reference import PATTERN
from mailguard.smtp.capabilities import Capabilities
from mailguard.smtp.listen_settings import Limits
from tests.fakes.sign_in import ANSWERS, FakeSignIn
from tests.smtp.listen.door import ALL, Client, Door, connect, open_door

_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|([rnt0\\]))")
_PLAIN = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}


def unescape(text: str) -> bytes:
    return _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()) if found[1] else _PLAIN[found[2]], text.encode())


async def play(path: Path) -> None:
    lines = [line.rstrip("\n") for line in path.read_text(encoding="utf-8").splitlines()]
    async with open_door(**_options(lines)) as door, connect(door) as client:  # type: ignore[arg-type]
        packet = b""
        for number, line in enumerate(lines, 1):
            if line.startswith(("C:", "c:")):
                packet += unescape(line[3:]) + (b"\r\n" if line.startswith("C:") else b"")
            elif line and not line.startswith(("#", "!")):
                client.send(packet)
                packet = b""
                try:
                    await _step(line, door, client)
                except (AssertionError, TimeoutError) as error:
                    raise AssertionError(f"{path.name}:{number}: {line}\n{error or 'nothing came'}") from None


def _options(lines: list[str]) -> dict[str, object]:
    options: dict[str, object] = {"capabilities": ALL}
    limits: dict[str, int] = {}
    for pair in " ".join(line[1:] for line in lines if line.startswith("!")).split():
        key, _, value = pair.partition("=")
        if key == "capabilities":
            options[key] = Capabilities(**{name: True for name in value.split(",") if name != "none"})
        elif key == "answer":
            options["doorkeeper"] = {"sign_in": FakeSignIn(ANSWERS[value])}
        elif key in Limits.model_fields:
            limits[key] = int(value)
        else:
            options[key] = value.split(",") if key == "allow" else value
    return {**options, "limits": limits}


async def _step(line: str, door: Door, client: Client) -> None:
    mark, text = line[:2], line[3:]
    if mark == "C>":
        client.writer.write_eof()
    elif mark == "P>":
        await asyncio.sleep(0.02)
    elif mark == "S:":
        _matches(text, (await client.line()).decode("ascii"))
    elif mark == "S>":
        got = await client.line()
        assert got == b"", f"got {got!r} instead of the end"
    elif mark == "M:":
        assert len(door.messages) == int(text), f"{len(door.messages)} messages"
    elif mark == "M=":
        assert door.messages[-1].content == unescape(text), repr(door.messages[-1].content)
    elif mark == "F=":
        assert _envelope(door) == text, _envelope(door)
    else:
        raise AssertionError("not a line of a dialogue")


def _matches(expected: str, got: str) -> None:
    pattern = re.escape(expected).replace(re.escape("{ref}"), PATTERN.pattern)
    if expected.endswith("..."):
        pattern = pattern.removesuffix(re.escape("...")) + ".*"
    assert re.fullmatch(pattern, got), f"got {got!r}"


def _envelope(door: Door) -> str:
    envelope = door.messages[-1].envelope
    sender = envelope.reverse_path.wire if envelope.reverse_path else b"<>"
    words = [sender, *envelope.parameters, b">"]
    for each in envelope.recipients:
        words.extend(_words(each))
    return b" ".join(words).decode("utf-8")


def _words(recipient: Recipient) -> list[bytes]:
    return [recipient.path.wire, *recipient.parameters]
