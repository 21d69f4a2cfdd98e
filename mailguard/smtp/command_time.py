"""How long a client may take over the commands of one message, whatever it says meanwhile (THREATS.md T81).

Promises that a session without a message ends: a time for each wait alone begins anew with every NOOP, RSET or MAIL,
and whoever sends one octet a second kept a connection for as long as it liked. Knows nothing of sockets; time comes in.

Two times run from the greeting, or from the last message, and only while the client is waited for: that of all waits
together, and that of waits within a line, which clients send in one piece.
"""

from __future__ import annotations

import math

from .listen_settings import Limits

FREE_RECIPIENTS = 100
"""So many take no longer than anything else; each recipient more that was taken gives a second, so that a client that
waits for each reply over a slow network can name all of them."""
RECIPIENT_SECONDS = 1.0
LINE_SECONDS = 0.1
"""Each command that has come gives so long for the others: 50 octets at the least speed of content, 500 a second.
Pipelined commands arrive in packets that end within a line."""


class CommandTime:
    """Of one session. Times are those of its loop, in seconds. line_until: when the line that has begun must have
    ended; infinite again with each line that was read.
    """

    __slots__ = ("_begun", "_commands", "_limits", "_waited", "_waited_in_lines", "_within_line", "line_until")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waited = self._waited_in_lines = self._begun = 0.0
        self._commands = 0
        self._within_line = False
        self.line_until = math.inf

    def begin_anew(self, commands: int) -> None:
        """A message was answered, or the client has signed in. commands: of the session, so far."""
        self._waited = self._waited_in_lines = 0.0
        self._commands = commands

    def wait_begins(self, now: float, *, within_line: bool, busy: bool, commands: int, recipients: int) -> float:
        """Until when more has to come. within_line: a line has begun. commands: of the session; recipients: of the
        transaction that is open. busy: most connections are taken, and nobody may wait for long.
        """
        limits = self._limits
        self._begun, self._within_line = now, within_line
        left = limits.idle_seconds + RECIPIENT_SECONDS * max(0, recipients - FREE_RECIPIENTS) - self._waited
        if not within_line:
            return now + min(limits.busy_idle_seconds if busy else limits.idle_seconds, left)
        one = min(limits.command_seconds, limits.busy_idle_seconds) if busy else limits.command_seconds
        lines = one + LINE_SECONDS * (commands - self._commands) - self._waited_in_lines
        self.line_until = min(self.line_until, now + one)
        return min(self.line_until, now + min(lines, left))

    def wait_ends(self, now: float) -> None:
        """Something has come, or nothing will."""
        self._waited += now - self._begun
        if self._within_line:
            self._waited_in_lines += now - self._begun
