"""The register's rows: subjects that a partnership brings along, with their relationships."""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from broker.domain.rows import COLUMNS, Row

_COLUMNS = {**COLUMNS, "registered": ("subject", "wrapped_key", "body")}


def write_register(
    database: str,
    *,
    subjects: Sequence[Row],
    subject_keys: Sequence[Row],
    registered: Sequence[Row],
    profiles: Sequence[Row],
    blocking_keys: Sequence[Row],
    households: Sequence[Row],
    born_alike: Sequence[Row],
    relationships: Sequence[Row],
    allow_lists: Sequence[Row],
) -> int:
    """All of it, or nothing; what is there already stays. Returns how many subjects were new."""
    tables = {
        "subject": subjects,
        "subject_key": subject_keys,
        "registered": registered,
        "profile": profiles,
        "blocking_key": blocking_keys,
        "household_member": households,
        "born_alike": born_alike,
        "relationship": relationships,
        "allow_list": allow_lists,
    }
    new = 0
    with psycopg.connect(database) as connection:
        for table, rows in tables.items():
            columns = _COLUMNS[table]
            statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING").format(
                sql.Identifier(table),
                sql.SQL(", ").join(map(sql.Identifier, columns)),
                sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
            )
            with connection.cursor() as cursor:
                for row in rows:
                    cursor.execute(statement, row)
                    new += cursor.rowcount if table == "subject" else 0
    return new
