"""A folder of policies held in memory, as a bundle file brings it: read like one on disk."""

import io
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from os import PathLike
from typing import IO, Any, Literal, overload


class HeldFolder(Traversable):
    """Files by their path from the top, as `matrix/emergency.cedar`."""

    def __init__(self, files: Mapping[str, bytes], at: str = "") -> None:
        self._files, self._at = files, at

    @property
    def name(self) -> str:
        return self._at.rpartition("/")[2]

    def __str__(self) -> str:
        return self._at or "the bundle"

    def iterdir(self) -> Iterator["HeldFolder"]:
        under = f"{self._at}/" if self._at else ""
        inside = (path.removeprefix(under) for path in self._files if path.startswith(under))
        for name in sorted({path.partition("/")[0] for path in inside}):
            yield HeldFolder(self._files, under + name)

    def is_dir(self) -> bool:
        return not self._at or any(path.startswith(f"{self._at}/") for path in self._files)

    def is_file(self) -> bool:
        return self._at in self._files

    def joinpath(self, *descendants: str | PathLike[str]) -> "HeldFolder":
        return HeldFolder(self._files, "/".join(filter(None, (self._at, *map(str, descendants)))))

    def __truediv__(self, child: str | PathLike[str]) -> "HeldFolder":
        return self.joinpath(child)

    def read_bytes(self) -> bytes:
        if self._at not in self._files:
            raise FileNotFoundError(self._at)
        return self._files[self._at]

    def read_text(self, encoding: str | None = None) -> str:
        return self.read_bytes().decode(encoding or "utf-8")

    @overload
    def open(self, mode: Literal["r"] = "r", *args: Any, **kwargs: Any) -> IO[str]: ...
    @overload
    def open(self, mode: Literal["rb"], *args: Any, **kwargs: Any) -> IO[bytes]: ...
    def open(self, mode: str = "r", *args: Any, **kwargs: Any) -> IO[str] | IO[bytes]:
        return io.BytesIO(self.read_bytes()) if mode == "rb" else io.StringIO(self.read_text())
