"""How far a replay is, on a terminal: a bar, messages a second, the time that is left. Elsewhere nothing is shown."""

from __future__ import annotations

import sys
import time
from typing import TextIO

EACH_SECONDS = 0.2
BAR_CHARACTERS = 24
FIRST_SECONDS = 1.0
"""Before, nobody can say how fast it goes."""


class Progress:
    """whole: the weight of everything. stream: where it is shown if that is a terminal."""

    def __init__(self, whole: int, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._shows = self._stream.isatty()
        self._whole = max(whole, 1)
        self._weight = self._before = 0
        self.messages = 0
        self._known = 0
        self._started = time.monotonic()
        self._shown_at = 0.0

    def know(self, messages: int, weight: int) -> None:
        """So much was done in an earlier run."""
        self.messages = self._known = messages
        self._weight = self._before = weight

    def add(self, weight: int) -> None:
        self.messages += 1
        self._weight += weight
        if self._shows and time.monotonic() - self._shown_at >= EACH_SECONDS:
            self._show()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    @property
    def rate(self) -> float:
        """Messages a second, of those that this run judged."""
        return (self.messages - self._known) / max(self.seconds, 1e-9)

    def end(self) -> None:
        if self._shows and self._shown_at:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def line(self) -> str:
        """For example "[######........]  41 %  41,204 messages  1,020/s  57 s left"."""
        share = min(self._weight / self._whole, 1.0)
        filled = int(share * BAR_CHARACTERS)
        bar = "#" * filled + "." * (BAR_CHARACTERS - filled)
        text = f"[{bar}] {share:4.0%}  {self.messages:,} messages"
        fresh = self._weight - self._before
        if self.seconds >= FIRST_SECONDS and fresh > 0:
            left = (self._whole - self._weight) * self.seconds / fresh
            text += f"  {self.rate:,.0f}/s  {duration(max(left, 0))} left"
        return text

    def _show(self) -> None:
        self._shown_at = time.monotonic()
        self._stream.write(f"\r{self.line()}\x1b[K")
        self._stream.flush()


def duration(seconds: float) -> str:
    """ "57 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
