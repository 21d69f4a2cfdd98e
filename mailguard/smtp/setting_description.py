"""How a setting of this floor is described: the same words in the same order, for admins and for the docs test."""

from __future__ import annotations


def described(sentence: str, *, default: object, unit: str, example: str, consequence: str) -> str:
    return f"{sentence} Default: {default}. Unit: {unit}. Example: {example}. Consequence: {consequence}"
