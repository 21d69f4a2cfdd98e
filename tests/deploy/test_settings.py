"""deploy/mailguard.yaml names every setting with the default that the code has, and loads."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from pydantic import BaseModel

from mailguard.config import Settings, load_settings
from tests.deploy import settings_file
from tests.docs import reference

TEXT = settings_file.FILE.read_text()


def uncommented() -> str:
    """The file with every default written out."""
    return re.sub(r"^# ", "", re.sub(r"\A(# .*\n)+", "", TEXT), flags=re.MULTILINE)


def keys(value: object, prefix: str = "") -> set[str]:
    if isinstance(value, list):
        return set().union(*(keys(each, f"{prefix[:-1]}[].") for each in value if isinstance(each, dict)), set())
    if not isinstance(value, dict):
        return set()
    return set().union(*({prefix + key} | keys(each, f"{prefix}{key}.") for key, each in value.items()))


def unset(settings: BaseModel) -> dict[str, object]:
    """What the file does not set, so that the code's default applies, depth first."""
    found: dict[str, object] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if name not in settings.model_fields_set:
            found[name] = value
        elif isinstance(value, BaseModel):
            found |= {f"{name}.{key}": inner for key, inner in unset(value).items()}
    return found


def test_the_file_is_up_to_date() -> None:
    assert settings_file.render() == TEXT, "run: PYTHONPATH=. python tests/deploy/settings_file.py"


def test_it_sets_nothing_but_what_has_no_default() -> None:
    settings = load_settings(settings_file.FILE)
    live = keys(yaml.safe_load(TEXT)) - {"listen", "organisation", "smarthost", "notices"}
    assert live == {
        key
        for key in settings_file.INVENTED
        if not key.startswith(("metrics.", "dkim[].", "organisation.teams[].", "console.", "object_store."))
    }
    assert "limits" in unset(settings) and "smarthost.tls" in unset(settings)


def test_every_default_in_it_is_the_default_of_the_code(tmp_path: Path) -> None:
    written = settings_file.FILE.parent / "mailguard.yaml"
    # Beside each other, because paths count from the file.
    as_it_is, in_full = tmp_path / "as-it-is.yaml", tmp_path / "in-full.yaml"
    as_it_is.write_text(written.read_text())
    in_full.write_text(uncommented())
    plain, full = load_settings(as_it_is), load_settings(in_full)
    assert unset(full).keys() <= {"console", "metrics"}, "a default is not written out"
    assert plain.model_dump() == full.model_dump()


def test_every_setting_is_in_it() -> None:
    off = re.sub(
        r"^##(?=   (  )*(- )?[a-z_]+:( |$))",
        "",
        re.sub(
            r"^((?:##)? *(?:console|metrics|object_store|dkim|teams|oidc|groups)): (null|\[\])$",
            r"\1:",
            uncommented(),
            flags=re.M,
        ),
        flags=re.M,
    )
    named = keys(yaml.safe_load(off))
    assert {key for key, _, _ in reference.settings_rows(Settings)} <= named
