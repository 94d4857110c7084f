from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings

from retrieval.articles import Article, Span
from retrieval.corpus import Corpora
from retrieval.corpus.generation import Generation, build
from retrieval.encoders import Encoder
from retrieval.errors import CorpusError, QuestionError
from retrieval.languages import Language
from retrieval.segmentation import sentences
from retrieval.summaries import Summary, summarize
from retrieval.summaries.prose import standing, stands_alone
from tests.strategies import texts

VOLCANO = (
    "Mount Etna erupted early on Tuesday and covered the town of Catania in ash. "
    "The airport of Catania closed for six hours while crews swept the runways. "
    "Scientists had measured small earthquakes below the volcano since the weekend."
)
BREAD = (
    "Sourdough bread rises because wild yeast and bacteria live in the flour. "
    "Bakers feed their starter every day with equal parts of flour and water. "
    "A loaf bakes for forty minutes in a very hot oven."
)
CHESS = (
    "The world chess championship was decided in the fourteenth game. "
    "The champion gave up a rook and forced mate eleven moves later. "
    "Both players prepared their openings with computers for half a year."
)


def generation(encoder: Encoder, *texts: str) -> Generation:
    articles = {
        f"article-{number}": Article(f"article-{number}", f"Article {number}", text)
        for number, text in enumerate(texts)
    }
    return build(articles, encoder)


def summary_of(
    encoder: Encoder, built: Generation, count: int = 5, topic: str | None = None
) -> Summary:
    return summarize(
        built.engine,
        built.articles,
        count=count,
        topic=encoder.encode_question(topic) if topic else None,
        topic_text=topic,
    )


def quoted(summary: Summary) -> list[str]:
    return [quote.text for quote in summary.quotes]


def assert_verbatim_and_in_order(summary: Summary, order: Iterable[str]) -> None:
    for quote in summary.quotes:
        assert quote.text == quote.article.text[quote.span.start : quote.span.end]
        assert quote.text.strip()
    number = {id_: place for place, id_ in enumerate(order)}
    places = [(number[quote.article.id], quote.span.start) for quote in summary.quotes]
    assert places == sorted(set(places))


# One article


@pytest.mark.parametrize("count", [1, 3, 5, 8])
def test_as_many_sentences_as_asked_verbatim_in_their_order(corpora: Corpora, count: int) -> None:
    summary = corpora.summarize(count=count)
    assert len(summary.quotes) == count
    assert len(set(quoted(summary))) == count
    assert_verbatim_and_in_order(summary, corpora.articles())


def test_the_seed_article_is_summarized_without_its_heading_and_credit(corpora: Corpora) -> None:
    everything = quoted(corpora.summarize(count=100))
    assert 10 < len(everything) < 40
    assert not any("contributed to this report" in sentence for sentence in everything)
    assert "Country divided over Haftar's campaign" not in everything
    for sentence in everything:
        assert stands_alone(sentence, Language("en"))
        assert sentence.count('"') % 2 == 0


def test_the_same_summary_every_time(corpora: Corpora) -> None:
    assert corpora.summarize(count=4) == corpora.summarize(count=4)


def test_an_article_with_fewer_sentences_than_asked_gives_those(encoder: Encoder) -> None:
    assert len(quoted(summary_of(encoder, generation(encoder, VOLCANO), 10))) == 3


def test_an_article_of_one_sentence_is_its_own_summary(encoder: Encoder) -> None:
    one = "The harbour of Piraeus is the largest in Greece."
    assert quoted(summary_of(encoder, generation(encoder, one))) == [one]


def test_an_article_of_headings_and_lists_has_no_summary(encoder: Encoder) -> None:
    text = "# Shopping\n\n- six eggs\n- flour and milk\n\n## Tools\n\n1. Whisk\n2. Bowl\n\nBy Ann"
    summary = summary_of(encoder, generation(encoder, text))
    assert summary.quotes == ()
    assert summary.articles == ()


def test_an_unknown_article_is_named_with_the_nearest(corpora: Corpora) -> None:
    with pytest.raises(CorpusError, match="no article “nowhere”"):
        corpora.summarize("nowhere")


# Several articles


def test_every_article_has_its_turn(encoder: Encoder) -> None:
    built = generation(encoder, VOLCANO, BREAD, CHESS)
    summary = summary_of(encoder, built, 3)
    assert [article.id for article in summary.articles] == list(built.articles)
    assert_verbatim_and_in_order(summary, built.articles)


def test_the_same_story_in_two_articles_is_told_once(encoder: Encoder) -> None:
    summary = summary_of(encoder, generation(encoder, VOLCANO, VOLCANO + "\n\n" + BREAD), 10)
    assert sorted(quoted(summary)) == sorted(
        sentence.span.of(text)
        for text in (VOLCANO, BREAD)
        for sentence in sentences(text, Span(0, len(text)))
    )


def test_a_large_collection_is_read_in_part(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.summaries._PASSAGES", 4)
    built = generation(encoder, VOLCANO, BREAD + "\n\n" + CHESS, CHESS + "\n\n" + VOLCANO)
    summary = summary_of(encoder, built, 3)
    assert len(summary.articles) == 3
    assert_verbatim_and_in_order(summary, built.articles)


# Topics


@pytest.mark.parametrize(
    ("topic", "word"),
    [
        ("Operation Dignity", "Operation Dignity"),
        ("blood donations", "blood donations"),
        ("attacks on diplomats", "Ambassador"),
        ("al Qaeda", "al Qaeda"),
    ],
)
def test_a_topic_brings_sentences_about_it(corpora: Corpora, topic: str, word: str) -> None:
    summary = corpora.summarize(topic=topic, count=3)
    assert summary.topic == topic
    assert any(word in sentence for sentence in quoted(summary))
    assert_verbatim_and_in_order(summary, corpora.articles())


@pytest.mark.parametrize(
    "topic", ["quantum computing", "football world cup", "pancake recipes", "Taylor Swift", "Syria"]
)
def test_a_topic_that_no_article_holds_brings_nothing(corpora: Corpora, topic: str) -> None:
    summary = corpora.summarize(topic=topic)
    assert (summary.topic, summary.articles, summary.quotes) == (topic, (), ())


def test_a_topic_leaves_other_articles_out(encoder: Encoder) -> None:
    built = generation(encoder, VOLCANO, BREAD, CHESS)
    summary = summary_of(encoder, built, 9, "baking bread")
    assert [article.id for article in summary.articles] == ["article-1"]


def test_a_topic_of_nothing_is_refused(corpora: Corpora) -> None:
    with pytest.raises(QuestionError):
        corpora.summarize(topic="?!")


# Sentences that stand alone


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "At least 15 people were killed in the city on Monday."),
        ("en", 'The letter called the attack a "war on Islam" on Sunday.'),
        ("en", '"We remember the victims," said Hanan Salah of Human Rights Watch.'),
        ("en", "There are three rivers in the north of the country."),
        ("de", "Die Regierung der Stadt hat gestern ein neues Gesetz beschlossen."),
        ("es", "¿Quién construyó la catedral de la ciudad en el siglo pasado?"),
        ("fr", "Le « grand projet » du maire commence demain à Paris."),
        ("zh", "中国的首都北京有两千多万人口。"),
        ("th", "ประเทศไทยมีแม่น้ำหลายสาย"),
        ("ar", "أعلنت الحكومة عن خطة جديدة لبناء المدارس في العاصمة."),
    ],
)
def test_a_whole_sentence_stands_alone(language: str, sentence: str) -> None:
    assert stands_alone(sentence, Language(language))


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "He had left the city two weeks before the attack."),
        ("en", "However, some fear that the campaign makes no distinction."),
        ("en", "The hospital, meanwhile, said that the son of its director was killed."),
        ("en", "More than 70 people were killed in that assault."),
        ("en", '"We remain concerned about the safety of the residents.'),
        ("en", '"America will be defeated in the whole region," he said.'),
        ("en", '"Nobody was told of the danger."'),
        ("en", "The council met (as it does every week."),
        ("en", "and so the plan was dropped by the council."),
        ("en", "CNN's Jason Hanna contributed to this report."),
        ("en", "Reporting by Ann Smith; editing by Bob Jones in London."),
        ("en", "Figure 2. Deaths by month in the northern provinces."),
        ("en", "Smith J, Jones P, Miller K. Virus Research 2004; 78: 1142–1150."),
        ("en", "See https://example.org for all the details of the study."),
        ("en", "- eggs, flour and milk for the whole family."),
        ("en", "The History Of The Old City Council Of Rome."),
        ("en", "The fighting in the second-largest city of the country"),
        ("es", "Además, el presidente anunció una nueva ley para la ciudad."),
        ("fr", "C'est pourquoi le maire de la ville a quitté la réunion."),
        ("de", "Deshalb hat die Regierung das Gesetz wieder zurückgezogen."),
        ("pt", "No entanto, o presidente da câmara saiu da reunião."),
    ],
)
def test_what_leans_on_another_or_is_no_sentence_does_not(language: str, sentence: str) -> None:
    assert not stands_alone(sentence, Language(language))


def test_a_sentence_inside_a_longer_quotation_does_not_stand_alone() -> None:
    parts = [
        "The mayor spoke to the press.",
        '"Our town was hit hard.',
        "Many houses have lost their roof.",
        'The army will help," said Ann Smith.',
        "The army arrived the next morning.",
    ]
    text = " ".join(parts)
    spans = [Span(start := text.index(part), start + len(part)) for part in parts]
    assert standing(text, spans, Language("en")) == [True, False, False, False, True]


# Any text


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=texts.map(lambda text: text[:500]))
def test_any_text_is_summarized_verbatim_and_in_order(encoder: Encoder, text: str) -> None:
    article = Article("any", "Any", text)
    try:
        built = build({"any": article}, encoder)
    except CorpusError:
        return  # No words, so nothing to index.
    for topic in (None, "the battle"):
        summary = summary_of(encoder, built, 4, topic)
        assert len(summary.quotes) <= 4
        assert_verbatim_and_in_order(summary, built.articles)
