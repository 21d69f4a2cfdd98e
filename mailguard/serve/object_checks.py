"""`mailguard check` about the object store: whether it takes, gives back and removes what is put there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from ..core.errors import MailguardError
from ..store.object_settings import ObjectStoreSettings
from ..store.objects import ObjectStore
from .finding import Finding

PART = "object store"


def check_object_store(settings: ObjectStoreSettings | None) -> Iterator[Finding]:
    """Nothing where none is set. A name of its own is written, read and removed again."""
    if settings is None:
        return
    where = f'"{settings.url}" at "{settings.endpoint}"'
    try:
        asyncio.run(ObjectStore(settings).prove())
    except MailguardError as cause:
        sentence = str(cause).removeprefix("object_store: ")
        yield Finding(PART, False, f"{where}: {sentence}; large messages that would be held would be deferred")
    else:
        yield Finding(PART, True, f"{where} keeps, gives back and removes what is put there")
