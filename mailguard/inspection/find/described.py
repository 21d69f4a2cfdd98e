"""Every kind that a finding can be of, with what it counts and how it is told: the list in docs/kinds.md.

The page holds what `table()` returns between two marks; a test compares them, and the kinds with those that are looked
for.
"""

from __future__ import annotations

from collections.abc import Iterator

BEGIN = "<!-- kinds: printed by `python -m mailguard.inspection.find.described`, do not edit -->"
END = "<!-- end of kinds -->"

KINDS: tuple[tuple[str, str, str], ...] = (
    (
        "people_rows",
        "different people in rows of a table or lines of a list",
        "the row names somebody and says something more of them, or identifies twice; in running text five at least, "
        "hidden by their names alone",
    ),
    (
        "person_named",
        "people whom a file names in its properties: author, last saved by",
        "the property; every file that has an author has one",
    ),
    ("nhs_number", "NHS numbers of England, Wales and the Isle of Man", "modulus 11, issued ranges, and 999 for tests"),
    ("hc_number", "Health and Care numbers of Northern Ireland", "modulus 11, 320 000 001 to 399 999 999"),
    ("chi_number", "CHI numbers of Scotland", "modulus 11, a date of birth first, also without its zero"),
    (
        "nino",
        "National Insurance numbers",
        "prefixes that are issued; three different ones in a column without heading",
    ),
    ("driving_licence", "UK driving licence numbers", "shape, and the date of birth in it"),
    ("passport_number", "passport numbers", "shape, and its heading"),
    ("us_ssn", "US Social Security numbers", "areas and groups that are issued; bare digits under their heading"),
    ("payment_card", "payment card numbers", "Luhn, issuer and length"),
    ("iban", "IBANs", "modulus 97, length of the country"),
    ("bank_account", "sort codes with account numbers", "both in one row or line"),
    ("email", "e-mail addresses of people", "one address; offices (info@) are not counted"),
    ("phone", "telephone numbers of people", "Ofcom's numbering plan or international; not 03, 08, 09"),
    ("postcode", "UK postcodes", "shape and area; cells are counted, as neighbours share one"),
    ("date_of_birth", "dates of birth", "heading or word beside it, or births over forty years; cells are counted"),
    ("name", "names in a column", "a heading that only people have, or known names"),
)
ALL_KINDS = frozenset(kind for kind, _, _ in KINDS)


def table() -> str:
    """The list as Markdown."""
    return "\n".join(_lines())


def written_into(page: str) -> str:
    """A page with the list between its marks renewed. ValueError where a mark is missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no place for the list of kinds")
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def _lines() -> Iterator[str]:
    yield from ("| kind | what is counted | how it is told |", "|---|---|---|")
    for kind, what, how in KINDS:
        yield f"| `{kind}` | {what} | {how} |"


if __name__ == "__main__":
    print(table())
