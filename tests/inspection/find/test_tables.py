"""Tables of people as people make them: where the headings stand, which way round, what is hidden, how many tables."""

from __future__ import annotations

import random

import pytest

from mailguard.core.verdict import Finding
from mailguard.inspection.find.finding import find
from mailguard.inspection.stream import SEEN, ColumnSpan, Row, Table, Visibility
from tests.inspection.find import invented

HIDDEN_SHEET = Visibility.HIDDEN_SHEET


def patients(number: int, seed: int = 1) -> list[tuple[str, ...]]:
    rng = random.Random(seed)
    return [
        (rng.choice(invented.SURNAMES), rng.choice(invented.FORENAMES), invented.nhs_number(rng), invented.birth(rng))
        for _ in range(number)
    ]


HEADINGS = ("Surname", "Forename", "NHS No.", "DOB")


def table(rows: list[tuple[str, ...]], where: str = "sheet Data", visibility: Visibility = SEEN, **options: object):
    return [
        Table(where, visibility, **options),
        *(Row(number, row) for number, row in enumerate(rows, 1) if any(row)),
    ]


def people(findings: tuple[Finding, ...], hidden: bool = False) -> int:
    return sum(each.count for each in findings if each.kind == "people_rows" and each.hidden is hidden)


def of_kind(findings: tuple[Finding, ...], kind: str, hidden: bool = False) -> int:
    return sum(each.count for each in findings if each.kind == kind and each.hidden is hidden)


def test_a_table_with_headings_is_people():
    findings = find(table([HEADINGS, *patients(40)]))
    assert people(findings) == 40
    assert of_kind(findings, "nhs_number") == of_kind(findings, "date_of_birth") == 40
    assert not any(each.hidden for each in findings)
    assert findings[0].summary == "sheet Data has 40 rows of people: names, NHS numbers and dates of birth"


def test_a_hidden_sheet_is_said_as_people_say_it():
    rows = [(f"{forename} {surname}", nhs) for surname, forename, nhs, _ in patients(5_305)]
    found = find(table([("Patient", "NHS number"), *rows], visibility=HIDDEN_SHEET))
    assert found[0].hidden and found[0].kind == "people_rows"
    assert found[0].count > 5_280
    assert found[0].summary == f"1 hidden sheet has {found[0].count:,} rows of people: names and NHS numbers"


def test_without_headings():
    assert people(find(table(patients(40)))) == 40


def test_five_rows_are_enough_and_four_are_not():
    assert people(find(table([HEADINGS, *patients(5)]))) == 5
    assert people(find(table([HEADINGS, *patients(4)]))) == 0


@pytest.mark.parametrize("titles", [1, 2, 5])
def test_title_rows_above_the_headings(titles: int):
    above = [("Patients seen at Elm Road in March 2026",), ("Confidential",), ("",), ("Printed by reception",), ("v2",)]
    found = find(table([*above[:titles], HEADINGS, *patients(6)]))
    assert people(found) == 6


def test_merged_headings_in_two_rows():
    above = ("Patient", "", "Identity", "")
    below = ("Last", "First", "Number", "Born")
    found = find(table([above, below, *patients(8)]))
    assert people(found) == 8
    assert of_kind(found, "date_of_birth") == 8


def test_a_table_on_its_side():
    turned = [tuple(column) for column in zip(HEADINGS, *patients(30), strict=True)]
    found = find(table(turned))
    assert people(found) == 30
    assert of_kind(found, "nhs_number") == 30


def test_a_table_on_its_side_with_hidden_columns():
    turned = [tuple(column) for column in zip(HEADINGS, *patients(30), strict=True)]
    found = find(table(turned, columns=(ColumnSpan(12, 31, Visibility.HIDDEN_COLUMN),)))
    assert people(found, hidden=False) == 10
    assert people(found, hidden=True) == 20


def test_several_tables_on_a_sheet_below_each_other():
    stock = [("Item", "Price", "Left", "Shelf"), *((f"Chair {n}", f"{n}.50", str(n), "A") for n in range(30))]
    found = find(table([*stock, ("",), HEADINGS, *patients(20)]))
    assert people(found) == 20
    without_gap = find(table([*stock, HEADINGS, *patients(20)]))
    assert people(without_gap) == 20


def test_two_tables_beside_each_other():
    stock = [("Item", "Price"), *((f"Chair {n}", f"{n}.50") for n in range(20))]
    rows = [(*left, "", *right) for left, right in zip(stock, [HEADINGS, *patients(20)], strict=False)]
    assert people(find(table(rows))) == 20


def test_empty_rows_between_people_hide_nobody():
    rows: list[tuple[str, ...]] = [HEADINGS]
    for patient in patients(20):
        rows += [patient, ("",)]
    assert people(find(table(rows))) == 20


def test_groups_of_three_with_gaps():
    rows: list[tuple[str, ...]] = [HEADINGS]
    for place, patient in enumerate(patients(21)):
        rows += [patient, ("",)] if place % 3 == 2 else [patient]
    assert people(find(table(rows))) == 21


def test_columns_that_are_not_filled_in_every_row():
    rows = [HEADINGS, *((s, f, nhs if n % 3 else "", dob) for n, (s, f, nhs, dob) in enumerate(patients(60)))]
    found = find(table(rows))
    assert people(found) == 60
    assert of_kind(found, "nhs_number") == 40


@pytest.mark.parametrize("nothing", ["n/a", "None", "-", "unknown", "TBC", "?"])
def test_words_for_nothing_do_not_count_against_a_column(nothing: str):
    rows = [(nhs if n % 2 else nothing,) for n, (_, _, nhs, _) in enumerate(patients(40))]
    assert of_kind(find(table(rows)), "nhs_number") == 20


def test_hidden_rows_and_columns_are_told_apart():
    items = [
        Table("sheet Data", columns=(ColumnSpan(3, 3, Visibility.HIDDEN_COLUMN),)),
        Row(1, HEADINGS),
        *(
            Row(number, row, visibility=Visibility.FILTERED_ROW if number > 12 else SEEN)
            for number, row in enumerate(patients(40), 2)
        ),
    ]
    found = {(each.kind, each.hidden): each for each in find(items) if each.kind in ("people_rows", "nhs_number")}
    assert found["people_rows", False].count == 11, "name and date of birth are seen"
    assert found["people_rows", True].count == 29
    assert "rows that a filter hides" in found["people_rows", True].summary
    hidden = [each for each in find(items) if each.kind == "nhs_number"]
    assert all(each.hidden for each in hidden)
    assert sum(each.count for each in hidden) == 40


def test_a_name_that_is_seen_with_a_hidden_number_is_hidden_data():
    rows = [(f"{f} {s}", nhs) for s, f, nhs, _ in patients(30)]
    items = table([("Patient", "NHS"), *rows], columns=(ColumnSpan(2, 2, Visibility.HIDDEN_COLUMN),))
    found = find(items)
    assert people(found) == 0
    assert people(found, hidden=True) == 30


def test_cells_in_the_colour_of_their_background():
    rows = [
        Row(number, (f"{f} {s}", nhs), unseen=((0, Visibility.SAME_COLOUR), (1, Visibility.SAME_COLOUR)))
        for number, (s, f, nhs, _) in enumerate(patients(12), 1)
    ]
    found = find([Table("sheet Data"), *rows])
    assert people(found, hidden=True) == 12
    assert "text in the colour of its background" in found[0].summary


def test_a_pivot_cache_has_its_headings_apart():
    items = [
        Table("pivot cache 1", Visibility.PIVOT_CACHE, headings=("Owner", "Department", "Postcode")),
        *(
            Row(
                number, (invented.full_name(random.Random(number)), "Housing", invented.postcode(random.Random(number)))
            )
            for number in range(1, 944)
        ),
    ]
    found = find(items)
    assert people(found, hidden=True) > 930
    assert found[0].summary.startswith("1 pivot table cache has ")


def test_the_same_people_in_two_hidden_sheets_count_once():
    items = [
        *table([HEADINGS, *patients(50)], "sheet A", HIDDEN_SHEET),
        *table([HEADINGS, *patients(50)], "sheet B", HIDDEN_SHEET),
    ]
    found = find(items)
    assert people(found, hidden=True) == 50
    assert found[0].summary.startswith("2 hidden sheets have 50 rows")
    assert found[0].where == "sheet A and sheet B"


def test_staff_without_any_identifier():
    """As in the Police Service of Northern Ireland: surname, initials, rank, department."""
    rng = random.Random(4)
    rows = [
        (rng.choice(invented.SURNAMES), "J. S.", rng.choice(("Constable", "Sergeant")), f"Unit {number}")
        for number in range(200)
    ]
    found = find(table([("Surname", "Initials", "Rank", "Department"), *rows], visibility=HIDDEN_SHEET))
    assert people(found, hidden=True) > 190


def test_sort_code_and_account_number_count_as_a_pair_only():
    rng = random.Random(5)
    pairs = [(invented.sort_code(rng), f"7{invented.digits(rng, 7)}") for _ in range(30)]
    assert of_kind(find(table(pairs)), "bank_account") == 30
    assert not find(table([(code,) for code, _ in pairs]))
    assert not find(table([(account,) for _, account in pairs]))
    headed = [("Sort code", "Account no"), *((code.replace("-", ""), account) for code, account in pairs)]
    assert of_kind(find(table(headed)), "bank_account") == 30


def test_dates_beside_eight_digits_are_no_bank_accounts():
    rng = random.Random(6)
    rows = [(f"{rng.randint(1, 28):02}-{rng.randint(1, 12):02}-24", invented.digits(rng, 8)) for _ in range(40)]
    assert not find(table(rows))


@pytest.mark.parametrize(
    "spelled",
    [
        lambda nhs: f"{nhs}.0",
        lambda nhs: f"{nhs[:3]} {nhs[3:6]} {nhs[6:]}",
        lambda nhs: f"{nhs[:3]}\u00a0{nhs[3:6]}\u00a0{nhs[6:]}",
        lambda nhs: f"{nhs[:3]}-{nhs[3:6]}-{nhs[6:]}",
        lambda nhs: f"{nhs[:3]}\u2011{nhs[3:6]}\u2011{nhs[6:]}",
        lambda nhs: nhs.translate({ord("0") + n: chr(0xFF10 + n) for n in range(10)}),
        lambda nhs: nhs.translate({ord("0") + n: chr(0x0660 + n) for n in range(10)}),
        lambda nhs: f"  {nhs}\t",
        lambda nhs: f"'{nhs}",
        lambda nhs: f"\u200b{nhs[:5]}\u200b{nhs[5:]}",
        lambda nhs: f"{nhs[0]}.{nhs[1:]}E9",
        lambda nhs: f"{nhs[0]}.{nhs[1:]}e+09",
    ],
    ids=lambda spelled: spelled("9990000000").encode("unicode_escape").decode(),
)
def test_numbers_however_they_are_spelled(spelled):
    rows = [(spelled(nhs),) for _, _, nhs, _ in patients(20)]
    assert of_kind(find(table(rows)), "nhs_number") == 20


@pytest.mark.parametrize("label", ["case {}", "NHS: {}", "NHS{}", "{} (NHS)", "Ref. no {}"])
def test_numbers_with_a_word_before_or_behind_them(label: str):
    rows = [(label.format(nhs),) for _, _, nhs, _ in patients(20)]
    assert of_kind(find(table(rows)), "nhs_number") == 20
    assert not find(
        table([(label.format(invented.digits(random.Random(n), 10)).replace("NHS", "No"),) for n in range(40)])
    )


def test_only_some_rows_are_people():
    """A column with other things in it is judged by what has the shape of an identifier."""
    rng = random.Random(7)
    rows = [(invented.nhs_number(rng) if n % 4 == 0 else f"note {n}",) for n in range(200)]
    assert of_kind(find(table(rows)), "nhs_number") == 50


def test_a_catalogue_of_products_is_nobody():
    rng = random.Random(8)
    rows = [(f"Folding Chair {n}", invented.digits(rng, 10), f"{n}.99", "2026-03-01") for n in range(100)]
    assert not find(table([("Name", "Order number", "Price", "Date"), *rows]))


def test_organisations_with_their_offices_are_nobody():
    rows = [(f"{name} Housing Association Ltd", f"info@office{n}.example", "High Street") for n, name in
            enumerate(invented.SURNAMES)]  # fmt: skip
    assert people(find(table([("Name", "Email", "Address"), *rows]))) == 0


def test_values_never_come_out():
    rows = patients(30)
    written = repr(find(table([HEADINGS, *rows])))
    assert not any(cell in written for row in rows for cell in row)


def test_a_list_of_practices_is_nobody():
    """Their telephone numbers, postcodes and mailboxes are of offices."""
    rng = random.Random(9)
    rows = [
        (
            f"{rng.choice(invented.SURNAMES)} Road Surgery",
            f"0161 496 0{n:03}",
            invented.postcode(rng),
            f"p{n}@nhs.example",
        )
        for n in range(60)
    ]
    assert people(find(table([("Practice", "Telephone", "Postcode", "Email"), *rows]))) == 0


def test_births_with_postcodes_identify_without_a_name():
    rng = random.Random(10)
    rows = [(invented.birth(rng), invented.postcode(rng), "Asthma") for _ in range(30)]
    assert people(find(table([("DOB", "Postcode", "Diagnosis"), *rows]))) == 30


def test_forms_one_person_a_sheet():
    items = []
    for number, (surname, forename, nhs, birth) in enumerate(patients(8)):
        form = [("Patient", f"{forename} {surname}"), ("NHS number", nhs), ("Date of birth", birth)]
        items += table(form, f"sheet {number}", HIDDEN_SHEET)
    found = find(items)
    assert of_kind(found, "nhs_number", hidden=True) == 8
    assert of_kind(found, "date_of_birth", hidden=True) == 8


def test_numbers_filled_up_with_zeros_are_not_dialled():
    assert not find(table([(f"00{random.Random(n).randint(10**9, 10**10 - 1)}",) for n in range(40)]))
    assert not find(table([(f"0161{n * 7 + 1_000_000}",) for n in range(40)]))


def test_a_column_with_a_value_here_and_there():
    rows = [(f"note {n}", nhs if n % 100 == 0 else "") for n, (_, _, nhs, _) in enumerate(patients(2_000))]
    found = of_kind(find(table(rows)), "nhs_number")
    assert 15 <= found <= 20, "the first few are there before the column can be judged"


def test_jobs_that_look_like_headings_are_none():
    rng = random.Random(12)
    rows = [
        (f"{f} {s}", rng.choice(("Nurse", "Doctor")), rng.choice(("Ward", "Clinic")), dob)
        for s, f, _, dob in patients(60)
    ]
    for items in (table(rows), table([("Name", "Job", "Place", "DOB"), *rows])):
        found = find(items)
        assert people(found) == 60
        assert of_kind(found, "name") < 60
    assert of_kind(found, "date_of_birth") == 60


def test_headings_with_years_and_questions_among_them():
    question = "Please say in your own words how satisfied you were with everything that we did for you this year"
    rows = [(f"{f} {s}", nhs, "3", "4", "very") for s, f, nhs, _ in patients(20)]
    found = find(table([("Patient", "NHS number", "2024/25", question, "Rating"), *rows]))
    assert people(found) == 20


def test_addresses_in_one_cell():
    rng = random.Random(13)
    rows = [(f"{f} {s}", f"{n} High Street, Leeds, {invented.postcode(rng)}") for n, (s, f, _, _) in
            enumerate(patients(20))]  # fmt: skip
    found = find(table(rows))
    assert people(found) == 20
    assert of_kind(found, "postcode") == 20


def test_headings_under_many_notes():
    notes = [(f"Note: {word} is explained overleaf",) for word in "abcdefghijklmnopq"]
    assert people(find(table([*notes, HEADINGS, *patients(8)]))) == 8


def test_a_budget_and_a_survey_are_nobody():
    rng = random.Random(14)
    budget = [(f"Department {n}", *(str(rng.randint(100, 9_999)) for _ in range(12))) for n in range(30)]
    months = ["Department", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar"]
    assert not find(table([tuple(months), *budget]))
    survey = [(str(n), str(rng.randint(18, 90)), rng.choice("MF"), f"LS{rng.randint(1, 29)}") for n in range(90)]
    assert not find(table([("Respondent", "Age", "Sex", "District"), *survey]))


def test_a_mailbox_that_all_rows_share_does_not_make_them_one_person():
    rows = [(f"{f} {s}", "clinic.north@nhs.example", dob) for s, f, _, dob in patients(60)]
    assert people(find(table([("Patient", "Email", "DOB"), *rows]))) == 60


def test_visits_of_the_same_people_count_them_once():
    rows = [(f"{f} {s}", nhs, f"2026-03-{1 + n % 28:02}") for n, (s, f, nhs, _) in enumerate(patients(20) * 3)]
    assert people(find(table([("Patient", "NHS number", "Visit"), *rows]))) == 20


def _accounts(number: int) -> list[tuple[str, str]]:
    rng = random.Random(4)
    return [(invented.sort_code(rng), str(rng.randint(30_000_000, 99_999_999))) for _ in range(number)]


SURNAMES = ("Bielak", "Oduya", "Crowther", "O'Brien", "Yaxley", "Haigh", "Ubogu", "Lloyd-Davies", "Poskitt", "Horrocks")


@pytest.mark.parametrize("form", ["{i} {s}", "{i}. {s}", "{i}.R. {s}", "{S}, {i}", "{s} {i}", "{S}, {i} (Mrs)"])
@pytest.mark.parametrize("heading", ["Payee", "Who", "Column A"])
def test_surnames_with_initials_beside_accounts(form: str, heading: str):
    names = [form.format(i=chr(65 + n), s=surname, S=surname.upper()) for n, surname in enumerate(SURNAMES)]
    rows = [(name, *account) for name, account in zip(names, _accounts(10), strict=True)]
    assert people(find(table([(heading, "Sort code", "Account no"), *rows]))) == 10


def test_blocks_and_wings_beside_accounts_are_nobody():
    rows = [(f"{chr(65 + n)} {'Block' if n % 2 else 'Wing'}", *account) for n, account in enumerate(_accounts(10))]
    assert people(find(table([("Cost centre", "Sort code", "Account no"), *rows]))) == 0


def test_accounts_of_suppliers_are_nobodys():
    suppliers = ["Eastholme Supplies Ltd", "Dunmere Catering LLP", "Harrowgate Cleaning plc", "Bolt & Sons Limited"]
    rows = [(suppliers[n % 4], *account) for n, account in enumerate(_accounts(20))]
    assert not find(table([("Supplier", "Sort code", "Account no"), *rows]))
    payees = [
        (f"{forename} {surname}", *rest) for (surname, forename, *_), (_, *rest) in zip(patients(20), rows, strict=True)
    ]
    assert of_kind(find(table([("Payee", "Sort code", "Account no"), *payees])), "bank_account") == 20


def test_seats_are_of_those_who_are_named():
    rows = [(f"A{n}", f"{surname.upper()}, {chr(65 + n)} (Ms)") for n, surname in enumerate(SURNAMES)]
    assert people(find(table([("Seat", "Delegate"), *rows]))) == 10


@pytest.mark.parametrize(
    "headings",
    [
        ("Cyfenw", "Enw cyntaf", "Rhif GIG", "Dyddiad geni"),
        ("Enw'r claf", "Enw", "Rhif GIG", "Dyddiad Geni"),
        ("CYFENW", "ENW CYNTAF", "Rhif GIG y claf", "Dyddiad geni (bbbb-mm-dd)"),
    ],
)
def test_welsh_headings(headings: tuple[str, ...]):
    found = find(table([headings, *patients(20)]))
    assert people(found) == 20
    assert of_kind(found, "date_of_birth") == 20
    strange = [
        (f"Zq{chr(97 + n)}rv", f"Vw{chr(97 + n)}xl", nhs, born) for n, (_, _, nhs, born) in enumerate(patients(20))
    ]
    assert of_kind(find(table([headings, *strange])), "name") == 20


def test_welsh_ways_to_reach_somebody():
    headings = ("Enw llawn", "Cyfeiriad", "Cod post", "Rhif Ffôn")
    landlines = [(f"Zq{chr(97 + n)}rv Vw", f"{n} Heol y Parc", "CF10 3AT", f"29201{n:05}") for n in range(12)]
    found = find(table([headings, *landlines]))
    assert people(found) == 12
    assert of_kind(found, "phone") == 12


def test_a_titled_name_at_the_begin_of_a_cell():
    """Columns of a PDF that stand so close that they are read as one."""
    rows = [(f"C25{n}", f"Mrs Zq{chr(97 + n)}rv Vw{chr(97 + n)}xl Dunmere Council of the North") for n in range(10, 20)]
    assert people(find(table([("Case", "Organisation complained about"), *rows]))) == 10
    other = [(f"C25{n}", f"Dr{chr(97 + n)}in cover {n}") for n in range(10, 20)]
    assert people(find(table([("Case", "Part"), *other]))) == 0


def test_a_title_above_headings_is_no_part_of_them():
    strange = [(f"Zq{chr(97 + n)}rv", chr(65 + n), "Sergeant", "Training") for n in range(12)]
    assert people(find(table([("Team",), ("Surname", "Init", "Rank/Grade", "Unit"), *strange]))) == 12


def test_people_of_one_surname_differ_by_their_initials():
    same = [("Vasquez", chr(65 + n), "Constable", "Training") for n in range(12)]
    assert people(find(table([("Surname", "Init", "Rank", "Unit"), *same]))) == 12


def test_who_is_hidden_twice_in_one_file_counts_once():
    """A pivot cache beside its own hidden source, as rules add up what findings count."""
    rows = [HEADINGS, *patients(30)]
    items = table(rows, visibility=HIDDEN_SHEET) + table(rows, "pivot cache 1", Visibility.PIVOT_CACHE)
    found = find(items)
    assert people(found, hidden=True) == 30
    assert [each.count for each in found if each.kind == "people_rows"] == [30, 0]
    assert [each.summary.partition(" of people")[0] for each in found[:2]] == [
        "1 hidden sheet has 30 rows",
        "1 pivot table cache has 30 rows",
    ]
    assert found[1].summary.endswith(", all of them counted above")
    assert of_kind(found, "nhs_number", hidden=True) == 30


def test_who_is_hidden_in_the_second_place_only_counts_as_well():
    first, second = [HEADINGS, *patients(30)], [HEADINGS, *patients(30)[10:], *patients(20, seed=9)]
    found = find(table(first, visibility=HIDDEN_SHEET) + table(second, "cache", Visibility.PIVOT_CACHE))
    assert people(found, hidden=True) == 50
    seen = find(table(first) + table(first, "cache", Visibility.PIVOT_CACHE))
    assert people(seen) == 30 and people(seen, hidden=True) == 30, "what is seen makes nothing less hidden"
