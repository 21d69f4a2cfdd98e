"""Prints what a held message says: without control characters (output.py), each line indented."""

from __future__ import annotations

from typing import Any

from . import output

PLAIN = "Its text:"
STRIPPED = "Its text, taken out of HTML (what a mail program shows may look different):"
ALSO_HTML = "Its text (it has an HTML form too, which may say something else):"
NO_TEXT = "It has no text that can be shown here."
SHORTENED = "(shortened: there is more)"


def print_text(message: dict[str, Any]) -> None:
    """The `message` of the operation held_show."""
    output.result("\nThe message:")
    for field in message["fields"]:
        output.result(f"  {field['name']}: {output.plain(field['value'])}")
    output.result(f"\n{_head(message)}")
    for line in message["text"].split("\n") if message["text"] else ():
        output.result(f"  {output.plain(line)}".rstrip())
    if message["shortened"]:
        output.result(f"  {SHORTENED}")
    if message["others"]:
        output.result(f"\nIt also carries {len(message['others'])}:")
    for other in message["others"]:
        names = " = ".join(other["names"]) or "(no name)"
        output.result(f"  {output.plain(names)}, {output.plain(other['type'])}, about {_size(other['octets'])}")


def _head(message: dict[str, Any]) -> str:
    if message["text_from"] is None:
        return NO_TEXT
    if message["text_from"] == "text/html":
        return STRIPPED
    return ALSO_HTML if any(other["type"] == "text/html" for other in message["others"]) else PLAIN


def _size(octets: int) -> str:
    if octets < 10_000:
        return f"{octets} bytes"
    return f"{octets // 1_000} kB" if octets < 10_000_000 else f"{octets // 1_000_000} MB"
