"""Which parts of a message are its own text, and what the forms of one text say together.

Promises: every leaf of a message is either an attachment or a body. It must not know who finds what in a text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from .mail.message import Part
from .verdict import Finding, Inspection

ALTERNATIVE = "multipart/alternative"
_Branch = tuple[str, str]
"""Of an alternative: its own path, and that of one of its forms."""


def is_attachment(part: Part) -> bool:
    """Everything but the text of the message: what has a name, calls itself an attachment or is of another type."""
    plain = part.media_type in ("text/plain", "text/html")
    return bool(part.filenames) or part.disposition == "attachment" or not plain


def told_once(root: Part, bodies: Collection[str], inspections: Mapping[str, Inspection]) -> tuple[Finding, ...]:
    """The findings of all inspections, in their order; of the forms of one text (RFC 2046 section 5.1.4) for each kind
    those of the form that has most of it, since a reader sees one of them and sees the same in the others.

    Forms that differ hide nothing so: what any of them holds counts. Attachments all count, wherever they stand.
    """
    found = tuple(finding for each in inspections.values() for finding in each.findings)
    if len(found) < 2 or not any(part.media_type == ALTERNATIVE for part in root.walk()):
        return found
    branches = dict(_branches(root, bodies))
    most = _most_telling(branches, inspections)
    return tuple(
        finding
        for path, each in inspections.items()
        for finding in each.findings
        if (branch := branches.get(path)) is None or most[branch[0], finding.kind, finding.hidden] == branch[1]
    )


def _branches(root: Part, bodies: Collection[str]) -> Iterator[tuple[str, _Branch]]:
    """Each text that stands in an alternative, with the outermost one around it and the form of that one it is in."""
    waiting: list[tuple[Part, _Branch | None]] = [(root, None)]
    while waiting:
        part, branch = waiting.pop()
        if branch is not None and part.path in bodies:
            yield part.path, branch
        says_once = part.media_type == ALTERNATIVE and _says_once(part, bodies)
        for child in part.children:
            own = (part.path, child.path) if says_once else None
            waiting.append((child, branch or own))


def _says_once(alternative: Part, bodies: Collection[str]) -> bool:
    """Two forms of one type are two texts, of which programs show either: then all of them count."""
    types = [
        media_type
        for child in alternative.children
        for media_type in {leaf.media_type for leaf in child.walk() if leaf.path in bodies}
    ]
    return len(types) == len(set(types))


def _most_telling(
    branches: Mapping[str, _Branch], inspections: Mapping[str, Inspection]
) -> dict[tuple[str, str, bool], str]:
    """For each alternative and kind, hidden ones apart, the form that has most of it; of equals the first."""
    counts: Counter[tuple[str, str, bool, str]] = Counter()
    for path, (alternative, form) in branches.items():
        for finding in inspections[path].findings if path in inspections else ():
            counts[alternative, finding.kind, finding.hidden, form] += finding.count
    most: dict[tuple[str, str, bool], str] = {}
    for (alternative, kind, hidden, form), count in counts.items():
        known = most.get((alternative, kind, hidden))
        if known is None or count > counts[alternative, kind, hidden, known]:
            most[alternative, kind, hidden] = form
    return most
