"""The drawing at the top of errors.py is the tree of the classes."""

from broker import errors
from broker.errors import BrokerError


def test_the_drawing_is_the_tree_of_the_classes() -> None:
    drawn: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in str(errors.__doc__).splitlines():
        name = line.split()[0] if line.startswith("    ") else ""
        if not name:
            continue
        depth = len(line) - len(line.lstrip())
        above = [each for each in above if each[0] < depth]
        drawn[name] = above[-1][1] if above else "Exception"
        above.append((depth, name))
    assert drawn == _classes(BrokerError)


def _classes(parent: type[BaseException]) -> dict[str, str]:
    found = {parent.__name__: str(parent.__base__ and parent.__base__.__name__)}
    for each in parent.__subclasses__():
        if each.__module__ == errors.__name__:
            found |= _classes(each)
    return found
