"""The figures for `broker account`, read at one instant."""

import psycopg

from broker.account import RecipientAccount, TopicAccount, account_from
from broker.store.queries import queries


def read_accounts(database: str) -> tuple[list[RecipientAccount], list[TopicAccount], bool]:
    """(per recipient, per topic, whether every event that must have a leaf has one)."""
    asked = queries("account")
    with psycopg.connect(database) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        by_recipient = connection.execute(asked["by_recipient"]).fetchall()
        by_topic = connection.execute(asked["by_topic"]).fetchall()
        kept = {row[0]: (int(row[1]), int(row[2])) for row in connection.execute(asked["kept"])}
        counted = connection.execute(asked["leaves"]).fetchone() or (0, 0, 0)
    leaves, received, decided = (int(each) for each in counted)
    recipients, topics = account_from(by_recipient, by_topic, kept)
    return recipients, topics, leaves >= received + decided


def read_undecided(database: str) -> int:
    """How many notifications were taken in undecided, and still are."""
    with psycopg.connect(database) as connection:
        row = connection.execute(queries("account")["undecided"]).fetchone()
    return int(row[0]) if row else 0
