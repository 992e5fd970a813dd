"""A FHIR document written as JSON, written as XML (hl7.org/fhir/xml.html)."""

from typing import Any

from lxml import etree

FHIR = "http://hl7.org/fhir"
_ATTRIBUTES = frozenset({"url", "id"})


def as_xml(document: dict[str, Any]) -> bytes:
    return etree.tostring(_resource(document), xml_declaration=True, encoding="UTF-8")


def _resource(resource: dict[str, Any]) -> etree._Element:
    made = etree.Element(f"{{{FHIR}}}{resource['resourceType']}", nsmap={None: FHIR})  # type: ignore[dict-item]
    inside = {name: value for name, value in resource.items() if name != "resourceType"}
    _fill(made, inside, attributes=frozenset())
    return made


def _fill(element: etree._Element, values: dict[str, Any], attributes: frozenset[str]) -> None:
    for name, value in values.items():
        if name in attributes and isinstance(value, str):
            element.set(name, value)
        elif not name.startswith("_"):
            for each in value if isinstance(value, list) else [value]:
                _add(element, name, each, values.get(f"_{name}"))


def _add(element: etree._Element, name: str, value: Any, beside: Any) -> None:
    if name == "div":
        element.append(etree.fromstring(value))
        return
    child = etree.SubElement(element, f"{{{FHIR}}}{name}")
    if not isinstance(value, dict):
        child.set("value", str(value).lower() if isinstance(value, bool) else str(value))
        _fill(child, beside or {}, _ATTRIBUTES)
    elif "resourceType" in value:
        child.append(_resource(value))
    else:
        _fill(child, value, _ATTRIBUTES)
