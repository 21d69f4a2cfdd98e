"""The owner lock: one process owns a SQLite store (FIELD-NOTES "Store": two writers can corrupt a WAL database).

Contract: an flock on a file beside the store; it goes with the process that holds it, however that ends. The file
stays and says nothing; only the lock counts.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from ..core.errors import StoreUnavailable


class StoreOwned(StoreUnavailable):
    """Another process owns the store: speak to it, or stop it first."""


class OwnerLock:
    """Held from `take` to `release`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, path: Path) -> OwnerLock:
        """StoreOwned where another process has it; StoreUnavailable where the file cannot be made."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreUnavailable(f'the lock file "{path}" cannot be opened: {error.strerror}') from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise StoreOwned(f'another process owns the store (its lock is "{path}")') from error
        return cls(descriptor)

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_owned(path: Path) -> bool:
    """Whether a running process owns the store. A moment later that may have changed."""
    if not path.exists():
        return False
    try:
        OwnerLock.take(path).release()
    except StoreOwned:
        return True
    return False
