"""The shared collection: opened, reloaded and asked."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from retrieval.answers import Answer
from retrieval.articles import Article
from retrieval.corpus import Corpora, Report
from retrieval.encoders import Encoder, Encoding
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.errors import CorpusError, FootnoteError
from tests.retrieval.corpus.house import (
    BATTLE,
    BRIDGE,
    OFFENSIVE,
    House,
    MakeHouse,
    assert_verbatim,
    outcomes,
    shown,
)
from tests.strategies import texts


class Other:
    """The model under another name, which is another model as far as anybody can tell."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.name = "another model"

    def __getattr__(self, name: str) -> object:
        return getattr(self._encoder, name)


def _short(text: str) -> str:
    return text[:300]  # The model takes its time over long ones.


class TestOpening:
    def test_the_first_time_everything_is_encoded_and_the_second_time_nothing(
        self, house: House
    ) -> None:
        first = house.corpora().open()
        assert outcomes(first) == {"battle": "added", "offensive": "added"}
        assert first.encoded == 4
        again = house.corpora()
        second = again.open()
        assert outcomes(second) == {"battle": "unchanged", "offensive": "unchanged"}
        assert (second.encoded, second.notices) == (0, ())
        status = again.shared.status()
        assert (status.encoded, status.encoded_here) == (4, 0)
        assert shown(again.ask("What is the offensive called?"))[0].article.id == "offensive"

    def test_before_it_is_open_it_says_so(self, house: House) -> None:
        corpora = house.corpora()
        for ask in (corpora.ask, corpora.shared.ask):
            with pytest.raises(CorpusError, match="not open yet"):
                ask("Who?")
        assert corpora.shared.status().generation is None

    def test_before_it_is_open_its_status_is_that_of_what_is_kept(self, house: House) -> None:
        there = house.opened().shared.status()
        here = house.corpora().shared.status()
        assert there.generation == here.generation is not None
        assert (there.articles, there.passages) == (here.articles, here.passages) == (2, 4)

    def test_a_damaged_index_is_built_again_with_a_notice_and_nothing_is_encoded(
        self, house: House
    ) -> None:
        house.opened().close()
        (vectors,) = house.data.rglob("vectors.bin")
        content = bytearray(vectors.read_bytes())
        content[-1] ^= 1
        vectors.write_bytes(content)
        report = house.corpora().open()
        assert "vectors.bin" in report.notices[0]
        assert "built again" in report.notices[0]
        assert report.encoded == 0
        again = house.corpora()
        assert again.open().notices == ()
        assert shown(again.ask("What is the offensive called?"))[0].article.id == "offensive"

    def test_a_missing_index_is_built_again_with_a_notice(self, house: House) -> None:
        house.opened().close()
        for path in (house.data / "collections" / "shared" / "indexes").iterdir():
            path.rename(house.root / path.name)
        report = house.corpora().open()
        assert "missing" in report.notices[0]
        assert report.encoded == 0

    def test_an_index_of_another_version_is_built_again_once_and_that_is_said_once(
        self, house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        house.opened().close()
        monkeypatch.setattr("retrieval.corpus.generation.FORMAT", 1000)
        (notice,) = house.corpora().open().notices
        assert "another version" in notice
        assert caplog.text.count("another version") == 1
        caplog.clear()
        assert house.corpora().open().notices == ()
        assert not caplog.records

    def test_a_damaged_database_is_restored_from_its_copy_and_that_is_said(
        self, house: House
    ) -> None:
        house.opened().close()
        path = house.data / "footnote.db"
        content = bytearray(path.read_bytes())
        place = content.index(b"Dignity")
        content[place] ^= 1
        path.write_bytes(content)
        again = house.corpora()
        report = again.open()
        assert report.notices == ("The database was damaged; it is restored from its copy.",)
        assert report.encoded == 0
        assert "Dignity" in shown(again.ask("What is the offensive called?"))[0].text

    def test_lost_encodings_are_made_again_when_they_are_needed(self, house: House) -> None:
        house.opened().close()
        (house.data / "vectors.db").write_bytes(b"no database" * 1000)
        again = house.corpora()
        report = again.open()
        assert report.encoded == 0
        assert any("encodings were damaged" in notice for notice in report.notices)
        house.write(bridge=BRIDGE)
        assert again.shared.reload().encoded == 5
        house.write(bridge=f"{BRIDGE}\n\nMore.")
        assert again.shared.reload().encoded == 1

    def test_where_nothing_can_be_kept_it_answers_all_the_same(self, house: House) -> None:
        corpora = house.corpora(Path("/proc/no-such-place"))
        report = corpora.open()
        assert "not kept" in report.notices[0]
        assert "/proc/no-such-place" in report.notices[0]
        assert shown(corpora.ask("What is the offensive called?"))

    def test_a_folder_without_articles_names_the_folder_and_the_remedy(self, house: House) -> None:
        house.clear()
        with pytest.raises(CorpusError, match=r"no articles in .*articles.*\.md"):
            house.corpora().open()

    def test_articles_that_are_all_broken_are_each_named(self, house: House) -> None:
        house.write(battle="---\na: [\n---\nText", offensive="")
        with pytest.raises(CorpusError, match="can be read") as caught:
            house.corpora().open()
        assert "battle.md is not YAML" in str(caught.value)
        assert "offensive.md holds no text" in str(caught.value)

    def test_another_model_encodes_everything_anew(
        self, house: House, encoder: SentenceTransformerEncoder
    ) -> None:
        house.opened().close()
        other = house.corpora(encoder=Other(encoder))  # type: ignore[arg-type]
        assert other.open().encoded == 4
        assert other.shared.status().model == "another model"
        other.close()
        back = house.corpora()
        assert back.open().encoded == 0, "the first model's encodings are still there"
        assert shown(back.ask("What is the offensive called?"))[0].article.id == "offensive"


class TestReloading:
    def test_each_article_is_reported_and_only_new_words_are_encoded(self, house: House) -> None:
        house.write(gone="It will be removed.")
        corpus = house.opened().shared
        house.write(battle=f"{BATTLE}\n\nA third paragraph is new.", bridge=BRIDGE, broken="")
        (house.articles / "gone.md").unlink()
        report = corpus.reload()
        assert outcomes(report) == {
            "battle": "changed",
            "bridge": "added",
            "broken": "failed",
            "gone": "removed",
            "offensive": "unchanged",
        }
        assert report.encoded == 2
        assert sorted(corpus.articles) == ["battle", "bridge", "offensive"]
        assert "broken.md holds no text" in corpus.status().failures[0]

    def test_words_that_move_are_not_encoded_again_and_are_quoted_where_they_are(
        self, house: House
    ) -> None:
        corpus = house.opened().shared
        house.write(offensive=f"Something stands before it now.\n\n{OFFENSIVE}")
        assert corpus.reload().encoded == 1
        quotes = shown(corpus.ask("What is Haftar's offensive called?"))
        assert_verbatim(quotes, corpus.articles)
        assert (quotes[0].paragraph, quotes[0].text) == (2, OFFENSIVE.split("\n")[0])
        assert quotes[0].highlights == (quotes[0].span,)

    def test_new_metadata_is_a_change_that_encodes_nothing(self, house: House) -> None:
        corpus = house.opened().shared
        house.write(battle=f"---\nauthor: A. One\n---\n{BATTLE}")
        report = corpus.reload()
        assert (outcomes(report)["battle"], report.encoded) == ("changed", 0)
        assert corpus.articles["battle"].author == "A. One"

    def test_a_file_that_breaks_is_served_as_it_was_read_last(self, house: House) -> None:
        corpus = house.opened().shared
        house.write(offensive="---\ntitle: [\n---\nNew text.")
        again = house.corpora()
        for served, report in [(corpus, corpus.reload()), (again.shared, again.open())]:
            (change,) = report.of("failed")
            assert "offensive.md is not YAML" in change.reason
            assert "version read before is still served" in change.reason
            assert shown(served.ask("What is the offensive called?"))[0].text in OFFENSIVE
        house.write(offensive=OFFENSIVE)
        assert outcomes(corpus.reload())["offensive"] == "unchanged"
        assert corpus.status().failures == ()

    def test_when_all_files_are_gone_the_old_articles_serve(self, house: House) -> None:
        corpora = house.opened()
        house.clear()
        with pytest.raises(CorpusError, match="no articles in"):
            corpora.shared.reload()
        house.articles.rmdir()
        with pytest.raises(CorpusError, match="no articles at"):
            corpora.shared.reload()
        assert_verbatim(
            shown(corpora.ask("What is the offensive called?")), corpora.shared.articles
        )
        assert len(corpora.shared.articles) == 2
        again = house.corpora()
        (notice,) = again.open().notices
        assert "served as they were read last" in notice
        assert "no articles at" in notice
        assert len(again.shared.articles) == 2

    def test_an_encoder_that_fails_leaves_the_old_articles(
        self,
        house: House,
        encoder: SentenceTransformerEncoder,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        corpus = house.opened().shared
        before = corpus.status().generation
        house.write(bridge=BRIDGE)
        with monkeypatch.context() as patched:
            patched.setattr(encoder, "encode_stream", _out_of_memory)
            with pytest.raises(MemoryError):
                corpus.reload()
        kept = house.corpora().shared.status().generation
        assert corpus.status().generation == before == kept
        assert corpus.reload().encoded == 1

    def test_questions_are_answered_from_the_old_articles_until_the_new_ones_are_ready(
        self,
        house: House,
        encoder: SentenceTransformerEncoder,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        corpus = house.opened().shared
        encode = encoder.encode_stream
        reloading, asked = threading.Event(), threading.Event()

        def encode_when_asked(texts: Iterable[str]) -> Iterator[tuple[int, Encoding]]:
            reloading.set()
            assert asked.wait(30)
            return encode(texts)

        monkeypatch.setattr(encoder, "encode_stream", encode_when_asked)
        new = OFFENSIVE.replace("Dignity", "Serenity")
        house.write(offensive=new)
        reports: list[Report] = []
        thread = threading.Thread(target=lambda: reports.append(corpus.reload()))
        thread.start()
        try:
            assert reloading.wait(30)
            with pytest.raises(CorpusError, match="being reloaded already"):
                corpus.reload()
            during = [corpus.ask("What is the offensive called?") for _ in range(10)]
        finally:
            asked.set()
            thread.join(30)
        assert all("Dignity" in shown(answer)[0].text for answer in during)
        assert outcomes(reports[0])["offensive"] == "changed"
        assert "Serenity" in shown(corpus.ask("What is the offensive called?"))[0].text

    def test_every_question_around_a_swap_is_answered_from_one_whole_generation(
        self, house: House
    ) -> None:
        corpora = house.opened()
        generations = [corpora.shared.articles]
        done = threading.Event()
        answers: list[Answer] = []
        failures: list[BaseException] = []

        def ask() -> None:
            try:
                # Without a pause those who ask leave little of the interpreter to the change.
                while not done.wait(0.002):
                    answers.append(corpora.ask("What is the offensive called?"))
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for number in range(4):
                house.write(
                    offensive=f"{'Before. ' * (number + 1)}\n\n{OFFENSIVE}",
                    **{f"more{number}": BRIDGE},
                )
                corpora.shared.reload()
                generations.append(corpora.shared.articles)
        finally:
            done.set()
            for thread in threads:
                thread.join(30)
        assert not failures
        assert len(answers) >= 4
        for answer in answers:
            assert any(_is_of(answer, articles) for articles in generations)


class TestQuotes:
    def test_the_seed_article_is_quoted_word_for_word(self, corpora: Corpora) -> None:
        answer = corpora.ask("What is the name of Haftar's offensive?")
        assert any("Operation Dignity" in quote.text for quote in shown(answer))
        assert_verbatim(shown(answer), corpora.shared.articles)

    def test_a_summary_is_quoted_word_for_word_and_in_order(self, corpora: Corpora) -> None:
        quotes = corpora.summarize(count=5).quotes
        assert_verbatim(quotes, corpora.shared.articles)
        assert [q.span.start for q in quotes] == sorted(q.span.start for q in quotes)
        assert len(quotes) == 5

    def test_a_summary_of_an_unknown_article_suggests_the_nearest(self, house: House) -> None:
        with pytest.raises(CorpusError, match=r"no article “batle”.*Did you mean battle"):
            house.opened().summarize("batle")

    @settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(texts.map(_short), texts.map(_short))
    def test_of_any_articles_every_quote_is_verbatim(
        self, make_house: MakeHouse, one: str, other: str
    ) -> None:
        house = make_house()
        for name, text in (("one.md", one), ("other.txt", other)):
            content = text.replace("\0", "").encode("utf-8", "replace")
            (house.articles / name).write_bytes(content)
        corpora = house.corpora()
        try:
            corpora.open()
        except CorpusError as error:
            refused: FootnoteError | None = error
        else:
            refused = None
        if refused is not None:
            assert "can be read" in refused.what
            return
        for question in ("What did Gen. Haftar say?", (one + other)[:80]):
            try:
                answer = corpora.ask(question)
            except FootnoteError:
                continue
            assert shown(answer)
            assert_verbatim(shown(answer), corpora.shared.articles)
        assert_verbatim(corpora.summarize(count=3).quotes, corpora.shared.articles)


def _is_of(answer: Answer, articles: dict[str, Article]) -> bool:
    """Whether everything in an answer is of one generation."""
    quotes = shown(answer)
    assert_verbatim(quotes, {quote.article.id: quote.article for quote in quotes})
    return all(articles.get(quote.article.id) == quote.article for quote in quotes) and all(
        ranked.passage.article in articles for ranked in answer.passages
    )


def _out_of_memory(texts: Iterable[str]) -> Iterator[tuple[int, Encoding]]:
    raise MemoryError
