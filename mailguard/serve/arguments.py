"""What operations of the commands are given, and what they give back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Item = dict[str, Any]

MAX_TEXT = 4000
"""Characters of a reason or a note: they go to one person, and through one line of the socket."""


class Arguments(BaseModel):
    """Of every operation: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Ref = Annotated[str, Field(max_length=40), AfterValidator(lambda ref: ref.strip().upper())]


class ListArguments(Arguments):
    states: tuple[str, ...] | list[str] = ()


class RefArguments(Arguments):
    ref: Ref


class EntriesArguments(Arguments):
    ref: Ref | None = None


class LookArguments(RefArguments):
    by: str = Field(min_length=1, max_length=200)


class ShowArguments(LookArguments):
    text: bool = False


class ReleaseArguments(LookArguments):
    form: Literal["original", "separate", "bcc", "cleaned"]
    reason: str = Field(max_length=MAX_TEXT)
    version: int | None = None


class RejectArguments(LookArguments):
    note: str = Field(max_length=MAX_TEXT)
    version: int | None = None


class DropArguments(LookArguments):
    reason: str = Field(min_length=1, max_length=MAX_TEXT)


class PurgeArguments(Arguments):
    """show: only say what would be removed."""

    show: bool = False
