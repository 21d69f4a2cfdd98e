"""Writes deploy/mailguard.yaml from the code: every setting, each that has a default commented out with that default.

    PYTHONPATH=. python tests/deploy/settings_file.py       writes it
test_settings.py fails while the committed file is another.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mailguard.config import Settings
from tests.docs import reference

FILE = Path(__file__).resolve().parents[2] / "deploy" / "mailguard.yaml"

HEAD = """\
# mailguard.yaml with every setting. A line with one # is a setting with its default: it says what happens without it;
# take "# " away to change it. A line with ## says what a setting means; docs/reference.md says more: unit, example,
# consequence. What has no # has to be given. Unknown keys are errors. Durations: a number with s, m, h or d. Relative
# paths count from this file. `mailguard -C FILE check` tries it.
"""

INVENTED = {
    "organisation.name": "Elm Road Surgery",
    "organisation.domains": "[elmroad.example]",
    "organisation.teams[].name": "sexual-health",
    "organisation.teams[].senders": "[clinic@elmroad.example]",
    "listen[].address": '"127.0.0.1:2525"',
    "smarthost.address": '"smtp.elmroad.example:587"',
    "store": "sqlite:////var/lib/mailguard/mailguard.db",
    "object_store.url": "s3://mailguard-held/elmroad",
    "object_store.endpoint": "https://s3.eu-west-2.amazonaws.com",
    "metrics.address": '"127.0.0.1:9109"',
    "notices.from": "mailguard@elmroad.example",
    "console.oidc.issuer": "https://login.elmroad.example",
    "console.oidc.client_id": "mailguard",
    "console.oidc.groups[].group": "mailguard-reviewers",
    "console.oidc.groups[].roles": "[reviewer]",
    "dkim[].domain": "elmroad.example",
    "dkim[].selector": "guard1",
    "dkim[].key_file": "keys/dkim.pem",
}
"""What has no default."""


def render() -> str:
    return HEAD + "".join(f"{line}\n" for line in _lines(Settings))


def _lines(model: type[BaseModel], path: str = "", indent: str = "", mark: str = "") -> Iterator[str]:
    """mark: "# " within a group that is commented out as a whole, "## " within one that is off by default."""
    for name, field in model.model_fields.items():
        key = field.alias or name
        inner = reference._model(field.annotation)
        if not path:
            yield ""
        yield from _meaning(field, indent)
        if inner is None:
            own = mark or ("" if field.is_required() else "# ")
            yield _placed(f"{key}: {_value(path + key, field)}", indent, own)
        elif reference._is_list(field) and field.default == ():
            yield _placed(f"{key}: []", indent, "# ")
            yield from _off_item(inner, f"{path}{key}[].", f"{indent}    ")
        elif reference._is_list(field) and mark:
            yield _placed(f"{key}: []", indent, mark)
            yield from _off_item(inner, f"{path}{key}[].", f"{indent}    ")
        elif reference._is_list(field):
            yield f"{key}:"
            yield from _item(inner, f"{path}{key}[].")
        else:
            off = field.default is None
            own = mark or ("" if field.is_required() else "# ")
            yield _placed(f"{key}: null" if off else f"{key}:", indent, own)
            yield from _lines(inner, f"{path}{key}.", f"{indent}  ", "## " if off else own)


def _item(model: type[BaseModel], path: str) -> Iterator[str]:
    """The one item of a list: the dash stands before its first setting."""
    lines = list(_lines(model, path, "    "))
    first = next(number for number, line in enumerate(lines) if "#" not in line)
    lines[first] = "  - " + lines[first].lstrip()
    yield from lines


def _off_item(model: type[BaseModel], path: str, indent: str) -> Iterator[str]:
    """The one item of a list that is empty by default, all of it off."""
    first = True
    for line in _lines(model, path, indent, "## "):
        own = line.startswith(f"## {indent}")
        yield line.replace(f"## {indent}", f"## {indent[:-2]}- ", 1) if own and first else line
        first = first and not own


def _placed(text: str, indent: str, mark: str) -> str:
    """Groups that are commented out keep their indent behind the mark, so that taking the marks away leaves YAML."""
    return f"{mark}{indent}{text}"


def _meaning(field: FieldInfo, indent: str) -> list[str]:
    text = field.description or ""
    choices = re.search(r"Unit: (one of [^.]*)\.", text)
    said = re.split(r"(?<=\.) ", text)[0] + (f" {choices[1].capitalize()}." if choices else "")
    return textwrap.wrap(said, 118, initial_indent=f"{indent}## ", subsequent_indent=f"{indent}## ")


def _value(path: str, field: FieldInfo) -> str:
    if field.is_required():
        return INVENTED[path]
    if field.default is None:
        return "null"
    return "[]" if field.default == () else reference._default(field).strip("`")


if __name__ == "__main__":
    FILE.write_text(render())
    sys.stdout.write(f"wrote {FILE}\n")
