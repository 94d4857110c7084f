"""An article made ready for the index, without a model."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from retrieval.articles import Article
from retrieval.preparation import prepare
from retrieval.segmentation import passages
from tests.strategies import texts

TEXT = "# The bridge\n\nIt was closed on Monday. A crack was found.\n\nBuses use the ring road."


def article(text: str, id_: str = "a") -> Article:
    return Article(id=id_, title="Title", text=text)


def hashes(text: str, id_: str = "a") -> list[str]:
    return [passage.text_hash for passage in prepare(article(text, id_)).passages]


@given(texts)
def test_of_any_text_every_part_lies_in_its_passage(text: str) -> None:
    prepared = prepare(article(text))
    assert [p.passage for p in prepared.passages] == list(passages(prepared.article))
    for part in prepared.passages:
        span = part.passage.span
        assert part.sentences
        assert list(part.sentences) == sorted(part.sentences)
        for sentence in part.sentences:
            assert span.start <= sentence.start < sentence.end <= span.end
        assert all(word and not word.isspace() and " " not in word for word in part.words)
        assert len(part.text_hash) == 64


@given(texts)
def test_the_same_text_is_prepared_the_same_way(text: str) -> None:
    assert prepare(article(text)) == prepare(article(text))


def test_the_hash_is_of_the_sentences_and_of_nothing_else() -> None:
    before = hashes(TEXT)
    assert hashes(TEXT, "another article") == before
    assert hashes(f"Something stands before it.\n\n{TEXT}")[1:] == before
    changed = hashes(TEXT.replace("crack", "crevice"))
    assert [one == other for one, other in zip(before, changed, strict=True)].count(False) == 1


def test_sentences_that_meet_elsewhere_have_another_hash() -> None:
    one, other = hashes("One two. Three."), hashes("One. Two three.")
    assert one != other


def test_a_heading_counts_among_the_words_of_what_stands_below_it() -> None:
    for below in prepare(article(TEXT)).passages:
        assert "en:bridg" in below.words
        assert all("bridge" not in span.of(TEXT) for span in below.sentences)


def test_a_text_without_words_has_no_signature() -> None:
    assert prepare(article("...")).signature == b""
    assert prepare(article("")).passages == ()


def test_the_words_are_those_of_its_language() -> None:
    english = prepare(article("The houses are old. They were built by the river long ago."))
    german = prepare(replace(article("Die Häuser sind alt. Sie wurden am Fluss gebaut."), id="b"))
    assert {word.partition(":")[0] for word in english.passages[0].words} == {"en"}
    assert {word.partition(":")[0] for word in german.passages[0].words} == {"de"}
    assert "de:die" not in german.passages[0].words
