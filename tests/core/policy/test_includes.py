"""A policy in several files: what is included, in which order, and what never loads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.document import DocumentErrors
from mailguard.core.policy.includes import MOST_FILES, gathered
from mailguard.core.policy.load import Policy, load_policy


def file(*ids: str, include: str = "") -> bytes:
    rules = "".join(f"\n  - {{id: {each}, describe: x, when: {{calendar: true}}, action: hold}}" for each in ids)
    return f"version: 1\n{f'include: [{include}]' if include else ''}\nrules:{rules or ' []'}\n".encode()


def ids(policy: Policy) -> list[str]:
    return [rule.id for rule in policy.rules]


def problems(documents: dict[str, bytes]) -> list[str]:
    with pytest.raises(DocumentErrors) as caught:
        load_policy(documents)
    return [f"{each.file}:{each.line}:{each.column}: {each.message}" for each in caught.value.diagnostics]


def test_rules_of_included_files_stand_before_those_of_the_file_that_includes_them() -> None:
    documents = {
        "main.yaml": file("m", include="teams/a.yaml, b.yaml"),
        "teams/a.yaml": file("a", include="deep/c.yaml"),
        "b.yaml": file("b"),
        "teams/deep/c.yaml": file("c"),
        "other.yaml": file("o"),
    }
    policy = load_policy(documents)
    assert ids(policy) == ["c", "a", "b", "m", "o"]
    assert policy.rules[0].file == "teams/deep/c.yaml"
    assert ids(load_policy(dict(reversed(documents.items())))) == ["o", "c", "a", "b", "m"]


def test_paths_count_from_the_file_that_names_them() -> None:
    documents = {"p.yaml": file(include="x/y.yaml"), "x/y.yaml": file(include="../z.yaml"), "z.yaml": file("z")}
    assert ids(load_policy(documents)) == ["z"]


@pytest.mark.parametrize(
    ("documents", "said"),
    [
        ({"p.yaml": file(include="q.yaml")}, ['p.yaml:2:11: "q.yaml" is not there, or cannot be read']),
        ({"p.yaml": file(include="p.yaml")}, ['p.yaml:2:11: files include each other: "p.yaml" includes "p.yaml"']),
        (
            {"p.yaml": file(include="a/q.yaml"), "a/q.yaml": file(include="../p.yaml")},
            ['a/q.yaml:2:11: files include each other: "p.yaml" includes "a/q.yaml" includes "p.yaml"'],
        ),
        (
            {"p.yaml": file(include="q.yaml, ./q.yaml"), "q.yaml": file()},
            ['p.yaml:2:19: "./q.yaml" is included already by p.yaml:2'],
        ),
        (
            {"p.yaml": file(include="a.yaml, b.yaml"), "a.yaml": file(include="b.yaml"), "b.yaml": file()},
            ['p.yaml:2:19: "b.yaml" is included already by a.yaml:2'],
        ),
        (
            {"p.yaml": file("same", include="q.yaml"), "q.yaml": file("same")},
            ['p.yaml:4:10: the id "same" is taken by q.yaml:4'],
        ),
        (
            {"p.yaml": file(include="q.yaml"), "q.yaml": b"version: 1\nrules: [\n"},
            ["q.yaml:3:1: not valid yaml: did not find expected node content"],
        ),
        ({"p.yaml": b"version: 1\ninclude: q.yaml\nrules: []\n"}, ['p.yaml:2:10: a list expected, not "q.yaml"']),
        ({"p.yaml": b"version: 1\ninclude: [1]\nrules: []\n"}, ['p.yaml:2:11: text expected, not "1"']),
    ],
)
def test_a_set_of_files_that_is_broken_or_conflicts_never_loads(documents: dict[str, bytes], said: list[str]) -> None:
    found = problems(documents)
    assert [each.split("\n")[0] for each in found] == said


def test_the_files_are_gathered_from_what_each_includes() -> None:
    disk = {"a/b.yaml": file("b", include="../c.yaml, gone.yaml"), "c.yaml": file("c"), "unused.yaml": file("u")}
    documents, names = gathered({"p.yaml": file(include="a/b.yaml")}, disk.get)
    assert list(documents) == ["p.yaml", "a/b.yaml", "c.yaml"]
    assert names == ("a/b.yaml", "c.yaml", "a/gone.yaml"), "what is missing is watched for as well"


@pytest.mark.parametrize("path", ["../x.yaml", "a/../../x.yaml", "/etc/x.yaml", ".."])
def test_nothing_outside_of_the_folder_is_read(path: str) -> None:
    read: list[str] = []
    with pytest.raises(DocumentErrors) as caught:
        gathered({"p.yaml": file(include=path)}, lambda name: read.append(name))
    assert not read
    (found,) = caught.value.diagnostics
    assert (found.line, found.column) == (2, 11) and "not in the folder of the policy" in found.message


def test_a_file_of_the_folder_is_not_included_by_another_one_of_it() -> None:
    with pytest.raises(DocumentErrors, match="part of the policy already"):
        gathered({"a.yaml": file(include="b.yaml"), "b.yaml": file("b")}, lambda name: None)


def test_files_that_include_each_other_are_gathered_once_and_not_without_end() -> None:
    disk = {"a.yaml": file(include="b.yaml"), "b.yaml": file(include="a.yaml")}
    documents, _ = gathered({"a.yaml": disk["a.yaml"]}, disk.get)
    assert list(documents) == ["a.yaml", "b.yaml"]
    assert problems(documents) == [
        'b.yaml:2:11: files include each other: "a.yaml" includes "b.yaml" includes "a.yaml"'
    ]
    with pytest.raises(DocumentErrors, match=f"at most {MOST_FILES} files"):
        gathered({"0.yaml": file(include="1.yaml")}, lambda name: file(include=f"{int(name[:-5]) + 1}.yaml"))


@given(st.lists(st.lists(st.integers(0, 4), max_size=3), min_size=5, max_size=5))
def test_every_set_of_includes_loads_each_file_once_or_not_at_all(graph: list[list[int]]) -> None:
    documents = {
        f"{number}.yaml": file(f"r{number}", include=", ".join(f"{each}.yaml" for each in found))
        for number, found in enumerate(graph)
    }
    named = [each for found in graph for each in found]
    twice = len(named) != len(set(named))
    try:
        policy = load_policy(documents)
    except DocumentErrors:
        return
    assert not twice and sorted(ids(policy)) == [f"r{number}" for number in range(5)]
    order = {each: place for place, each in enumerate(ids(policy))}
    assert all(order[f"r{each}"] < order[f"r{number}"] for number, found in enumerate(graph) for each in found)
