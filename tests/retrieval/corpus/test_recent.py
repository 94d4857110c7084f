"""Who asks the same again of the same articles gets the same answer, at once."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from retrieval.answering import Answerer
from retrieval.corpus import Corpora, Upload
from retrieval.corpus.corpora import RELEASED_AFTER
from retrieval.encoders import Encoding
from retrieval.sandbox import Sandbox
from tests.table_encoder import TableEncoder

QUESTION = "Where do the herons nest?"


class CountingEncoder(TableEncoder):
    """Counts the questions that it encodes."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def encode_question(self, text: str, context: str = "") -> Encoding:
        self.asked += text == QUESTION
        return super().encode_question(text, context)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2031, 5, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def encoder() -> CountingEncoder:
    return CountingEncoder()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def corpora(
    tmp_path: Path, encoder: CountingEncoder, sandbox: Sandbox, clock: Clock
) -> Iterator[Corpora]:
    article = tmp_path / "herons.md"
    article.write_text("The herons nest in the old willows by the canal.\n", "utf-8")
    made = Corpora(tmp_path / "data", Answerer(encoder), [article], sandbox=sandbox, clock=clock)
    with made as opened:
        opened.open()
        yield opened


def add(corpora: Corpora, server: int, text: str) -> None:
    corpora.server(server).add(Upload("swans.md", text.encode()))


def test_the_same_question_is_worked_out_once(corpora: Corpora, encoder: CountingEncoder) -> None:
    first, again = corpora.ask(QUESTION), corpora.ask(QUESTION)
    assert encoder.asked == 1
    assert replace(again, took_ms=first.took_ms) == first
    assert again.took_ms.total == 0


def test_another_length_of_the_list_is_another_question(
    corpora: Corpora, encoder: CountingEncoder
) -> None:
    corpora.ask(QUESTION)
    assert len(corpora.ask(QUESTION, top=1).passages) == 1
    assert encoder.asked == 2


def test_a_change_of_the_articles_is_seen_at_once(
    corpora: Corpora, encoder: CountingEncoder
) -> None:
    before = corpora.ask(QUESTION, server=1)
    add(corpora, 1, "The herons nest in the reeds of the northern pond since the spring.")
    after = corpora.ask(QUESTION, server=1)
    assert encoder.asked == 2
    assert len(after.passages) == len(before.passages) + 1


def test_no_server_is_answered_from_what_another_was(corpora: Corpora) -> None:
    add(corpora, 1, "The herons nest in a secret place.")
    own, strangers = corpora.ask(QUESTION, server=1), corpora.ask(QUESTION, server=2)
    assert "swans" in {ranked.passage.article for ranked in own.passages}
    assert {ranked.passage.article for ranked in strangers.passages} == {"herons"}


class TestIdleCollections:
    def test_what_nobody_asks_leaves_memory_and_comes_back(
        self, corpora: Corpora, clock: Clock
    ) -> None:
        add(corpora, 1, "The swans winter on the lake.")
        expected = corpora.ask(QUESTION, server=1)
        clock.now += RELEASED_AFTER
        assert corpora.release_idle() == [1]
        assert corpora.opened() == {}
        again = corpora.ask(QUESTION, server=1)
        assert again.passages == expected.passages

    def test_what_is_asked_stays(self, corpora: Corpora, clock: Clock) -> None:
        add(corpora, 1, "The swans winter on the lake.")
        clock.now += RELEASED_AFTER - timedelta(seconds=1)
        corpora.ask(QUESTION, server=1)
        clock.now += timedelta(seconds=2)
        assert corpora.release_idle() == []
        assert list(corpora.opened()) == [1]

    def test_to_list_what_is_in_memory_is_not_to_ask(self, corpora: Corpora, clock: Clock) -> None:
        add(corpora, 1, "The swans winter on the lake.")
        clock.now += RELEASED_AFTER
        assert "swans" in corpora.articles_at_hand(1)
        assert corpora.uses_shared(1)
        assert corpora.release_idle() == [1]

    def test_it_is_freed_at_once(self, corpora: Corpora, clock: Clock) -> None:
        add(corpora, 1, "The swans winter on the lake.")
        corpora.ask(QUESTION, server=1)
        generation = corpora.server(1).generation
        assert generation is not None
        articles = weakref.ref(generation.parts[0].segment.articles)
        del generation
        gc.collect()
        gc.disable()
        try:
            clock.now += RELEASED_AFTER
            corpora.release_idle()
            assert articles() is None
        finally:
            gc.enable()

    def test_the_choice_to_leave_the_shared_articles_out_comes_back_too(
        self, corpora: Corpora, clock: Clock
    ) -> None:
        add(corpora, 1, "The swans winter on the lake.")
        corpora.set_uses_shared(1, False)
        clock.now += RELEASED_AFTER
        corpora.release_idle()
        assert not corpora.uses_shared(1)
        assert list(corpora.articles(1)) == ["swans"]
