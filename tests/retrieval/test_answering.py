"""From a question to quotes: ranked, merged where the same story is told twice, and verbatim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from retrieval.answering import Answerer, weigh
from retrieval.answers import Answer
from retrieval.confidence import Evidence
from retrieval.corpus import Corpora
from retrieval.encoders import Encoder
from retrieval.engines import Candidates
from retrieval.errors import QuestionError
from retrieval.languages import ENGLISH
from retrieval.sandbox import Sandbox
from retrieval.search import (
    LEAST_RERANKED,
    RERANKED,
    Hit,
    Query,
    find,
    rerank,
    token_weights,
)

BRIDGE = """The old bridge over the Wharfe was closed on Monday after a crack was found.

Engineers said that the crack is four metres long. It reaches from the second pier to the arch.

Buses use the ring road until the repair is finished in October."""
MARKET = """The weekly market moves to the castle yard because of the building work.

Traders asked for free parking. The council will decide next week."""


@contextmanager
def collection(
    texts: Mapping[str, str], within: Path, encoder: Encoder, sandbox: Sandbox
) -> Iterator[Corpora]:
    """These articles by their names, open; ``within`` is an empty folder."""
    folder = within / "articles"
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)
    with Corpora(within / "data", Answerer(encoder), [folder], sandbox=sandbox) as opened:
        opened.open()
        yield opened


@pytest.fixture(scope="module")
def town(
    encoder: Encoder, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Corpora]:
    again = BRIDGE.replace("on Monday", "on Monday evening")
    texts = {"bridge": BRIDGE, "bridge-again": again, "market": MARKET}
    with collection(texts, tmp_path_factory.mktemp("town"), encoder, sandbox) as opened:
        yield opened


def highlighted(answer: Answer) -> str:
    quote = (answer.quotes or answer.nearest)[0]
    return " ".join(span.of(quote.article.text) for span in quote.highlights)


def test_the_sentence_that_answers_is_highlighted(town: Corpora) -> None:
    assert "four metres" in highlighted(town.ask("How long is the crack in the bridge?"))


def test_the_same_story_is_quoted_once_with_both_sources(town: Corpora) -> None:
    answer = town.ask("How long is the crack in the bridge?")
    quotes = answer.quotes or answer.nearest
    assert len({quote.text for quote in quotes}) == len(quotes)
    first = quotes[0]
    places = {first.article.id, *(source.article.id for source in first.also_in)}
    assert places == {"bridge", "bridge-again"}
    assert "also_in" in answer.as_json()["quotes" if answer.answered else "nearest"][0]


def test_a_second_copy_does_not_make_the_answer_doubtful(town: Corpora) -> None:
    assert town.ask("How long is the crack in the bridge?").answered


def test_passages_are_ranked_and_limited(town: Corpora) -> None:
    answer = town.ask("Where is the market?", top=3)
    scores = [ranked.score for ranked in answer.passages]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    assert answer.passages[0].passage.article == "market"


@pytest.fixture(scope="module")
def villages(
    encoder: Encoder, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Corpora]:
    texts = {
        f"village-{village}": "\n\n".join(
            f"In village {village} street {street} has {street} houses." for street in range(10)
        )
        for village in range(1, 7)
    }
    with collection(texts, tmp_path_factory.mktemp("villages"), encoder, sandbox) as opened:
        yield opened


@pytest.mark.parametrize("question", ["How many houses has street 7?", "Which bishop was there?"])
def test_more_passages_begin_with_those_of_fewer(villages: Corpora, question: str) -> None:
    # Of forty only the first are compared closely, and the others are ranked behind.
    ranked = villages.ask(question, top=40).passages
    assert len(ranked) == len({one.passage for one in ranked}) == 40
    scores = [one.score for one in ranked]
    assert scores == sorted(scores, reverse=True)
    assert scores.count(scores[-1]) <= 40 - LEAST_RERANKED, "strictly behind"
    for fewer in (1, 10, 20):
        assert villages.ask(question, top=fewer).passages == ranked[:fewer]


class Searched(NamedTuple):
    """What came of a question, step by step."""

    query: Query
    candidates: Candidates
    hits: list[Hit]
    evidence: Evidence


def search(corpora: Corpora, encoder: Encoder, question: str) -> Searched:
    library = corpora.library()
    query = Answerer(encoder).understand(question, ENGLISH)
    found = find(library.engine, query)
    weights = token_weights(library.engine, query)
    hits = rerank(library.engine, query, weights, found, lambda id_: library.articles[id_].text)
    return Searched(query, found, hits, weigh(library, query, hits, found))


def test_all_are_compared_that_ever_are_where_words_are_quoted(
    villages: Corpora, encoder: Encoder
) -> None:
    # They may stand in any of them, and lift it to the first place.
    assert len(search(villages, encoder, "What has 7 houses in village 3?").hits) < RERANKED
    assert len(search(villages, encoder, 'What "has 7 houses" in village 3?').hits) == RERANKED


def test_articles_behind_those_that_were_compared_are_rivals_too(
    encoder: Encoder, sandbox: Sandbox, tmp_path: Path
) -> None:
    piers = (f"The harbour has {pier} cranes on pier {pier} of the harbour." for pier in range(40))
    others = {name: f"The {name} opens at nine." for name in ("bakery", "choir", "museum")}
    texts = {"harbour": "\n\n".join(piers), **others}
    with collection(texts, tmp_path, encoder, sandbox) as harbour:
        found = search(harbour, encoder, "How many cranes are on pier 7 of the harbour?")
    assert {hit.passage.article for hit in found.hits} == {"harbour"}
    assert found.evidence.crowded == 0


def test_the_nearest_sentence_counts_wherever_it_was_found(
    villages: Corpora, encoder: Encoder
) -> None:
    found = search(villages, encoder, "How many houses has street 7 in village 3?")
    assert found.evidence.cosine == pytest.approx(float(found.candidates.dense.max()))


def test_where_no_word_is_found_the_words_do_not_disagree(
    villages: Corpora, encoder: Encoder
) -> None:
    found = search(villages, encoder, "Dwellings?")
    assert found.candidates.lexical.max() == 0
    assert found.evidence.lexical_agrees == 1
    assert found.evidence.words == 0


def test_a_quoted_phrase_is_looked_for_as_it_stands(town: Corpora) -> None:
    answer = town.ask('What did they say about "free parking"?')
    assert "free parking" in (answer.quotes or answer.nearest)[0].text
    plain = town.ask("What did they say about free parking?")
    assert answer.passages[0].score > plain.passages[0].score


def test_the_same_question_has_the_same_answer(town: Corpora) -> None:
    first, second = (town.ask("Where is the market?").as_json() for _ in range(2))
    first.pop("took_ms")
    second.pop("took_ms")
    assert first == second


@pytest.mark.parametrize("question", ["", "   ", "?!", "\u200b", "x" * 100_000, "\0\1\2"])
def test_what_is_no_question_is_refused_in_words(town: Corpora, question: str) -> None:
    with pytest.raises(QuestionError) as caught:
        town.ask(question)
    assert caught.value.remedy


def test_a_corpus_of_one_sentence_can_be_asked(
    encoder: Encoder, sandbox: Sandbox, tmp_path: Path
) -> None:
    texts = {"one": "The moon is made of rock."}
    with collection(texts, tmp_path, encoder, sandbox) as corpora:
        answer = corpora.ask("What is the moon made of?")
    assert (answer.quotes or answer.nearest)[0].text == "The moon is made of rock."


def test_an_answer_that_leans_on_the_sentence_before_brings_it_along(
    encoder: Encoder, sandbox: Sandbox, tmp_path: Path
) -> None:
    before = "The mayor of Otley is Ann Reed."
    leaning = "She opened the new swimming pool on Friday."
    text = f"Snow fell on the moors.\n\nA fair took place. {before}\n\n{leaning}\n\nRain followed."
    with collection({"town": text}, tmp_path, encoder, sandbox) as corpora:
        answer = corpora.ask("When was the new swimming pool opened?")
    quote = (answer.quotes or answer.nearest)[0]
    assert quote.text == f"{before}\n\n{leaning}"
    assert [span.of(text) for span in quote.highlights] == [leaning]
    assert quote.paragraph == 2, "it begins there"
