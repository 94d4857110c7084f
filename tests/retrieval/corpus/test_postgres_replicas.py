"""Questions are put to replicas, and never to one that lacks what they are about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.corpus import Corpora
from retrieval.errors import StorageError
from retrieval.limits import Limits
from tests.faults.world import ReadsHere, question_about, text_of
from tests.postgres.fixtures import Pair
from tests.retrieval.corpus.house import shown, upload
from tests.retrieval.corpus.postgres_house import PostgresHouse
from tests.table_encoder import TableEncoder


@pytest.fixture
def house(tmp_path: Path, postgres_cluster: Pair) -> Iterator[PostgresHouse]:
    """With a few articles, and a replica."""
    pair = postgres_cluster
    replicas = [pair.replica_url]
    made = PostgresHouse(tmp_path, TableEncoder(), ReadsHere(Limits()), pair.either_url, replicas)
    made.write(**{f"file-{number}": text_of(f"file-{number}", 1) for number in range(4)})
    yield made
    made.close()


def first(corpora: Corpora, name: str) -> str:
    return shown(corpora.ask(question_about(name)))[0].article.id


def test_questions_are_answered_whatever_becomes_of_the_servers(
    house: PostgresHouse, postgres_cluster: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    pair = postgres_cluster
    corpora = house.opened()
    pair.wait()

    # One that is behind is not asked for what it does not have yet.
    pair.replica.pause_replay()
    corpora.shared.add(upload("file-7.md", text_of("file-7", 1)))
    assert first(corpora, "file-7") == "file-7"
    assert "damaged" not in caplog.text
    pair.replica.resume_replay()
    pair.wait()

    # Nothing is at hand of a process that starts, and what it asks is answered by the replica.
    started = house.opened()
    pair.primary.kill()
    assert first(started, "file-7") == "file-7"
    assert first(started, "file-2") == "file-2"
    with pytest.raises(StorageError, match=r"cannot be reached|broke off"):
        started.shared.add(upload("file-8.md", text_of("file-8", 1)))

    # It takes the place of the server that was changed, with all that was kept there.
    pair.replica.promote()
    started.shared.add(upload("file-9.md", text_of("file-9", 1)))
    assert first(started, "file-9") == "file-9"
    assert "file-8" not in started.shared.articles
    corpora.refresh()
    assert first(corpora, "file-9") == "file-9"
    assert set(house.opened().shared.articles) == set(started.shared.articles)
