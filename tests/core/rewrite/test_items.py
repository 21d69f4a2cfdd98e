"""Lists of addresses taken apart and folded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.rewrite.items import LONGEST, WIDTH, fits, fold, split


def test_split_keeps_commas_in_quotes_comments_and_brackets() -> None:
    value = (
        b' "Doe, J" <j@o.example>, k@o.example (x, (y, z)), <@r.example,@s.example:l@o.example>;\r\n m@o.example\r\n'
    )
    assert split(value) == [
        b'"Doe, J" <j@o.example>',
        b"k@o.example (x, (y, z))",
        b"<@r.example,@s.example:l@o.example>",
        b"m@o.example",
    ]


def test_split_gives_up_on_what_is_not_closed() -> None:
    assert [split(value) for value in (b'"a, b', b"a (b", b"a <b", b"a) b")] == [None] * 4


def test_fold_breaks_between_items_only() -> None:
    items = [b'"Patient %d" <patient%d@o.example>' % (n, n) for n in range(20)]
    body = fold(items, 3)
    assert body.endswith(b"\r\n") and split(body) == items
    assert max(map(len, (b"To:" + body).split(b"\r\n"))) <= WIDTH


def test_an_item_longer_than_a_line_has_its_own() -> None:
    long = b"x" * 200 + b"@o.example"
    assert fold([b"a@o.example", long, b"b@o.example"], 3) == b" a@o.example,\r\n " + long + b",\r\n b@o.example\r\n"
    assert fits(long, 3) and not fits(b"x" * LONGEST, 3)


@given(st.lists(st.from_regex(rb"[a-z]{1,60}@[a-z]{1,40}\.example", fullmatch=True), min_size=1, max_size=40))
def test_what_is_folded_splits_into_the_same(items: list[bytes]) -> None:
    assert split(fold(items, 3)) == items


@given(st.binary(max_size=300))
def test_split_is_total(value: bytes) -> None:
    items = split(value)
    assert items is None or all(item and item == item.strip() for item in items)
