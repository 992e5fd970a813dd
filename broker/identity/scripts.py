"""
Which script a name is written in, and Latin letters for it, where every letter has one.

Equality of names counts only within one script (IDENTITY.md 6). The Latin form serves keys and the
order of candidates and no more. Cyrillic and Greek only: Arabic and Hebrew leave their vowels
unwritten, and Chinese characters sound differently in each language.
"""

import unicodedata

_CALLED = {"cjk": "han", "ideographic": "han"}  # by what Unicode calls their characters
_CYRILLIC = (  # from U+0430 on, in the order of the alphabet
    "a|b|v|g|d|e|zh|z|i|i|k|l|m|n|o|p|r|s|t|u|f|h|ts|ch|sh|shch||y||e|iu|ia"
    "|e|e|dj|g|e|dz|i|i|j|lj|nj|c|k|i|u|dz"
)
_GREEK = "a|v|g|d|e|z|i|th|i|k|l|m|n|x|o|p|r|s|s|t|y|f|ch|ps|o"  # from U+03B1 on
_LATIN = {
    **dict(enumerate(_CYRILLIC.split("|"), 0x0430)),
    **dict(enumerate(_GREEK.split("|"), 0x03B1)),
    0x0491: "g",
}


def script_of(text: str) -> str:
    """`latin`, `cyrillic`, `arabic`, `han` ...; `mixed` for several, empty without a letter."""
    if text.isascii():
        return "latin" if any(map(str.isalpha, text)) else ""
    found = {_script(letter) for letter in text if letter.isalpha()}
    return found.pop() if len(found) == 1 else "mixed" if found else ""


def latinised(text: str) -> str:
    """In Latin letters, if it is Cyrillic or Greek; any other text as it is."""
    return text if text.isascii() else text.translate(_LATIN)


def _script(letter: str) -> str:
    called = unicodedata.name(letter, "unnamed").split()[0].split("-")[0].lower()
    return _CALLED.get(called, called)
