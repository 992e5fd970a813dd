"""
XML from outside: no entity is expanded, no network is touched, and whatever declares a document
type is turned away (SECURITY.md 6). Names are local: namespaces change with every release.
"""

from collections.abc import Iterator

from lxml import etree

from broker.errors import Malformed

MOST_BYTES = 10 * 1024 * 1024
DEEPEST = 64
_MOST_ELEMENTS, _MOST_ATTRIBUTES = 400_000, 256  # lxml's attributes cost the square of their number


def parsed(native: bytes) -> etree._Element:
    """The root. Raises Malformed: too_large, doctype, too_deep, not_this_format."""
    if len(native) > MOST_BYTES:
        raise Malformed("too_large", "XML")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True
    )
    try:
        root = etree.fromstring(native, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Malformed("not_this_format", "not well-formed XML") from None
    document = root.getroottree().docinfo
    if document.internalDTD is not None or document.doctype:
        raise Malformed("doctype")
    _check_size(root)
    return root


def _check_size(root: etree._Element) -> None:
    depth = elements = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        elements += event == "start"
        if depth > DEEPEST:
            raise Malformed("too_deep", f"more than {DEEPEST} levels")
        if elements > _MOST_ELEMENTS or (
            event == "start" and len(element.attrib) > _MOST_ATTRIBUTES
        ):
            raise Malformed("too_large", "elements or attributes")


def local(element: etree._Element) -> str:
    """An element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def named(root: etree._Element, *names: str) -> Iterator[etree._Element]:
    """Every descendant of one of these local names, in order."""
    for element in root.iter():
        if local(element) in names:
            yield element


def text_of(root: etree._Element | None, *path: str) -> str:
    """The text at the first match of a path of local names, its outer white space trimmed."""
    for step in path:
        if root is None:
            return ""
        root = next((each for each in named(root, step) if each is not root), None)
    return (root.text or "").strip() if root is not None else ""
