"""The seed article's own questions, answered and unanswerable, asked as people ask them."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.answers import Answer
from retrieval.corpus import Corpus
from retrieval.evaluation.squad import SquadQuestion, read_squad

QUESTIONS = Path(__file__).parents[1] / "data" / "seed-questions.json"


@pytest.fixture(scope="module")
def asked(corpus: Corpus) -> list[tuple[SquadQuestion, Answer]]:
    questions = read_squad(QUESTIONS)
    (article,) = corpus.articles.values()
    (own,) = questions.articles.values()
    assert own.text == article.text, "the questions' offsets are those of the seed article"
    return [(question, corpus.ask(question.text)) for question in questions.questions]


def test_there_are_enough_of_either_kind(asked: list[tuple[SquadQuestion, Answer]]) -> None:
    unanswerable = [question for question, _ in asked if not question.answers]
    assert len(asked) >= 40
    assert len(unanswerable) >= len(asked) / 3 - 1


def test_nine_in_ten_have_the_right_passage_first(
    asked: list[tuple[SquadQuestion, Answer]],
) -> None:
    there = [(question, answer) for question, answer in asked if question.answers]
    wrong = [
        question.text
        for question, answer in there
        if not any(
            (answer.quotes or answer.nearest)[0].span.overlaps(gold) for gold in question.answers
        )
    ]
    assert len(wrong) <= len(there) / 10, wrong


def test_nine_in_ten_are_judged_right(asked: list[tuple[SquadQuestion, Answer]]) -> None:
    wrong = [
        (question.text, round(answer.confidence, 2))
        for question, answer in asked
        if answer.answered != bool(question.answers)
    ]
    assert len(wrong) <= len(asked) / 10, wrong


def test_of_the_questions_without_an_answer_hardly_any_is_answered(
    asked: list[tuple[SquadQuestion, Answer]],
) -> None:
    absent = [(question, answer) for question, answer in asked if not question.answers]
    answered = [question.text for question, answer in absent if answer.answered]
    assert len(answered) <= len(absent) / 10, answered


def test_every_quote_is_the_articles_own_words(asked: list[tuple[SquadQuestion, Answer]]) -> None:
    for _, answer in asked:
        for quote in (*answer.quotes, *answer.nearest):
            assert quote.text == quote.article.text[quote.span.start : quote.span.end]
            assert quote.highlights
            for span in quote.highlights:
                assert quote.span.start <= span.start < span.end <= quote.span.end
