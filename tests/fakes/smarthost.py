"""A scripted smarthost on loopback that can misbehave at every stage, and keeps byte-exact what it was sent.

    async with ScriptedSmarthost({"rcpt:2": say(b"550 5.1.1 no such user")}) as smarthost:
        ... connect to 127.0.0.1:smarthost.port ...
    smarthost.messages[0].content

Stages: connect (before the banner), banner, ehlo, starttls, auth, mail, rcpt, rcpt:N (the Nth of a transaction, from
1), data, body (once some content has arrived), dot (after the final dot), rset, noop, quit, xclient,
xforward; auth:2 and on for what follows a 334. What the script does not name is answered as an ordinary smarthost does.
The tests of other parts may use it as their smarthost.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

END = b"\r\n.\r\n"
ORDINARY = (b"PIPELINING", b"SIZE 52428800", b"8BITMIME", b"SMTPUTF8", b"DSN", b"ENHANCEDSTATUSCODES")


@dataclass(frozen=True, slots=True)
class Act:
    """What to do instead of the ordinary answer: say octets (as they are), wait, say endless octets, cut.

    drip_seconds: between the octets, which leave one by one.
    """

    octets: bytes = b""
    wait_seconds: float = 0.0
    drip_seconds: float = 0.0
    endless: bytes = b""
    cut: bool = False
    goes_on: bool = False


def say(*lines: bytes) -> Act:
    """Answer with these lines."""
    return Act(b"".join(line + b"\r\n" for line in lines))


def say_and_cut(*lines: bytes) -> Act:
    return Act(b"".join(line + b"\r\n" for line in lines), cut=True)


def raw(octets: bytes) -> Act:
    """Answer with these octets and go on as if they had been a reply."""
    return Act(octets)


def half(octets: bytes) -> Act:
    """Say part of a reply, then cut."""
    return Act(octets, cut=True)


def endless(octets: bytes) -> Act:
    """Say these octets again and again until the client goes."""
    return Act(endless=octets)


STALL = Act(wait_seconds=3600.0)
CUT = Act(cut=True)


@dataclass(slots=True)
class Received:
    """One transaction. recipients: those that were taken, the octets between the brackets. wire: content as it came,
    dots doubled, with the end of data; None where it never ended. content: the same without both."""

    mail: bytes
    commands: list[bytes] = field(default_factory=list)
    recipients: list[bytes] = field(default_factory=list)
    wire: bytes | None = None
    session: int = 0

    @property
    def content(self) -> bytes:
        assert self.wire is not None
        body = self.wire[: -len(b".\r\n")]
        return (b"\r\n" + body).replace(b"\r\n..", b"\r\n.")[2:]


class ScriptedSmarthost:
    """script: stage -> act. only_first: the script holds for the first connection alone, later ones are ordinary.

    extensions: what EHLO announces, extensions_after_xclient: after XCLIENT, if that is another.
    delay_seconds: round trip. withhold: replies leave only with DATA's (a client that
    waits for one before DATA waits for ever). too_many_after: 452 for each further recipient of a transaction.
    read_slowly: octets a read and seconds between reads while content arrives. ehlo_in_clear_only: the script's answer
    to EHLO is for before STARTTLS.
    """

    def __init__(
        self,
        script: Mapping[str, Act] | None = None,
        *,
        only_first: bool = False,
        extensions: Sequence[bytes] = ORDINARY,
        extensions_after_xclient: Sequence[bytes] | None = None,
        delay_seconds: float = 0.0,
        withhold: bool = False,
        too_many_after: int | None = None,
        too_many: bytes = b"452 4.5.3 Too many recipients",
        read_slowly: tuple[int, float] | None = None,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        ehlo_in_clear_only: bool = False,
        port: int = 0,
    ) -> None:
        self.script = dict(script or {})
        self.only_first = only_first
        self.extensions = tuple(extensions)
        self.extensions_after_xclient = extensions_after_xclient
        self.delay_seconds = delay_seconds
        self.withhold = withhold
        self.too_many_after = too_many_after
        self.too_many = too_many
        self.read_slowly = read_slowly
        self.tls = tls
        self.implicit_tls = implicit_tls
        self.ehlo_in_clear_only = ehlo_in_clear_only
        self.port = port
        self.connections = 0
        self.transactions: list[Received] = []
        self.lines: list[bytes] = []
        self._sessions: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    @property
    def messages(self) -> list[Received]:
        """The transactions whose content ended."""
        return [each for each in self.transactions if each.wire is not None]

    @property
    def open_sessions(self) -> int:
        return len(self._sessions)

    async def __aenter__(self) -> ScriptedSmarthost:
        context = self.tls if self.implicit_tls else None
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop listening and cut every session."""
        if self._server is not None:
            self._server.close()
            for task in tuple(self._sessions):
                task.cancel()
            await asyncio.gather(*self._sessions, return_exceptions=True)
            await self._server.wait_closed()

    async def interrupt(self, octets: bytes = b"") -> None:
        """Say something unasked on every open connection, and close it."""
        for writer in tuple(self._writers):
            writer.write(octets)
            writer.close()
        await asyncio.sleep(0.05)

    def say_from_now_on(self, script: Mapping[str, Act]) -> None:
        """Another script, for sessions that are open too (unless they are ordinary because of only_first)."""
        self.script.clear()
        self.script.update(script)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        self._writers.add(writer)
        script = self.script if self.connections == 1 or not self.only_first else {}
        try:
            await _Session(self, script, reader, writer, self.connections).run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, _Ended, ssl.SSLError):
            pass
        finally:
            self._sessions.discard(task)
            self._writers.discard(writer)
            writer.transport.abort()
            with contextlib.suppress(Exception):
                await asyncio.wait_for(writer.wait_closed(), 1.0)


class _Ended(Exception):
    """The session is over."""


class _Session:
    def __init__(
        self,
        smarthost: ScriptedSmarthost,
        script: Mapping[str, Act],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        number: int,
    ) -> None:
        self.smarthost = smarthost
        self.script = script
        self.reader = reader
        self.writer = writer
        self.number = number
        self.buffer = b""
        self.received: Received | None = None
        self.recipients = 0
        self.named = False
        self.withheld = b""
        self.withholding = False
        self.replies: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def run(self) -> None:
        pump = asyncio.create_task(self._pump())
        try:
            await self._converse()
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    async def _converse(self) -> None:
        await self._act("connect", b"")
        await self._act("banner", b"220 smarthost.example ESMTP\r\n")
        while True:
            line = await self._line()
            self.smarthost.lines.append(line)
            verb = line.split(b" ", 1)[0].split(b":", 1)[0].strip().upper()
            await self._command(verb, line)

    async def _command(self, verb: bytes, line: bytes) -> None:
        match verb:
            case b"EHLO" | b"HELO":
                secure = self.writer.get_extra_info("ssl_object") is not None
                if secure and self.smarthost.ehlo_in_clear_only:
                    await self._say(self._ehlo())
                else:
                    await self._act("ehlo", self._ehlo())
            case b"STARTTLS":
                await self._start_tls()
            case b"AUTH":
                await self._auth(line)
            case b"XCLIENT":
                await self._xclient()
            case b"XFORWARD":
                await self._act("xforward", b"250 2.0.0 OK\r\n")
            case b"MAIL":
                await self._mail(line)
            case b"RCPT":
                await self._rcpt(line)
            case b"DATA":
                await self._data()
            case b"RSET":
                self.received = None
                await self._act("rset", b"250 2.0.0 Reset\r\n")
            case b"NOOP":
                await self._act("noop", b"250 2.0.0 OK\r\n")
            case b"QUIT":
                await self._act("quit", b"221 2.0.0 Bye\r\n")
                await self._flush()
                raise _Ended
            case _:
                await self._say(b"500 5.5.2 What?\r\n")

    async def _auth(self, line: bytes) -> None:
        """auth: the answer to AUTH itself, 334 to ask for more; auth:2, auth:3 those to what follows. `*` cancels."""
        taken = await self._act("auth", b"235 2.7.0 Welcome\r\n")
        number, said = 1, self.script["auth"].octets if "auth" in self.script else b""
        while taken and said.startswith(b"334"):
            number += 1
            self.smarthost.lines.append(await self._line())
            if self.smarthost.lines[-1] == b"*":
                await self._say(b"501 5.7.0 Cancelled\r\n")
                return
            stage = f"auth:{number}"
            said = self.script[stage].octets if stage in self.script else b"235 2.7.0 Welcome\r\n"
            await self._act(stage, b"235 2.7.0 Welcome\r\n")

    async def _xclient(self) -> None:
        if await self._act("xclient", b"220 smarthost.example ESMTP\r\n"):
            self.named = True

    def _ehlo(self) -> bytes:
        anew = self.smarthost.extensions_after_xclient if self.named else None
        offered = list(self.smarthost.extensions if anew is None else anew)
        if self.smarthost.tls and not self.smarthost.implicit_tls and self.writer.get_extra_info("ssl_object") is None:
            offered.append(b"STARTTLS")
        words = [b"smarthost.example", *offered]
        return b"".join(b"250-%b\r\n" % word for word in words[:-1]) + b"250 %b\r\n" % words[-1]

    async def _start_tls(self) -> None:
        transport = cast(asyncio.Transport, self.writer.transport)
        transport.pause_reading()  # the client's handshake must not be read as plain text
        if not await self._act("starttls", b"220 2.0.0 Go ahead\r\n"):
            transport.resume_reading()
            return
        assert self.smarthost.tls is not None
        await self.writer.start_tls(self.smarthost.tls)

    async def _mail(self, line: bytes) -> None:
        ordinary = b"250 2.1.0 OK\r\n" if self.received is None else b"503 5.5.1 Nested MAIL\r\n"
        self.withholding = self.smarthost.withhold
        if await self._act("mail", ordinary):
            self.received = Received(line, session=self.number)
            self.recipients = 0
            self.smarthost.transactions.append(self.received)

    async def _rcpt(self, line: bytes) -> None:
        if self.received is None:
            await self._act("rcpt", b"503 5.5.1 No MAIL\r\n")
            return
        self.recipients += 1
        self.received.commands.append(line)
        most = self.smarthost.too_many_after
        full = most is not None and len(self.received.recipients) >= most
        ordinary = self.smarthost.too_many + b"\r\n" if full else b"250 2.1.5 OK\r\n"
        stage = f"rcpt:{self.recipients}"
        taken = await self._act(stage if stage in self.script else "rcpt", ordinary)
        if taken and not full:
            self.received.recipients.append(line[line.index(b"<") + 1 : line.rindex(b">")])

    async def _data(self) -> None:
        taken = self.received is not None and bool(self.received.recipients)
        act = self.script.get("data")
        ordinary = b"354 Go on\r\n" if taken else b"554 5.5.1 No valid recipients\r\n"
        self.withholding = False
        await self._act("data", ordinary)
        said = act.octets if act is not None else ordinary
        if not said.startswith(b"3"):
            return
        wire = await self._content()
        if self.received is not None:
            self.received.wire = wire
        await self._act("dot", b"250 2.0.0 Queued as 12345\r\n")
        self.received = None

    async def _content(self) -> bytes:
        """Everything to the end of data, in pieces that are joined at the end: 50 MB must be cheap here too."""
        size, pause = self.smarthost.read_slowly or (262_144, 0.0)
        pieces, tail, begun = [], b"\r\n", False
        while True:
            piece = self.buffer or await self._read(size)
            self.buffer = b""
            joined = tail + piece
            end = joined.find(END)
            if end >= 0:
                keep = end + len(END) - len(tail)
                pieces.append(piece[:keep])
                self.buffer = piece[keep:]
                return b"".join(pieces)
            pieces.append(piece)
            tail = joined[-4:]
            if not begun and "body" in self.script:
                begun = True
                await self._act("body", b"")
            if pause:
                await asyncio.sleep(pause)

    async def _act(self, stage: str, ordinary: bytes) -> bool:
        """Do what the script says at this stage, else what is ordinary. Whether the command was taken."""
        act = self.script.get(stage, Act(ordinary))
        if act.wait_seconds:
            await asyncio.sleep(act.wait_seconds)
        for octet in act.octets if act.drip_seconds else b"":
            await self._say(bytes([octet]))
            await asyncio.sleep(act.drip_seconds)
        if not act.drip_seconds:
            await self._say(act.octets)
        while act.endless:
            self.writer.write(act.endless)
            await self.writer.drain()
        if act.cut:
            await self._flush()
            raise _Ended
        return act.octets[:1] in (b"2", b"3")

    async def _say(self, octets: bytes) -> None:
        if self.withholding:
            self.withheld += octets
            return
        octets, self.withheld = self.withheld + octets, b""
        if self.smarthost.delay_seconds:
            self.replies.put_nowait((asyncio.get_running_loop().time() + self.smarthost.delay_seconds, octets))
        elif octets:
            self.writer.write(octets)
            await self.writer.drain()

    async def _pump(self) -> None:
        """Let replies leave one round trip after what they answer, in order, however many are on their way."""
        while True:
            due, octets = await self.replies.get()
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            self.writer.write(octets)
            self.replies.task_done()

    async def _flush(self) -> None:
        if self.smarthost.delay_seconds:
            await self.replies.join()
        await self.writer.drain()
        await asyncio.sleep(0.01)  # what was said arrives before the connection is reset

    async def _line(self) -> bytes:
        while b"\n" not in self.buffer:
            self.buffer += await self._read(65_536)
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.removesuffix(b"\r")

    async def _read(self, size: int) -> bytes:
        piece = await self.reader.read(size)
        if not piece:
            raise _Ended
        return piece
