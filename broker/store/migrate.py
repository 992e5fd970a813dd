"""Migrations: SQL files in the order of their names, each once, in one transaction."""

from importlib.resources import files

import psycopg


def migrate(database: str) -> list[str]:
    """Apply what has not been applied; returns the names of what was. Safe to run twice at once."""
    folder = files("broker.store").joinpath("migrations")
    scripts = sorted((each for each in folder.iterdir() if each.name.endswith(".sql")), key=str)
    applied = []
    with psycopg.connect(database) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('concern-broker migrations'))")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migration"
            " (name text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"
        )
        done = {row[0] for row in connection.execute("SELECT name FROM migration")}
        for script in scripts:
            if script.name not in done:
                connection.execute(script.read_bytes())
                connection.execute("INSERT INTO migration (name) VALUES (%s)", [script.name])
                applied.append(script.name)
    return applied
