"""
HL7 v2 as it is sent: messages, segments, fields, their parts, and text without its escapes
(HL7 v2.8 chapter 2).

Of 490 public messages 27 begin with a BOM and 142 end their lines with LF, so both are put right
before anything is read. Fields are taken apart when they are asked for: a message of nothing but
delimiters costs no more than its length.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from broker.errors import Malformed

MOST_BYTES = 16 * 1024 * 1024
_MOST_SEGMENTS, _MOST_REPEATS = 20_000, 100
_BOM, _VT, _FS = b"\xef\xbb\xbf", b"\x0b", b"\x1c"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BEGINS = re.compile(rb"(?:MSH|FHS|BHS|BTS|FTS)[^A-Za-z0-9\s]")
_NAMED = re.compile(r"[A-Z][A-Z0-9]{2}(?![A-Za-z0-9])")
_NULL = '""'  # the sender deletes the value (chapter 2, "null")

# MSH-18, table 0211. Latin 1 is read as cp1252, which is what is sent under its name (measured).
_CHARSETS = {
    "": "utf-8",
    "ASCII": "utf-8",
    "8859/1": "cp1252",
    "8859/2": "iso8859-2",
    "8859/15": "iso8859-15",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
}


@dataclass(frozen=True, slots=True)
class Marks:
    """The delimiters that MSH-1 and MSH-2 declare, and the character set of MSH-18."""

    field: str
    component: str
    repeat: str
    escape: str
    part: str
    charset: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment. Numbers are the standard's own: `text(5, 2)` is the second part of field 5."""

    name: str
    fields: list[str] = field(repr=False)
    marks: Marks = field(repr=False)

    def raw(self, number: int) -> str:
        """A field as it was sent; empty if it was not, or was sent as null."""
        at = number - 1 if self.name in _HEADERS else number
        found = self.fields[at] if 0 < at < len(self.fields) else ""
        return "" if found == _NULL else found

    def repeats(self, number: int) -> list[str]:
        whole = self.raw(number)
        return whole.split(self.marks.repeat, _MOST_REPEATS)[:_MOST_REPEATS] if whole else []

    def text(self, number: int, component: int = 1) -> str:
        """A short value: the first repetition's component, without escapes or outer space."""
        repeats = self.repeats(number)
        return self.part(repeats[0], component) if repeats else ""

    def part(self, repeat: str, component: int, *, part: int = 1) -> str:
        """A component, or a part of it, without escapes or outer space."""
        found = repeat.split(self.marks.component, component)
        whole = found[component - 1] if component <= len(found) else ""
        parts = whole.split(self.marks.part, part)
        chosen = parts[part - 1] if part <= len(parts) else ""
        return "" if chosen == _NULL else unescaped(chosen, self.marks).strip()

    def words(self, number: int) -> str:
        """Text as it was written: every repetition a line, escapes undone, nothing trimmed."""
        return "\n".join(unescaped(each, self.marks) for each in self.repeats(number))


_HEADERS = frozenset({"MSH", "FHS", "BHS"})


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its header first."""

    segments: tuple[Segment, ...] = field(repr=False)
    misread: bool = False  # not in the character set that it claims

    @property
    def header(self) -> Segment:
        return self.segments[0]

    def of(self, name: str) -> Iterator[Segment]:
        return (each for each in self.segments if each.name == name)


@dataclass(frozen=True, slots=True)
class Pieces:
    """What a file or frame holds, still in bytes, and what its batch promised."""

    messages: tuple[bytes, ...] = field(repr=False)
    strays: tuple[bytes, ...] = field(repr=False)  # text that belongs to no message
    promised: int | None = None  # BTS-1, added up


def is_hl7v2(native: bytes) -> bool:
    """Whether bytes begin as HL7 v2 does, a frame's or a file's marks aside."""
    start = native[:64].removeprefix(_BOM).lstrip(_VT + b" \t\r\n").removeprefix(_BOM)
    return _BEGINS.match(start) is not None or (
        native[:64].startswith(_UTF_16) and b"M\0S\0H" in native[:64]
    )


def pieces_of(native: bytes) -> Pieces:
    """Every message by itself. Raises Malformed: too_large, bad_encoding."""
    if len(native) > MOST_BYTES:
        raise Malformed("too_large", "HL7")
    if native.startswith(_UTF_16):
        native = _from_utf_16(native)
    clean = native.replace(b"\r\n", b"\r").replace(b"\n", b"\r")
    messages: list[list[bytes]] = []
    strays: list[bytes] = []
    promised: int | None = None
    inside = False
    for written in clean.split(b"\r"):
        line = written.removeprefix(_VT).removeprefix(_BOM).removesuffix(_FS)
        kind = line[:3] if _BEGINS.match(line) else b""
        if kind == b"MSH":
            messages.append([line])
            inside = True
        elif kind:
            inside = False
            if kind == b"BTS":
                promised = (promised or 0) + _count(line)
        elif inside:
            messages[-1].append(line)
        elif line.strip():
            strays.append(line)
    whole = tuple(b"\r".join(lines).rstrip(b"\r") for lines in messages)
    return Pieces(whole, tuple(strays), promised)


def _from_utf_16(native: bytes) -> bytes:
    try:
        return native.decode("utf-16").encode()
    except UnicodeError:
        raise Malformed("bad_encoding", "UTF-16") from None


def _count(line: bytes) -> int:
    written = line[4:].partition(line[3:4])[0].strip()
    most_digits = 9
    return int(written) if written.isdigit() and len(written) <= most_digits else 0


def message_from(piece: bytes) -> Message:
    """One message. Raises Malformed: not_this_format, too_large."""
    text, marks, misread = _decoded(piece)
    lines = text.split("\r")
    if len(lines) > _MOST_SEGMENTS:
        raise Malformed("too_large", "segments")
    joined: list[list[str]] = []
    for line in lines:
        if _NAMED.match(line):
            joined.append([line])
        else:  # a line end inside a text, sent as it was typed
            joined[-1].append(line)
    whole = ["\n".join(each).rstrip("\n") for each in joined]
    made = tuple(Segment(each[:3], each.split(marks.field), marks) for each in whole)
    return Message(made, misread)


def _decoded(piece: bytes) -> tuple[str, Marks, bool]:
    header = piece.partition(b"\r")[0]
    fields = header.split(header[3:4])
    claimed = fields[17].strip().decode("ascii", "replace") if len(fields) > 17 else ""  # noqa: PLR2004 - MSH-18
    charset = _CHARSETS.get(claimed.partition("~")[0].strip().upper(), "utf-8")
    for encoding in dict.fromkeys((charset, "utf-8", "cp1252", "latin-1")):
        try:
            text = piece.decode(encoding)
        except UnicodeDecodeError:
            continue
        marks = _marks(text, encoding)
        return text, marks, encoding == "latin-1" or (encoding != charset and bool(claimed))
    raise Malformed("bad_encoding", "HL7")  # latin-1 reads any bytes: never reached


def _marks(text: str, charset: str) -> Marks:
    """MSH-1 and MSH-2. Some senders write the escape character twice: each mark counts once."""
    separator = text[3]
    written = text[4:].partition(separator)[0].partition("\r")[0]
    marks = "".join(dict.fromkeys(written))
    if any(each.isalnum() or each.isspace() for each in marks + separator) or separator in marks:
        raise Malformed("not_this_format", "MSH-2")
    whole = marks + "^~\\&"[len(marks) :]
    return Marks(separator, whole[0], whole[1], whole[2], whole[3], charset)


def unescaped(text: str, marks: Marks) -> str:
    """Text with its escapes undone (chapter 2, "use of escape sequences in text fields")."""
    if marks.escape not in text:
        return text
    return _escape(marks.escape).sub(lambda found: _meant(found[1], found[0], marks), text)


@cache
def _escape(mark: str) -> re.Pattern[str]:
    quoted = re.escape(mark)
    return re.compile(f"{quoted}([^{quoted}\\r]{{1,400}}){quoted}")


def _meant(said: str, written: str, marks: Marks) -> str:
    letters = {"F": marks.field, "S": marks.component, "T": marks.part, "R": marks.repeat}
    letters |= {"E": marks.escape, "P": "#", "H": "", "N": ""}
    if said in letters:
        return letters[said]
    if said[0] == "X":
        return _in_hexadecimal(said[1:], written, marks)
    if said[0] == ".":
        return _formatted(said[1:].strip().lower(), written)
    return written  # nothing that the standard knows: it stays as it was written


def _in_hexadecimal(digits: str, written: str, marks: Marks) -> str:
    try:
        return bytes.fromhex(digits).decode(marks.charset)
    except ValueError:
        return written


_FORMATS = re.compile(r"(?P<command>br|sp|ce|fi|nf|in|ti|sk)\s*(?P<count>[+-]?[0-9]{1,3})?")


def _formatted(command: str, written: str) -> str:
    """Formatting is lost; the line ends that it means are kept."""
    found = _FORMATS.fullmatch(command)
    if found is None:
        return written
    count = max(1, abs(int(found["count"] or 1)))
    ends = {"br": "\n", "ce": "\n", "sp": "\n" * count, "sk": " " * count}
    return ends.get(found["command"], "")


def escaped(text: str) -> str:
    """Text for a field of ours, under the standard marks: no delimiter and no line end is left."""
    return "".join(_ESCAPES.get(each, each) for each in text)


_ESCAPES = {
    "\\": "\\E\\",
    "|": "\\F\\",
    "^": "\\S\\",
    "&": "\\T\\",
    "~": "\\R\\",
    "\n": "\\.br\\",
    **{chr(code): f"\\X{code:02X}\\" for code in [*range(32), 127] if code != ord("\n")},
}
