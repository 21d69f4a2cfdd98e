"""The policy in force: loaded from files, put in force atomically, kept by revision.

A broken file keeps the policy that is in force, and says so. With none at all every message is deferred (the floor).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from ..core.document import Diagnostic, DocumentErrors
from ..core.errors import MailguardError
from ..core.policy.includes import gathered
from ..core.policy.load import Policy, load_policy
from ..guard import entries
from ..guard.ports import Clock, Ledger, Policies
from ..logs import logger

log = logger("policies")

LOOK_SECONDS = 1.0


class PolicySource:
    """Call it for the policy in force. MailguardError where there is none.

    problem: why the files cannot be put in force, in a few words without their text; None where they are.
    diagnostics: where they are wrong. loaded_at: since when the policy in force is.
    documents: what the policy in force was made of. told: is called with them whenever another comes into force.
    veto: why a policy that is whole must not be put in force; None where it may. vetoed: it was the last one's problem.
    watch: is told how each reading of the files ended: loaded, refused, broken.
    """

    def __init__(
        self,
        path: Path,
        policies: Policies,
        ledger: Ledger,
        clock: Clock,
        *,
        veto: Callable[[Policy], str | None] = lambda policy: None,
        watch: Callable[[str], None] = lambda ended: None,
    ) -> None:
        self._path = path
        self._policies = policies
        self._ledger = ledger
        self._clock = clock
        self._veto = veto
        self._watch = watch
        self._followers: list[Callable[[], None]] = []
        self._current: Policy | None = None
        self._seen: object = None
        self._included: tuple[Path, ...] = ()
        self._loading = asyncio.Lock()
        self.problem: str | None = None
        self.diagnostics: tuple[Diagnostic, ...] = ()
        self.loaded_at: datetime | None = None
        self.vetoed = False
        self.documents: Mapping[str, bytes] | None = None
        self.told: Callable[[Mapping[str, bytes]], None] = lambda documents: None

    def __call__(self) -> Policy:
        if self._current is None:
            raise MailguardError("no policy could be loaded")
        return self._current

    @property
    def revision(self) -> str | None:
        return self._current.revision if self._current else None

    def follow(self, look: Callable[[], None]) -> None:
        """look: called each time that files were loaded. Must not block or raise."""
        self._followers.append(look)

    async def reload(self) -> bool:
        """Load the files and put them in force if they are whole. Whether they are in force now."""
        async with self._loading:
            try:
                documents = await asyncio.to_thread(self._read)
                policy = await asyncio.to_thread(load_policy, documents)
                if (why := self._veto(policy)) is not None:
                    self._refused(why)
                    return False
                if self.revision != policy.revision:
                    await self._put_in_force(policy, documents)
            except DocumentErrors as cause:
                count = len(cause.diagnostics)
                errors = f"{count} error{'' if count == 1 else 's'}"
                self._broken(f"{errors}; `mailguard policy check` says where", tuple(cause.diagnostics))
                return False
            except Exception as cause:
                self._broken(type(cause).__name__, ())
                log.error("policy_not_loaded", cause=cause, in_force=self.revision)
                return False
            self.problem, self.vetoed, self.diagnostics = None, False, ()
            self._watch("loaded")
            for look in self._followers:
                look()
            return True

    def _read(self) -> dict[str, bytes]:
        """The files as they are at one moment. Which are included is known only after they were read, so a second
        reading follows where that has changed.
        """
        for _ in range(2):
            self._seen = _stamp(self._path, self._included)
            documents, included = read_with_included(self._path)
            if included == self._included:
                break
            self._included = included
        if _stamp(self._path, self._included) != self._seen:
            raise MailguardError("the policy files changed while they were read")
        return documents

    async def _put_in_force(self, policy: Policy, documents: dict[str, bytes]) -> None:
        now = self._clock.now()
        await self._policies.keep(policy.revision, documents, now)
        record = entries.plain("policy_loaded", None, now, revision=policy.revision, rules=len(policy.rules))
        await self._ledger.append([record])
        self._current, self.loaded_at, self.documents = policy, now, documents
        self.told(documents)
        log.info("policy_loaded", revision=policy.revision, rules=len(policy.rules))

    def _refused(self, why: str) -> None:
        self.problem, self.vetoed, self.diagnostics = why, True, ()
        self._watch("refused")
        log.error("policy_refused", problem=why, in_force=self.revision)

    def _broken(self, problem: str, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.problem, self.vetoed, self.diagnostics = problem, False, diagnostics
        self._watch("broken")
        for diagnostic in diagnostics[:20]:
            log.error(
                "policy_file_broken",
                file=diagnostic.file,
                line=diagnostic.line,
                column=diagnostic.column,
                problem=diagnostic.message,
                in_force=self.revision,
            )

    async def watch(self) -> None:
        """Reload when a file has changed and then stayed the same for one look, for ever.

        A file that is being written may be a whole policy with rules missing: nobody wrote that one.
        """
        before = self._seen
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = await asyncio.to_thread(_stamp, self._path, self._included)
            if now != self._seen and now == before:
                await self.reload()
            before = now


def policy_files(path: Path) -> list[Path]:
    """A file itself, or a folder's own *.yaml in name order, not its subfolders."""
    if path.is_dir():
        return sorted(file for file in path.glob("*.yaml") if file.is_file() and not file.name.startswith("."))
    return [path]


def read_documents(path: Path) -> dict[str, bytes]:
    """Name -> text of every policy file, included ones with their path from the folder.

    MailguardError where there is none, DocumentErrors where one includes what it may not.
    """
    return read_with_included(path)[0]


def read_with_included(path: Path) -> tuple[dict[str, bytes], tuple[Path, ...]]:
    """As read_documents, and the files that others include, also those that are not there."""
    files = policy_files(path)
    if not files:
        raise MailguardError(f'there is no policy file in "{path}"')
    folder = path if path.is_dir() else path.parent
    documents, names = gathered(
        {file.name: file.read_bytes() for file in files}, lambda name: read_included(folder / name)
    )
    return documents, tuple(folder / name for name in names)


def read_included(path: Path) -> bytes | None:
    """What a file that another one includes holds; None where it cannot be read."""
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError:
        return None


def _stamp(path: Path, included: Iterable[Path] = ()) -> object:
    """Of the files of a policy: another one whenever one of them has changed, has come or has gone."""
    try:
        return tuple(map(_stamp_of, policy_files(path))), tuple(map(_stamp_if_there, included))
    except OSError as cause:
        return type(cause).__name__


def _stamp_of(file: Path) -> tuple[object, ...]:
    status = file.stat()
    return str(file), status.st_mtime_ns, status.st_size, status.st_ino


def _stamp_if_there(file: Path) -> tuple[object, ...]:
    try:
        return _stamp_of(file)
    except OSError as cause:
        return str(file), type(cause).__name__
