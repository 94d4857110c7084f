"""Questions that mean the same count as one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random

import pytest

from bot.insights import Merger
from bot.store import Asked
from retrieval.encoders import Encoding, Progress
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder

OPENING = ("When does the library open?", "What are the library's opening hours?")
PASSWORD = ("How do I reset my password?", "I forgot my password")
MAYORS = ("Who is the mayor of Oslo?", "Who was Napoleon's first wife?")


def asked(number: int, question: str | None) -> Asked:
    return Asked(
        id=number,
        server=1,
        channel=2,
        message=None,
        person=None,
        question=question,
        answered=False,
        confidence=0.0,
        articles=(),
        language=None,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        state="open",
        told=False,
    )


def texts(group: tuple[Asked, ...]) -> set[str | None]:
    return {each.question for each in group}


def test_what_means_the_same_is_one_and_what_does_not_is_not(
    encoder: SentenceTransformerEncoder,
) -> None:
    questions = [asked(i, q) for i, q in enumerate((*OPENING, *PASSWORD, *MAYORS), 1)]
    groups = [texts(group.questions) for group in Merger().merge(questions, encoder)]
    assert set(OPENING) in groups
    assert set(PASSWORD) in groups
    assert len(groups) == 4


def test_each_question_is_in_one_group_and_the_largest_comes_first(
    encoder: SentenceTransformerEncoder,
) -> None:
    questions = [asked(i, q) for i, q in enumerate((*MAYORS, *PASSWORD, *OPENING, OPENING[0]), 1)]
    groups = Merger().merge(questions, encoder)
    assert sorted(q.id for group in groups for q in group.questions) == list(range(1, 8))
    assert [group.count for group in groups] == [3, 2, 1, 1]
    assert groups[0].typical.question == OPENING[0]


def test_the_order_of_questions_makes_no_difference(encoder: SentenceTransformerEncoder) -> None:
    questions = [asked(i, q) for i, q in enumerate((*MAYORS, *PASSWORD, *OPENING) * 3, 1)]
    expected = Merger().merge(questions, encoder)
    for seed in range(5):
        Random(seed).shuffle(questions)
        assert Merger().merge(questions, encoder) == expected


def test_questions_whose_words_are_not_kept_stay_apart(
    encoder: SentenceTransformerEncoder,
) -> None:
    groups = Merger().merge([asked(1, None), asked(2, None), asked(3, "Who?")], encoder)
    assert [group.typical.id for group in groups] == [3, 2, 1]


def test_of_no_questions_there_are_no_groups(encoder: SentenceTransformerEncoder) -> None:
    assert Merger().merge([], encoder) == []


def test_a_question_is_encoded_once(
    encoder: SentenceTransformerEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    encode = encoder.encode_sentences

    def watched(texts: Sequence[str], progress: Progress | None = None) -> list[Encoding]:
        seen.extend(texts)
        return encode(texts, progress)

    monkeypatch.setattr(encoder, "encode_sentences", watched)
    merger = Merger()
    merger.merge([asked(1, "Who?"), asked(2, "When was it?")], encoder)
    merger.merge([asked(1, "Who?"), asked(2, "When was it?"), asked(3, "Where?")], encoder)
    assert sorted(seen) == ["When was it?", "Where?", "Who?"]
