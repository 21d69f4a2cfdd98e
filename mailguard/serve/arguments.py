"""What operations of the commands are given, and what they give back."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

Item = dict[str, Any]


class Arguments(BaseModel):
    """Of every operation: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
