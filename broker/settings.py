"""Every setting, read once. Names in the environment begin with BROKER_, as BROKER_DATABASE."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What a process needs to be told. Frozen; secrets do not show in its repr."""

    model_config = SettingsConfigDict(env_prefix="BROKER_", frozen=True, extra="ignore")

    kafka: str = ""  # bootstrap servers, "127.0.0.1:9092"
    database: SecretStr = SecretStr("")  # a libpq connection string; a socket folder is allowed
    directory: Path = Path("deploy/local/directory.yaml")
    keys: Path = Path("var/keys")
    policies: Path | None = None  # None: those that ship with the broker
    bundles: Path | None = None  # where signed policies go live; None: those of `policies`
    approvers: Path = Path("var/approvers.yaml")  # who may approve policies
    shadow: Path | None = None  # a candidate beside the live policies: a folder or a bundle file
    model: Path | None = None  # the weights of identity; None: those that ship with the broker
    population: int = 1_000_000  # how many subjects the register is meant for
    inquiries: int = 60  # how often an organisation may ask within an hour whether a child is known
    test_numbers: bool = True  # NHS numbers from 999: false where real children are
    ledger_origin: str = "concern-broker.example/ledger"
    batch: int = 200  # records of one poll, rows of one relay round
    partitions: int = 3  # of a topic made by `broker topics`
    dev: bool = False  # a demonstration: people sign in with one button, on loopback only
    host: str = "127.0.0.1"
    port: int = 8080
