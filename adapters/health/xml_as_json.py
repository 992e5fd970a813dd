"""
FHIR XML in the shape that FHIR JSON has, so that one walk reads both (hl7.org/fhir/xml.html).

Only what the walk cares about is told apart: an element that stands once is a value, one that is
repeated is a list, and the walk takes either. XML says of no value whether it is a number, so all
are text but booleans: an NHS number keeps its leading zero.
"""

from typing import Any

from lxml import etree

from adapters.xml import local, parsed
from broker.errors import Malformed

_FHIR, _XHTML = "{http://hl7.org/fhir}", "{http://www.w3.org/1999/xhtml}"
MOST_BYTES = 2 * 1024 * 1024
_MOST_ELEMENTS = 100_000
_ATTRIBUTES = ("id", "url")  # all that FHIR has, besides `value`
_BOOLEANS = {"true": True, "false": False}

Object = dict[str, Any]


def document_from(native: bytes) -> Object:
    """
    The resource. Raises Malformed: too_large, doctype, too_deep, not_this_format. A root of another
    namespace is another format, whatever it is called.
    """
    if len(native) > MOST_BYTES:
        raise Malformed("too_large", "XML")
    root = parsed(native)
    if not str(root.tag).startswith(_FHIR):
        raise Malformed("not_this_format", "XML that is not FHIR")
    if sum(1 for _ in root.iter()) > _MOST_ELEMENTS:
        raise Malformed("too_large", "elements")
    return _resource(root)


def _resource(element: etree._Element) -> Object:
    return {**_object(element), "resourceType": local(element)}


def _object(element: etree._Element) -> Object:
    """Attributes and children by name."""
    # not all that there are: lxml takes 12 s to list 100,000 of them (measured, 6.1)
    made: Object = {name: value for name in _ATTRIBUTES if (value := element.get(name)) is not None}
    for child in element:
        if not isinstance(child, etree._Comment):
            _add_child(made, child)
    return made


def _add_child(made: Object, child: etree._Element) -> None:
    name = local(child)
    if child.tag == f"{_XHTML}div":
        _add(made, name, etree.tostring(child, encoding="unicode", with_tail=False))
        return
    value = child.get("value")
    if value is not None:
        _add(made, name, _BOOLEANS.get(value, value) if name.endswith("Boolean") else value)
        beside = _object(child)  # the id and the extensions of a value
        if beside:
            _add(made, f"_{name}", beside)
        return
    inside = [each for each in child if _is_resource(each)]
    for each in inside:
        _add(made, name, _resource(each))
    if not inside:
        _add(made, name, _object(child))


def _is_resource(element: etree._Element) -> bool:
    """Types are written with a capital, the elements of a type with a small letter."""
    return str(element.tag).startswith(_FHIR) and local(element)[:1].isupper()


def _add(made: Object, name: str, value: Any) -> None:
    known = made.get(name)
    if name not in made:
        made[name] = value
    elif isinstance(known, list):
        known.append(value)
    else:
        made[name] = [known, value]
