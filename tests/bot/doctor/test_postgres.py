from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from bot.doctor import Finding, examine
from bot.doctor.postgres import check_database
from bot.doctor.servers import _chosen
from bot.services import make_store
from bot.store import ServerSettings
from retrieval.postgres.servers import Servers
from tests.bot.doctor.conftest import House, only
from tests.postgres.cluster import Stage
from tests.postgres.fixtures import Pair

PASSWORD = "s3cret"
NOWHERE = f"postgresql://footnote:{PASSWORD}@127.0.0.1:9/footnote"
"""Nobody listens there."""

Break = Callable[[str], None]


def checked(house: House, url: str, *replicas: str, **options: int) -> list[Finding]:
    installation = house.installation(
        FOOTNOTE_DATABASE_URL=url, FOOTNOTE_REPLICA_URLS=",".join(replicas)
    )
    return list(check_database(installation, **options))


def done_by_owner(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def with_people(house: House, url: str) -> None:
    """Have the tables of people made."""
    servers = Servers(url)
    settings = house.installation(FOOTNOTE_DATABASE_URL=url).settings
    make_store(settings, servers).save_settings(5, ServerSettings(per_member=3))
    servers.close()


def test_without_a_database_nothing_is_said(house: House) -> None:
    assert list(check_database(house.installation())) == []


def test_a_database_that_is_as_it_should_be(house: House, postgres_url: str) -> None:
    with_people(house, postgres_url)
    found = checked(house, postgres_url)
    assert {one.severity for one in found} == {"ok"}
    said = " ".join(one.message for one in found)
    for words in ("can be reached", "is switched on", "of this version", "keeps servers apart"):
        assert words in said


def test_a_new_database_is_no_fault(house: House, postgres_url: str) -> None:
    done_by_owner(postgres_url, "DROP TABLE alembic_version")
    found = checked(house, postgres_url)
    assert {one.severity for one in found} == {"ok"}
    assert "There are no tables of articles yet" in " ".join(one.message for one in found)


@pytest.mark.parametrize(
    ("statement", "severity", "words"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "error", "a newer version"),
        ("UPDATE alembic_version SET version_num = '0000'", "note", "an older version"),
        (
            "ALTER TABLE articles NO FORCE ROW LEVEL SECURITY",
            "warning",
            "Row-level security is off for articles,",
        ),
        (
            "ALTER TABLE segment_passages DISABLE ROW LEVEL SECURITY",
            "warning",
            "Row-level security is off for segment_passages,",
        ),
    ],
)
def test_what_is_wrong_with_the_tables_is_found(
    house: House, postgres_url: str, statement: str, severity: str, words: str
) -> None:
    done_by_owner(postgres_url, statement)
    found = only(checked(house, postgres_url), "note", "warning", "error")
    assert found.severity == severity
    assert words in found.message
    assert found.remedy


def test_a_role_that_is_above_row_level_security_is_found(
    house: House, postgres_stage: Stage, postgres_url: str
) -> None:
    with postgres_stage.cluster.superuser() as connection:
        connection.execute("CREATE ROLE above LOGIN BYPASSRLS PASSWORD 's3cret'")
    url = postgres_url.replace("footnote:secret@", f"above:{PASSWORD}@")
    try:
        # What only the owner sees it does not, which is no matter here.
        done_by_owner(postgres_url, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO above")
        found = only(checked(house, url))
    finally:
        done_by_owner(postgres_url, "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM above")
        with postgres_stage.cluster.superuser() as connection:
            connection.execute("DROP ROLE above")
    assert "above row-level security" in found.message


def test_a_database_without_the_extension_is_told_how_to_get_it(
    house: House, postgres_stage: Stage, postgres_url: str
) -> None:
    name = postgres_url.rpartition("/")[2]
    with postgres_stage.cluster.superuser(name) as connection:
        connection.execute("DROP EXTENSION vector CASCADE")
    found = only(checked(house, postgres_url), "note")
    assert "CREATE EXTENSION vector" in found.remedy


def test_a_database_that_cannot_hold_every_language_is_found(
    house: House, postgres_stage: Stage
) -> None:
    with postgres_stage.cluster.superuser() as connection:
        connection.execute(
            "CREATE DATABASE latin OWNER footnote ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
        )
    try:
        found = only(checked(house, postgres_stage.cluster.url("latin")), "warning", "error")
    finally:
        with postgres_stage.cluster.superuser() as connection:
            connection.execute("DROP DATABASE latin WITH (FORCE)")
    assert "LATIN1" in found.message


def test_a_server_that_cannot_be_reached_is_an_error_without_a_password(house: House) -> None:
    found = only(checked(house, NOWHERE))
    assert found.severity == "error"
    assert "cannot be reached" in found.message
    assert PASSWORD not in str(found)


def test_a_replica_that_cannot_be_reached_is_a_warning(house: House, postgres_url: str) -> None:
    found = only(checked(house, postgres_url, NOWHERE))
    assert found.severity == "warning"
    assert found.message.startswith("Replica 1 of 1 cannot be read")
    assert PASSWORD not in str(found)


def test_a_server_that_follows_none_is_no_replica(house: House, postgres_url: str) -> None:
    found = only(checked(house, postgres_url, postgres_url))
    assert "follows no other server" in found.message


def test_how_far_a_replica_is_behind(house: House, postgres_cluster: Pair) -> None:
    pair = postgres_cluster
    last = checked(house, pair.url, pair.replica_url)[-1]
    assert last.severity == "ok"
    # The server writes something by itself now and then.
    assert re.match(r"Replica 1 of 1 (has everything\.|follows, 0\.\d MB behind)", last.message)
    pair.replica.pause_replay()
    done_by_owner(pair.url, "CREATE TABLE more AS SELECT generate_series(1, 1000) AS number")
    last = checked(house, pair.url, pair.replica_url)[-1]
    assert last.severity == "ok"
    assert "Replica 1 of 1 follows, " in last.message
    last = checked(house, pair.url, pair.replica_url, far=1)[-1]
    assert last.severity == "warning"
    assert "Replica 1 of 1 is far behind" in last.message
    found = only(checked(house, pair.replica_url))
    assert found.severity == "error"
    assert "names a replica" in found.message


def test_what_servers_have_chosen_is_read_there(house: House, postgres_url: str) -> None:
    with_people(house, postgres_url)
    installation = house.installation(FOOTNOTE_DATABASE_URL=postgres_url)
    assert _chosen(installation) == {5: ServerSettings(per_member=3)}


def test_an_examination_looks_at_the_database_in_the_place_of_files(
    house: House, postgres_url: str
) -> None:
    for file in house.data.glob("*.db"):
        file.write_bytes(b"no database")
    found = list(
        examine(
            environment=house.environment(FOOTNOTE_DATABASE_URL=postgres_url),
            dotenv=Path(os.devnull),
        )
    )
    assert not [one for one in found if one.severity in ("warning", "error")]
    assert "PostgreSQL" in " ".join(one.message for one in found if one.name == "database")
