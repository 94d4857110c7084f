"""What an earlier version of Footnote has kept is opened by this one, with all that is in it.

``schemas`` holds a database of each revision of each schema, as the version that made it wrote it,
dumped as SQL: of the articles, of the encodings (by ``PRAGMA user_version``; their vectors are
cut, as nothing reads them any more) and of what people did. Whoever adds a migration adds one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import bot.store
import retrieval.database
from bot.store import Asked, ServerSettings, Store
from bot.store import connection as people
from bot.store import schema as people_schema
from retrieval.answering import Answerer
from retrieval.corpus import Corpora
from retrieval.database import SQLiteDatabase
from retrieval.database import connection as articles
from retrieval.database import migration as article_migration
from retrieval.database import schema as article_schema
from retrieval.database.migration import version_of
from retrieval.database.sqlite import connect
from retrieval.encoders import Encoder
from retrieval.sandbox import Sandbox

SCHEMAS = Path(__file__).parent / "schemas"
SERVED = "/srv/articles"
"""Where the articles were when the databases were written."""

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def revisions(package: Path) -> list[str]:
    """Of a schema, the oldest first."""
    config = Config()
    config.set_main_option("script_location", str(package / "migrations"))
    scripts = ScriptDirectory.from_config(config).walk_revisions()
    return sorted(script.revision for script in scripts)


def revisions_of_articles() -> list[str]:
    return revisions(Path(retrieval.database.__file__).parent)


def revisions_of_people() -> list[str]:
    return revisions(Path(bot.store.__file__).parent)


def write(file: Path, kept: str, served: Path | None = None) -> None:
    """The database of an earlier version, with its articles in a folder of this machine."""
    script = (SCHEMAS / f"{kept}.sql").read_text("utf-8")
    file.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(file)) as database:
        database.executescript(script.replace(SERVED, str(served or SERVED)))


@pytest.fixture(params=revisions_of_articles())
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SQLiteDatabase]:
    write(tmp_path / articles.NAME, f"articles-{request.param}")
    opened = SQLiteDatabase(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(params=revisions_of_people())
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    write(tmp_path / people.NAME, f"people-{request.param}")
    opened = Store(tmp_path, keep_text=True, retention=timedelta(30), clock=lambda: NOW)
    yield opened
    opened.close()


def test_every_form_of_the_encodings_but_todays_is_kept_here() -> None:
    kept = sorted(path.stem for path in SCHEMAS.glob("vectors-*.sql"))
    earlier = range(1, articles._VECTORS_VERSION)
    assert kept == [f"vectors-{version}" for version in earlier]


def test_articles_of_every_revision_have_todays_schema_and_all_their_rows(
    database: SQLiteDatabase,
) -> None:
    with database.read() as connection:
        assert version_of(connection) == article_migration.HEAD
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, article_schema.METADATA) == []
        found = {
            name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar()  # noqa: S608
            for name in ("collections", "sources", "articles", "passages", "revision")
        }
        removed = connection.exec_driver_sql(
            "SELECT article FROM articles WHERE removed IS NOT NULL"
        ).scalars()
        assert found == {
            "collections": 2,
            "sources": 4,
            "articles": 4,
            "passages": 5,
            "revision": 1,
        }
        assert list(removed) == ["owl"]
    assert database.take_notices() == (), "nothing had to be mended"


@pytest.mark.parametrize("revision", revisions_of_articles())
def test_questions_are_answered_from_the_articles_of_every_revision(
    revision: str, encoder: Encoder, sandbox: Sandbox, tmp_path: Path
) -> None:
    served = tmp_path / "articles"
    write(tmp_path / "data" / articles.NAME, f"articles-{revision}", served)
    write(tmp_path / "data" / articles.VECTORS_NAME, "vectors-1")
    # Gone from the disk: what is quoted comes from the database.
    with Corpora(tmp_path / "data", Answerer(encoder), [served], sandbox=sandbox) as corpora:
        corpora.open()
        answer = corpora.ask("When was the lighthouse of Norwick built?")
        assert answer.answered
        (quote, *_) = answer.quotes
        assert "built in 1831 by the engineer Ada Holm" in quote.text
        assert quote.article.published == "2015-06-01"


@pytest.mark.parametrize("version", range(1, articles._VECTORS_VERSION))
def test_encodings_in_an_earlier_form_are_begun_anew(version: int, tmp_path: Path) -> None:
    write(tmp_path / articles.NAME, f"articles-{revisions_of_articles()[0]}")
    write(tmp_path / articles.VECTORS_NAME, f"vectors-{version}")
    database = SQLiteDatabase(tmp_path)
    with closing(database), database.read_vectors() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, article_schema.VECTORS) == []
        assert connection.exec_driver_sql("SELECT count(*) FROM encodings").scalar() == 0


def test_what_people_did_at_every_revision_is_all_there(store: Store, tmp_path: Path) -> None:
    first = 1795348800001
    assert store.asked(4242, first) == Asked(
        id=first,
        server=4242,
        channel=10,
        message=20,
        person=100,
        question="Wer überquerte den Fluß? 🐫",
        answered=True,
        confidence=0.75,
        articles=("crow", "lighthouse"),
        language="de",
        at=datetime(2026, 11, 22, 12, tzinfo=UTC),
        state="none",
        told=False,
    )
    (open_question,) = store.open_questions(4242)
    assert open_question.question == "Where did the zeppelin land?"
    assert open_question.told
    assert store.settings(4242) == ServerSettings(
        language="de", style="thread", per_member=7, manager_roles=frozenset({99})
    )
    assert store.servers() == [777, 4242]
    assert store.what_is_kept(102).votes == 1
    assert store.record(
        server=1, channel=1, person=1, question="?", answered=False, confidence=0.0
    ) > (first + 2), "buttons of old messages bear the numbers that were given before"
    store.close()
    engine = connect(tmp_path / people.NAME, synchronous="NORMAL")
    with engine.connect() as connection:
        assert version_of(connection) == people.HEAD
        assert (
            compare_metadata(MigrationContext.configure(connection), people_schema.METADATA) == []
        )
    engine.dispose()
