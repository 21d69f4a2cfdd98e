"""Small numbers of people are not handed out: they can say who it was.

INVARIANT: what is shown can be added, subtracted and compared, and no number below the threshold follows from it. So
where a part is suppressed no total is exact: it says how many there are at least, counting suppressed parts as
nothing. The number is the largest that may be affected, never a second one beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

UNKNOWN = "not known"


def shown(count: int | None, below: int) -> str:
    """ "5,305", "fewer than 5", "not known". Zero is shown: it names nobody."""
    if count is None:
        return UNKNOWN
    return f"fewer than {below}" if is_small(count, below) else f"{count:,}"


def is_small(count: int | None, below: int) -> bool:
    return count is not None and 0 < count < below


def total_shown(counts: Sequence[int | None], below: int) -> str:
    """The sum, as far as it may be said. Unknown and suppressed parts count as nothing, and it says "at least"."""
    sure = sum(each for each in counts if each is not None and not is_small(each, below))
    exact = all(each is not None and not is_small(each, below) for each in counts)
    if exact:
        return f"{sure:,}"
    # "at least 0" would say that there is nothing but small numbers, and how many.
    return f"at least {sure:,}" if sure else UNKNOWN
