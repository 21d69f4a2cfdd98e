"""docs/clients.md: the table of what each mail program did, as the tests saw it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "docs" / "clients.md"
BEGIN, END = "<!-- written by tests/clients/test_matrix.py -->\n", "<!-- end -->\n"
COLUMNS = (
    "program", "version", "TLS", "signed in with", "plain", "288 in Cc", "attachments", "wrong password",
    "Postfix's log line",
)  # fmt: skip
WORDS = {"starttls": "STARTTLS", "implicit": "implicit"}


@dataclass
class Row:
    """What one program did. lines: TLS -> Postfix's log line of its plain message."""

    title: str
    version: str
    lines: dict[str, str] = field(default_factory=dict)
    refused: str = ""

    def render(self) -> list[str]:
        return [
            _line(
                self.title, self.version, WORDS[tls], mechanism(line), "arrived", "held", "arrived, every octet",
                self.refused, f"`{anonymous(line)}`",
            )
            for tls, line in self.lines.items()
        ]  # fmt: skip


def mechanism(line: str) -> str:
    found = re.search(r"sasl_method=(\w+)", line)
    return found[1] if found else "nothing"


def anonymous(line: str) -> str:
    """Without what is another at every run: process, queue and port numbers."""
    line = re.sub(r"\[\d+\]: \w+:", "[PID]: QUEUE-ID:", line, count=1)
    return re.sub(r"(localhost\[127\.0\.0\.1\]):\d+", r"\1", line)


def table(rows: list[Row]) -> str:
    lines = [_line(*COLUMNS), "|" + "---|" * len(COLUMNS), *(line for row in rows for line in row.render())]
    return "\n".join(lines) + "\n"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def write(written: str) -> None:
    text = FILE.read_text()
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    FILE.write_text(text[:begin] + written + text[end:])


def committed() -> str:
    text = FILE.read_text()
    return text[text.index(BEGIN) + len(BEGIN) : text.index(END)]


def without_versions(written: str) -> list[list[str]]:
    """Cell by cell, less what differs between machines: versions, and which mechanism a version likes best."""
    lines = [line.split("|") for line in re.sub(r"sasl_method=\w+", "", written).splitlines()]
    return [[cell.strip() for number, cell in enumerate(line) if number not in (2, 4)] for line in lines]
