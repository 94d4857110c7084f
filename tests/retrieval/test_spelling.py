"""Misspelled words are read as the words of the corpus that they mean, and others left alone."""

from __future__ import annotations

import pytest

from retrieval.analysis import tokens
from retrieval.corpus import Corpus
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.languages import ENGLISH
from retrieval.spelling import corrected


@pytest.fixture(scope="module")
def vocabulary(corpus: Corpus) -> frozenset[str]:
    (article,) = corpus.articles.values()
    return frozenset(word for word, _ in tokens(article.text))


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("What did haftr do in bengazi?", "What did haftar do in benghazi?"),
        ("operation dignty", "operation dignity"),
        ("who is Hanan Sallah", "who is Hanan salah"),
    ],
)
def test_a_slip_is_mended(
    asked: str,
    meant: str,
    encoder: SentenceTransformerEncoder,
    vocabulary: frozenset[str],
) -> None:
    assert corrected(asked, ENGLISH, vocabulary, encoder.is_word) == meant


@pytest.mark.parametrize(
    "asked",
    [
        "How many tanks did Haftar's forces lose?",  # near "ranks", but a word itself
        "Who is Stevenson?",  # two slips from Stevens: another name
        "What did the jihadists say?",  # a form of a word that is there
        "Who won the 2014 World Cup?",
        "xqzt vrrbl",
        "",
    ],
)
def test_a_word_that_is_no_slip_stays(
    asked: str, encoder: SentenceTransformerEncoder, vocabulary: frozenset[str]
) -> None:
    assert corrected(asked, ENGLISH, vocabulary, encoder.is_word) == asked


def test_two_words_equally_near_leave_it_open() -> None:
    vocabulary = {"marten", "martin"}
    assert corrected("who is martan", ENGLISH, vocabulary, lambda _: False) == "who is martan"


def test_the_answer_says_how_the_question_was_read(corpus: Corpus) -> None:
    answer = corpus.ask("Who is Hanan Sallah?")
    assert answer.question == "Who is Hanan Sallah?"
    assert answer.read_as == "Who is Hanan salah?"
    assert answer.answered
    assert corpus.ask("Who is Hanan Salah?").read_as is None
