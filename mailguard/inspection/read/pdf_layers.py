"""Optional content (ISO 32000-2, 8.11): the layers of a document that whoever opens it does not see.

What a page paints says by name to which layer it belongs. Of a membership dictionary (several layers under one policy)
PDFium does not tell which; all of them count as hidden as soon as one of them is.
"""

from __future__ import annotations

from ..stream import Visibility
from .pdf_objects import Objects
from .pdf_syntax import Ref, Stream, Value

OF_SEVERAL = ""
"""The name under which what belongs to several layers comes."""
WHY = Visibility.HIDDEN_TEXT


def layers_off(objects: Objects) -> frozenset[str]:
    """The names of layers that are off when the document is opened, `OF_SEVERAL` among them if one of those is."""
    properties = objects.entry(objects.root, "OCProperties")
    if properties is None:
        return frozenset()
    configuration = objects.entry(properties, "D")
    off = _numbers(objects.entry(configuration, "OFF"))
    if objects.entry(configuration, "BaseState") == "OFF":
        off = _numbers(objects.entry(properties, "OCGs")) - _numbers(objects.entry(configuration, "ON"))
    names: set[str] = set()
    for each in objects.all:
        if each.current and each.number in off:
            names.add(objects.text(each.value, "Name"))
        if isinstance(each.value, dict) and each.value.get("Type") == "OCMD" and _is_hidden(objects, each.value, off):
            names.add(OF_SEVERAL)
    return frozenset(names)


def without_hidden_forms(octets: bytes, objects: Objects, off: frozenset[str]) -> bytes | None:
    """The file with nothing in the forms that belong to such a layer as a whole, which PDFium does not tell of what it
    paints; None where there are none. Each octet stays where it is."""
    hidden = [
        each.value
        for each in objects.all
        if isinstance(each.value, Stream) and _belongs(objects, each.value.entries.get("OC"), off)
    ]
    if not hidden:
        return None
    shown = bytearray(octets)
    for form in hidden:
        shown[form.start : form.start + len(form.raw)] = form.blanked()
    return bytes(shown)


def _belongs(objects: Objects, layer: Value, off: frozenset[str]) -> bool:
    if not off or layer is None:
        return False
    if objects.entry(layer, "Type") == "OCMD":
        return OF_SEVERAL in off
    return objects.text(layer, "Name") in off


def _numbers(references: Value) -> frozenset[int]:
    listed = references if isinstance(references, list) else [references]
    return frozenset(each.number for each in listed if isinstance(each, Ref))


def _is_hidden(objects: Objects, membership: dict[str, Value], off: frozenset[int]) -> bool:
    """8.11.2.2, without visibility expressions: those count as hidden if a layer in them is off."""
    if "VE" in membership:
        return bool(off)
    of = membership.get("OCGs")
    several = objects.resolved(of)
    listed = _numbers(several if isinstance(several, list) else of)
    policy = membership.get("P", "AnyOn")
    some_off, all_off = bool(listed & off), bool(listed) and listed <= off
    return {"AllOn": some_off, "AnyOn": all_off, "AnyOff": not some_off, "AllOff": not all_off}.get(
        str(policy), some_off
    )
