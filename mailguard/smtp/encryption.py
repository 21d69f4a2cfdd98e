"""TLS of one connection to a client, without I/O: octets from the wire in, octets for the wire and plain octets out.

Neither aiosmtpd's STARTTLS nor loop.start_tls: both swap the transport below a running session, and both lose what had
arrived before the swap, which is where a PROXY header and the client's first flight meet. docs/decisions/listener.md.

INVARIANT: nothing plain is handed out before the handshake is complete, and nothing is encrypted before it.
"""

from __future__ import annotations

import contextlib
import ssl

READ_OCTETS = 65_536


class Encryption:
    """established: the handshake is complete. ended: the client has said that it sends no more (close_notify)."""

    __slots__ = ("_incoming", "_outgoing", "_tls", "ended", "established")

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.established = self.ended = False

    def receive(self, octets: bytes) -> bytes:
        """Octets from the wire; what they say in plain, b"" where nothing is complete. ssl.SSLError for what is no TLS
        or not acceptable. Call `outgoing` after it, also after an error: it then holds the alert.
        """
        self._incoming.write(octets)
        try:
            if not self.established:
                self._tls.do_handshake()
                self.established = True
            return self._plain()
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLError:
            self.established = False
            raise

    def encrypt(self, octets: bytes) -> bytes:
        """Plain octets as they go over the wire; b"" before the handshake and after a failure."""
        if not self.established:
            return b""
        rest = memoryview(octets)
        try:
            while rest:
                rest = rest[self._tls.write(rest) :]
        except ssl.SSLError:
            self.established = False
        return self.outgoing()

    def farewell(self) -> bytes:
        """close_notify: what we said was all (RFC 8446 section 6.1), so that nobody can cut it off unseen."""
        if not self.established:
            return b""
        with contextlib.suppress(ssl.SSLError):  # the client has not said the same yet, and need not
            self._tls.unwrap()
        return self.outgoing()

    def outgoing(self) -> bytes:
        """What the handshake itself has to send."""
        return self._outgoing.read()

    @property
    def version(self) -> str:
        """TLSv1.2 or TLSv1.3."""
        return self._tls.version() or "none"

    def _plain(self) -> bytes:
        pieces = []
        try:
            while piece := self._tls.read(READ_OCTETS):
                pieces.append(piece)
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = True
        return b"".join(pieces)
