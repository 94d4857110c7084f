"""A follow-up is read in the light of what was asked before; a new topic starts afresh."""

from __future__ import annotations

import pytest

from retrieval.conversation import CHAIN, Turn, context_of, leans
from retrieval.corpus import Corpus
from retrieval.languages import ENGLISH, Language


@pytest.mark.parametrize(
    "question",
    [
        "And who financed it?",
        "What about Tripoli?",
        "why?",
        "When?",
        "How many?",
        "What did she say?",
        "What does that mean?",
        "Who else?",
    ],
)
def test_a_follow_up_leans(question: str) -> None:
    assert leans(question, ENGLISH)


@pytest.mark.parametrize(
    "question",
    [
        "Who was killed?",
        "What is the name of Haftar's offensive?",
        "Why did Haftar say he would fight?",  # the name explains the pronoun
        "Who is the group that attacked the base?",  # "that" joins a clause
        "Has any group claimed responsibility?",
        "Andorra has how many people?",
        "",
    ],
)
def test_a_whole_question_stands_alone(question: str) -> None:
    assert not leans(question, ENGLISH)


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("¿Y quién lo pagó?", "es"),
        ("Et pourquoi ?", "fr"),
        ("Und wann?", "de"),
        ("E por quê?", "pt"),
        ("وماذا عن طرابلس؟", "ar"),
        ("なぜですか？", "ja"),
        ("那的黎波里呢？", "zh"),
    ],
)
def test_other_languages_lean_too(question: str, code: str) -> None:
    assert leans(question, Language(code))


def test_without_history_nothing_is_leaned_on() -> None:
    assert context_of("And who financed it?", [], ENGLISH) is None


def test_a_chain_goes_back_to_the_question_that_stood_alone() -> None:
    history = [
        Turn("Who won the cup?"),
        Turn("What did al Qaeda say?"),
        Turn("And who financed it?", follows="What did al Qaeda say?"),
    ]
    assert context_of("why?", history, ENGLISH) == "What did al Qaeda say? And who financed it?"


def test_a_chain_has_an_end() -> None:
    history = [Turn(f"And {number}?", follows="x") for number in range(10)]
    context = context_of("why?", history, ENGLISH)
    assert context is not None
    assert context.count("And") == CHAIN


def test_a_follow_up_finds_what_it_alone_would_not(corpus: Corpus) -> None:
    first = corpus.ask("What did al Qaeda say about the war?")
    second = corpus.ask("And who financed it?", history=[Turn.of(first)])
    assert second.follows == "What did al Qaeda say about the war?"
    best = (second.quotes or second.nearest)[0]
    assert "financed by Arab Gulf countries" in best.text


def test_a_new_topic_is_not_answered_with_the_old_one_in_mind(corpus: Corpus) -> None:
    first = corpus.ask("What did al Qaeda say about the war?")
    second = corpus.ask("Who is Hanan Salah?", history=[Turn.of(first)])
    assert second.follows is None
    assert "Hanan Salah" in second.quotes[0].text


def test_a_new_topic_that_sounds_like_a_follow_up_is_still_found(corpus: Corpus) -> None:
    unrelated = Turn("Who painted the Mona Lisa?")
    answer = corpus.ask("So what did protesters carry in Tripoli?", history=[unrelated])
    assert answer.answered
    assert "symbolic coffin" in answer.quotes[0].text


def test_a_turn_remembers_what_was_highlighted(corpus: Corpus) -> None:
    turn = Turn.of(corpus.ask("What did protesters carry in Tripoli?"))
    assert "coffin" in turn.quoted
    assert Turn.of(corpus.ask("Who won the 2014 World Cup?")).quoted == ""
