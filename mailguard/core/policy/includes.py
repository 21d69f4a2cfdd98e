"""Files of a policy that other files of it name (`include`): which there are, and in which order their rules stand.

A name is a path with "/" from the folder of the policy. An included file lies in that folder or below it, so that the
folder is the whole policy. Reading is handed in: nothing here knows a disk.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ..document import Diagnostic, Document, DocumentErrors, load_document, quoted

MOST_FILES = 200
"""Files of one policy. A policy of thousands of rules needs a few dozen."""


def included(name: str, path: str) -> str:
    """The name of the file that the file `name` includes as `path`: paths count from the file that names them."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def gathered(
    roots: Mapping[str, bytes], read: Callable[[str], bytes | None]
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """The files of a policy with all that they include, and the names of what is included, also where it is not there.

    roots: the files that make the policy by themselves. read: the octets of a file by its name, None where it cannot be
    read (`load_policy` says where that is named). DocumentErrors where an included file lies outside of the folder, or
    is a root already.
    """
    documents = dict(roots)
    names: dict[str, None] = {}
    wrong: list[Diagnostic] = []
    waiting = list(roots)
    while waiting:
        name = waiting.pop(0)
        for document, place, path in _paths(name, documents[name]):
            found = included(name, path)
            if (why := _refused(found, path, roots)) is not None:
                wrong.append(document.diagnostic(place, why))
            elif found not in names:
                names[found] = None
                if len(names) + len(roots) > MOST_FILES:
                    raise DocumentErrors([document.diagnostic(place, f"a policy has at most {MOST_FILES} files")])
                if (text := read(found)) is not None:
                    documents[found] = text
                    waiting.append(found)
    if wrong:
        raise DocumentErrors(wrong)
    return documents, tuple(names)


def _refused(name: str, path: str, roots: Mapping[str, bytes]) -> str | None:
    if posixpath.isabs(name) or name.split("/", 1)[0] == "..":
        return f"{quoted(path)} is not in the folder of the policy"
    if name in roots and len(roots) > 1:
        return f"{quoted(path)} is part of the policy already: every *.yaml in its folder is"
    return None


def _paths(name: str, text: bytes) -> Iterator[tuple[Document, tuple[str | int, ...], str]]:
    """What a file includes, as it is written. What is broken is for `load_policy` to say."""
    try:
        document = load_document(text, name)
    except DocumentErrors:
        return
    listed = document.value.get("include") if isinstance(document.value, dict) else None
    for index, path in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(path, str):
            yield document, ("include", index), path


class Arrangement:
    """The files of a policy in the order of their rules: what a file includes stands before its own.

    order: their names. wrong: files that are not there, are included twice, or include themselves.
    """

    def __init__(self, documents: Mapping[str, Document], includes: Mapping[str, Sequence[str]]) -> None:
        """documents: those that could be read, all others are left where they stand. includes: paths by name."""
        self._documents = documents
        self._includes = includes
        self._first: dict[str, str] = {}
        self.order: dict[str, None] = {}
        self.wrong: list[Diagnostic] = []

    def arrange(self, names: Iterable[str]) -> None:
        """names: every file of the policy. Those that none includes begin; then what only a cycle includes."""
        names = list(names)
        named = {included(name, path) for name in names for path in self._includes.get(name, ())}
        for name in [*(each for each in names if each not in named), *names]:
            if name not in self.order:
                self._walk(name, (), names)

    def _walk(self, name: str, above: tuple[str, ...], names: Sequence[str]) -> None:
        for index, path in enumerate(self._includes.get(name, ())):
            found = included(name, path)
            why = self._problem(found, path, (*above, name), names)
            place = self._documents[name].diagnostic(("include", index), why or "")
            if why is not None:
                self.wrong.append(place)
                continue
            self._first[found] = f"{place.file}:{place.line}"
            self._walk(found, (*above, name), names)
        self.order[name] = None

    def _problem(self, name: str, path: str, above: tuple[str, ...], names: Sequence[str]) -> str | None:
        if name in above:
            way = " includes ".join([*(quoted(each) for each in above[above.index(name) :]), quoted(name)])
            return f"files include each other: {way}"
        if name in self._first:
            return f"{quoted(path)} is included already by {self._first[name]}"
        if name not in names:
            return f"{quoted(path)} is not there, or cannot be read"
        return None
