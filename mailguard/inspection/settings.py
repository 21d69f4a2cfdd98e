"""The settings of inspection. Every field says its default, unit, example and consequence."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

MEBIBYTE = 1_048_576


class InspectionSettings(BaseModel):
    """How attachments are read: by processes of their own that can do nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: Path | None = Field(
        default=None,
        description="A file of identifiers of your own that are looked for besides those that mailguard knows, such as "
        "hospital or housing numbers (docs/kinds.md). Default: none. Example: kinds.yaml, beside the settings. Read at "
        "the start and on a reload; a reload keeps the old ones where the file is broken.",
    )
    workers: int = Field(
        default=2,
        ge=1,
        le=64,
        description="How many attachments are read at the same time, each by a process of its own. Default: 2. "
        "Example: 4. Each takes up to `memory_bytes`; more wait for their turn, and mail that waits for a minute is "
        "deferred. Beside each, up to three that take longer than a second are read on at a low priority, so that "
        "ordinary attachments do not wait for them.",
    )
    memory_bytes: int = Field(
        default=256 * MEBIBYTE,
        ge=128 * MEBIBYTE,
        le=4096 * MEBIBYTE,
        description="The address space that a reading process may have, its code included. Default: 268435456. "
        "Unit: bytes. Example: 536870912. An attachment that needs more cannot be read, and is held where a rule asks.",
    )
    cpu_seconds: int = Field(
        default=10,
        ge=1,
        le=300,
        description="Processor time for one attachment. Default: 10. Unit: seconds. Example: 20. One that needs more "
        "cannot be read, and is held where a rule asks.",
    )
    wall_seconds: int = Field(
        default=20,
        ge=1,
        le=45,
        description="How long one attachment may take altogether. Default: 20. Unit: seconds. Example: 30. More than "
        "`cpu_seconds`, so that a busy machine holds no mail; all attachments of a message together have 45.",
    )
    file_bytes: int = Field(
        default=50 * MEBIBYTE,
        ge=65_536,
        le=1024 * MEBIBYTE,
        description="The largest attachment that is read, decoded. Default: 52428800. Unit: bytes. Example: 104857600. "
        "A larger one is held where a rule asks; raise `memory_bytes` with it to about five times as much.",
    )
