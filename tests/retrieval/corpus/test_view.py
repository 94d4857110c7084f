"""A server's own articles and the shared ones are asked as one, and kept apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.analysis import tokens
from retrieval.answering import Answerer, Library
from retrieval.answers import Answer, Quote
from retrieval.articles import Article
from retrieval.corpus.view import View, view_of
from retrieval.encoders.compression import codec_for
from retrieval.encoders.kept import KeptEncoding
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.engines import Engine, IndexedPassage
from retrieval.engines.embedded import EmbeddedEngine
from retrieval.languages import ENGLISH, Language, language_of
from retrieval.preparation import prepare
from retrieval.spelling import corrected
from retrieval.summaries import summarize
from tests.conftest import SEEDS
from tests.retrieval.engines.passages import CODEC, passage

BRIDGE = """The old bridge over the Wharfe was closed on Monday after a crack was found.

Engineers said that the crack is four metres long. It reaches from the second pier to the arch.

Buses use the ring road until the repair is finished in October."""
MARKET = """The weekly market moves to the castle yard because of the building work.

Traders asked for free parking. The council will decide next week."""
GERMAN = """Die alte Brücke über den Neckar wurde am Montag gesperrt, weil ein Riss entdeckt wurde.

Die Busse fahren bis zum Ende der Arbeiten im Oktober über die Umgehungsstraße."""


@dataclass(frozen=True)
class Collected:
    """A library in memory: what a generation is to those that ask it."""

    articles: Mapping[str, Article]
    engine: Engine

    @property
    def vocabulary(self) -> frozenset[str]:
        texts = (article.text for article in self.articles.values())
        return frozenset(word for text in texts for word, _ in tokens(text))

    @property
    def language_by_article(self) -> Mapping[str, Language]:
        return {id_: language_of(article.text) for id_, article in self.articles.items()}

    @property
    def languages(self) -> frozenset[Language]:
        return frozenset(self.language_by_article.values())


def collected(encoder: SentenceTransformerEncoder, **texts: str) -> Collected:
    articles = {id_: Article(id_, id_.title(), text) for id_, text in texts.items()}
    prepared = [
        (item, article.text) for article in articles.values() for item in prepare(article).passages
    ]
    sentences = [span.of(text) for item, text in prepared for span in item.sentences]
    encodings = iter(encoder.encode_sentences(sentences))
    codec = codec_for(encoder.name, encoder.dimensions)
    indexed = [
        IndexedPassage(
            passage=item.passage,
            text_hash=item.text_hash,
            words=item.words,
            sentences=item.sentences,
            encoding=KeptEncoding.of(list(islice(encodings, len(item.sentences))), codec),
        )
        for item, _ in prepared
    ]
    return Collected(articles, EmbeddedEngine.build(indexed, codec))


@pytest.fixture(scope="module")
def battle() -> str:
    (file,) = SEEDS.glob("*.md")
    return file.read_text("utf-8").split("---\n", 2)[2].strip()


@pytest.fixture(scope="module")
def shared(encoder: SentenceTransformerEncoder, battle: str) -> Collected:
    return collected(encoder, news=battle)


@pytest.fixture(scope="module")
def own(encoder: SentenceTransformerEncoder) -> Collected:
    return collected(encoder, news=BRIDGE, market=MARKET)


@pytest.fixture(scope="module")
def together(encoder: SentenceTransformerEncoder, battle: str) -> Collected:
    return collected(encoder, bridge=BRIDGE, market=MARKET, battle=battle)


@pytest.fixture(scope="module")
def view(own: Collected, shared: Collected) -> View:
    return View({"own": own, "shared": shared})


@pytest.fixture(scope="module")
def answerer(encoder: SentenceTransformerEncoder) -> Answerer:
    return Answerer(encoder)


def shown(answer: Answer) -> Sequence[Quote]:
    return answer.quotes or answer.nearest


def words_of(engine: Engine, library: Library, row: int) -> str:
    found = engine.passage(row)
    return found.span.of(library.articles[found.article].text)


class TestAnswers:
    @pytest.mark.parametrize(
        ("question", "article", "words"),
        [
            ("How long is the crack in the bridge?", "news", "four metres"),
            ("Where does the weekly market move to?", "market", "castle yard"),
            ("Who killed Ambassador Christopher Stevens?", "shared/news", "Ambassador"),
            ("What did the hospitals call for?", "shared/news", "blood donations"),
        ],
    )
    def test_both_collections_answer_in_their_own_words(
        self, answerer: Answerer, view: View, question: str, article: str, words: str
    ) -> None:
        answer = answerer.answer(view, question)
        assert answer.answered
        first = answer.quotes[0]
        assert first.article.id == article
        assert words in first.text
        for quote in answer.quotes:
            text = view.articles[quote.article.id].text
            assert quote.text == text[quote.span.start : quote.span.end] != ""
        for ranked in answer.passages:
            assert ranked.passage.article in view.articles

    @pytest.mark.parametrize(
        "question",
        [
            "How long is the crack in the bridge?",
            "Where are the demonstrators?",
            "What did the hospitals call for?",
            "When will the council decide?",
            "Who won the world cup?",
        ],
    )
    def test_they_are_as_sure_as_from_one_collection(
        self,
        answerer: Answerer,
        view: View,
        together: Collected,
        question: str,
    ) -> None:
        expected = answerer.answer(together, question)
        answer = answerer.answer(view, question)
        assert answer.answered == expected.answered
        # BM25's average passage length is each collection's own, and so differs a little.
        assert answer.confidence == pytest.approx(expected.confidence, abs=0.05)
        assert [quote.text for quote in shown(answer)] == [quote.text for quote in shown(expected)]

    def test_the_same_story_in_both_is_quoted_once_with_both_sources(
        self, encoder: SentenceTransformerEncoder, answerer: Answerer, own: Collected
    ) -> None:
        view = View({"own": own, "shared": collected(encoder, news=BRIDGE)})
        answer = answerer.answer(view, "How long is the crack in the bridge?")
        assert answer.answered
        first = answer.quotes[0]
        places = {first.article.id, *(source.article.id for source in first.also_in)}
        assert places == {"news", "shared/news"}

    def test_a_quote_never_runs_from_one_collection_into_the_next(
        self, encoder: SentenceTransformerEncoder, answerer: Answerer
    ) -> None:
        leaning = "It reaches from the second pier to the arch of the bridge."
        view = View(
            {"own": collected(encoder, news=BRIDGE), "shared": collected(encoder, news=leaning)}
        )
        answer = answerer.answer(view, "How far does it reach from the second pier?")
        for quote in shown(answer):
            assert quote.text == quote.span.of(view.articles[quote.article.id].text) != ""

    def test_a_misspelled_word_of_either_is_mended(self, view: View, answerer: Answerer) -> None:
        assert answerer.answer(view, "What about the markett?").read_as is not None
        assert answerer.answer(view, "Who is Hanan Sallah?").read_as == "Who is Hanan salah?"

    def test_a_summary_is_of_all_of_them(self, view: View) -> None:
        summary = summarize(view.engine, view.articles, count=5)
        assert {article.id for article in summary.articles} <= set(view.articles)
        assert len(summary.articles) > 1
        for quote in summary.quotes:
            assert quote.text == quote.span.of(view.articles[quote.article.id].text)


class TestStrangers:
    def test_what_one_server_has_is_in_no_other_servers_view(
        self, encoder: SentenceTransformerEncoder, own: Collected, shared: Collected
    ) -> None:
        secret = "The vault of the second server opens with the number 4711."
        other = View({"own": collected(encoder, news=secret), "shared": shared})
        view = View({"own": own, "shared": shared})
        question = encoder.encode_question(secret)
        for one, told in ((view, False), (other, True)):
            found = one.engine.candidates(question.vector, ["vault", "4711"], 10_000)
            assert len(found.rows) == len(one.engine)
            assert any(words_of(one.engine, one, int(row)) == secret for row in found.rows) == told
            assert ("vault" in one.vocabulary) == told
            assert (secret in [article.text for article in one.articles.values()]) == told
        assert view.engine.word_frequency(["4711"]) == [0]


class TestIds:
    def test_the_first_to_have_an_id_keeps_it(
        self, view: View, own: Collected, shared: Collected
    ) -> None:
        assert list(view.articles) == ["news", "market", "shared/news"]
        assert view.articles["news"] == own.articles["news"]
        moved = view.articles["shared/news"]
        assert moved.id == "shared/news"
        assert moved.text == shared.articles["news"].text
        assert shared.articles["news"].id == "news"

    def test_passages_have_the_ids_of_their_articles(self, view: View, own: Collected) -> None:
        engine = view.engine
        owners = [engine.passage(row).article for row in range(len(engine))]
        assert set(owners[: len(own.engine)]) == {"news", "market"}
        assert set(owners[len(own.engine) :]) == {"shared/news"}
        for row in range(len(engine)):
            assert words_of(engine, view, row).strip()

    def test_languages_are_known_by_the_same_ids(
        self, encoder: SentenceTransformerEncoder, own: Collected
    ) -> None:
        view = View({"own": own, "shared": collected(encoder, news=GERMAN)})
        assert view.language_by_article.keys() == view.articles.keys()
        assert view.language_by_article["news"] == ENGLISH
        assert view.language_by_article["shared/news"] == language_of(GERMAN) != ENGLISH
        assert view.languages == {ENGLISH, language_of(GERMAN)}

    @settings(max_examples=50)
    @given(
        shelves=st.dictionaries(
            st.sampled_from(["own", "shared", "a", ""]),
            st.sets(
                st.sampled_from(["a", "b", "shared/a", "shared/shared/a", "a/a", "/a", "own/b"]),
                min_size=1,
            ),
            min_size=1,
        )
    )
    def test_every_article_is_there_under_an_id_of_its_own(
        self, shelves: dict[str, set[str]]
    ) -> None:
        libraries = {name: shelf(name, sorted(ids)) for name, ids in shelves.items()}
        view = View(libraries)
        whole = [(name, id_) for name, ids in shelves.items() for id_ in sorted(ids)]
        assert [article.text for article in view.articles.values()] == [
            f"{id_} of {name}" for name, id_ in whole
        ]
        assert all(article.id == id_ for id_, article in view.articles.items())
        passages = [view.engine.passage(row).article for row in range(len(view.engine))]
        assert passages == list(view.articles)
        assert view.language_by_article.keys() == view.articles.keys()


class TestVocabulary:
    @given(parts=st.lists(st.frozensets(st.sampled_from("abcdef")), min_size=1, max_size=3))
    def test_it_has_each_word_once(self, parts: list[frozenset[str]]) -> None:
        vocabulary = vocabulary_of(parts)
        everything = frozenset().union(*parts)
        assert sorted(vocabulary) == sorted(everything)
        assert len(vocabulary) == len(everything)
        assert [word in vocabulary for word in "abcdefg"] == [
            word in everything for word in "abcdefg"
        ]

    def test_words_are_corrected_by_all_of_it(self) -> None:
        def mended(*parts: frozenset[str]) -> str:
            return corrected("who is martan", ENGLISH, vocabulary_of(parts), lambda _: False)

        assert mended(frozenset(), frozenset({"martin"})) == "who is martin"
        assert mended(frozenset({"martin"}), frozenset({"martin", "other"})) == "who is martin"
        assert mended(frozenset({"martin"}), frozenset({"marten"})) == "who is martan"


class TestOneCollection:
    def test_it_is_seen_as_it_is(self, shared: Collected) -> None:
        assert view_of({"shared": shared}) is shared

    def test_several_are_seen_together(self, own: Collected, shared: Collected) -> None:
        seen = view_of({"own": own, "shared": shared})
        assert len(seen.engine) == len(own.engine) + len(shared.engine)

    def test_none_cannot_be_seen(self) -> None:
        with pytest.raises(ValueError, match="nothing"):
            view_of({})


def shelf(name: str, ids: Sequence[str]) -> Collected:
    """A library of one passage an article."""
    rng = np.random.default_rng(1)
    return Collected(
        {id_: Article(id_, id_, f"{id_} of {name}") for id_ in ids},
        EmbeddedEngine.build([passage(rng, ["a"], article=id_) for id_ in ids], CODEC),
    )


@dataclass(frozen=True)
class Worded(Collected):
    """A library whose words are given."""

    said: frozenset[str]

    @property
    def vocabulary(self) -> frozenset[str]:
        return self.said


def vocabulary_of(parts: Sequence[frozenset[str]]) -> Collection[str]:
    one = shelf("one", ["article"])
    return View(
        {str(number): Worded(one.articles, one.engine, part) for number, part in enumerate(parts)}
    ).vocabulary
