"""
A site's YAML file: what comes in, and over which transport; what goes out, and to where. A mistake
in it is told with the place and what to write instead.

    feeds:                                # what the agency's systems send
      - name: st-marys-hl7
        agency: health
        format: hl7v2
        profile: hospital-hl7v2           # a name that ships, or a path
        mllp: {port: 2575}                # and, or: folder, kafka; HTTP always
    receives:                             # what they are told
      - organisation: org:ods:RYY
        agency: health
        format: hl7v2
        folder: /srv/safeguarding/in      # and, or: mllp {host, port}
"""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from broker.domain.words import Agency
from broker.errors import Misconfigured

_STRICT = ConfigDict(extra="forbid", frozen=True)


class Tls(BaseModel):
    """Certificates in PEM files. With `clients`, only callers whom these signed are heard."""

    model_config = _STRICT
    certificate: Path
    key: Path
    clients: Path | None = None


class Drop(BaseModel):
    """
    A watched folder, or the place where SFTP drops files. `begins: ready` waits for `<name>.ready`;
    `begins: still` for a size that has not changed for `still_seconds`.
    """

    model_config = _STRICT
    path: Path
    begins: str = Field(default="still", pattern="^(still|ready)$")
    still_seconds: float = Field(default=5, ge=0, le=3600)


class MllpPort(BaseModel):
    model_config = _STRICT
    port: int = Field(ge=0, le=65535)
    host: str = "127.0.0.1"
    tls: Tls | None = None


class Fetch(BaseModel):
    """The one service that is asked for what an event points to."""

    model_config = _STRICT
    base: str = Field(pattern="^https://[^/]+/")
    token: Path | None = None  # a file with the bearer token
    authority: Path | None = None


class Topic(BaseModel):
    """A Kafka topic of the agency's own, each record one message or file."""

    model_config = _STRICT
    topic: str
    servers: str | None = None  # another cluster than the broker's


class Feed(BaseModel):
    model_config = _STRICT
    name: str = Field(pattern="^[a-z0-9][a-z0-9-]*$")
    agency: Agency
    format: str
    profile: str | None = None
    folder: Drop | None = None
    mllp: MllpPort | None = None
    kafka: Topic | None = None
    fetch: Fetch | None = None

    @model_validator(mode="before")
    @classmethod
    def _folder_alone(cls, written: Any) -> Any:
        """`folder: PATH` is short for `folder: {path: PATH}`."""
        if not isinstance(written, dict) or not isinstance(written.get("folder"), str):
            return written
        drop = {"path": written["folder"]}
        if "still_seconds" in written:
            drop["still_seconds"] = written["still_seconds"]
        rest = {name: value for name, value in written.items() if name != "still_seconds"}
        return {**rest, "folder": drop}


class MllpAddress(BaseModel):
    model_config = _STRICT
    host: str
    port: int = Field(ge=1, le=65535)
    authority: Path | None = None  # the PEM that the other side's certificate is checked by


class Receives(BaseModel):
    """What one organisation is told: in its own format, and, in `evidence`, as it was signed."""

    model_config = _STRICT
    organisation: str
    agency: Agency
    format: str
    profile: str | None = None
    folder: Path | None = None
    mllp: MllpAddress | None = None
    evidence: Path | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> "Receives":
        if self.folder is None and self.mllp is None:
            raise ValueError("say where it goes: folder or mllp")
        return self


class SiteFile(BaseModel):
    model_config = _STRICT
    feeds: tuple[Feed, ...] = ()
    receives: tuple[Receives, ...] = ()


def read_site_file(path: Path) -> SiteFile:
    """Raises Misconfigured, naming the place and what is wrong there."""
    try:
        made = SiteFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Misconfigured("no_site_file", f"{path}: {error}") from None
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()
        )
        raise Misconfigured("site_file_wrong", f"{path}: {wrong}") from None
    names = [feed.name for feed in made.feeds]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Misconfigured("site_file_wrong", f"{path}: two feeds are called {', '.join(twice)}")
    return made
