from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings

from retrieval.answering import Answerer
from retrieval.answers import Answer, Quote
from retrieval.corpus import Corpus, Report
from retrieval.encoders import Encoding, Progress
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.errors import ArticleError, CorpusError, FootnoteError
from retrieval.segmentation import paragraphs
from tests.strategies import texts

BATTLE = "Fighting erupted in Benghazi at dawn.\n\nHospitals called for blood donations."
OFFENSIVE = "Haftar's offensive is called Operation Dignity.\n\nIt began on May 16."
BRIDGE = "The new bridge over the river was opened by the mayor on Sunday."


class House:
    """A folder of articles, a data folder, and corpora over them as restarts would make them."""

    def __init__(self, root: Path, encoder: SentenceTransformerEncoder) -> None:
        self.articles = root / "articles"
        self.articles.mkdir()
        self.data = root / "data"
        self._encoder = encoder

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.articles / f"{name}.md").write_text(text, "utf-8")

    def corpus(self, data: Path | None = None) -> Corpus:
        return Corpus([self.articles], data or self.data, Answerer(self._encoder, 0.5))

    def opened(self) -> Corpus:
        corpus = self.corpus()
        corpus.open()
        return corpus


@pytest.fixture
def house(tmp_path: Path, encoder: SentenceTransformerEncoder) -> House:
    house = House(tmp_path, encoder)
    house.write(battle=BATTLE, offensive=OFFENSIVE)
    return house


def _short(text: str) -> str:
    return text[:300]  # The model takes its time over long ones.


def outcomes(report: Report) -> dict[str, str]:
    return {change.article: change.outcome for change in report.changes}


def shown(answer: Answer) -> tuple[Quote, ...]:
    return answer.quotes or answer.nearest


def assert_verbatim(quotes: Sequence[Quote], corpus: Corpus) -> None:
    for quote in quotes:
        article = corpus.articles[quote.article.id]
        assert quote.text == article.text[quote.span.start : quote.span.end] != ""
        block = paragraphs(article.text)[quote.paragraph - 1]
        assert block.start <= quote.span.start < quote.span.end <= block.end
        for span in quote.highlights:
            assert quote.span.start <= span.start < span.end <= quote.span.end


class TestOpening:
    def test_the_first_time_everything_is_encoded_and_the_second_time_nothing(
        self, house: House
    ) -> None:
        first = house.corpus().open()
        assert outcomes(first) == {"battle": "added", "offensive": "added"}
        assert first.encoded == 4
        again = house.corpus()
        second = again.open()
        assert outcomes(second) == {"battle": "unchanged", "offensive": "unchanged"}
        assert (second.encoded, second.notices) == (0, ())
        assert shown(again.ask("What is the offensive called?"))[0].article.id == "offensive"

    def test_before_it_is_open_it_says_so(self, house: House) -> None:
        with pytest.raises(CorpusError, match="not open yet"):
            house.corpus().ask("Who?")
        assert house.corpus().status().generation is None

    def test_a_damaged_index_is_built_again_with_a_notice(self, house: House) -> None:
        house.opened()
        (vectors,) = house.data.rglob("vectors.npy")
        content = bytearray(vectors.read_bytes())
        content[-1] ^= 1
        vectors.write_bytes(content)
        report = house.corpus().open()
        assert "vectors.npy" in report.notices[0]
        assert "built again" in report.notices[0]
        assert report.encoded == 4
        assert house.corpus().open().notices == ()

    def test_where_nothing_can_be_kept_it_answers_all_the_same(self, house: House) -> None:
        corpus = house.corpus(Path("/proc/no-such-place"))
        report = corpus.open()
        assert "not kept" in report.notices[0]
        assert "/proc/no-such-place" in report.notices[0]
        assert shown(corpus.ask("What is the offensive called?"))

    def test_a_folder_without_articles_names_the_folder_and_the_remedy(self, house: House) -> None:
        for path in house.articles.iterdir():
            path.unlink()
        with pytest.raises(CorpusError, match=r"no articles in .*articles.*\.md"):
            house.corpus().open()

    def test_articles_that_are_all_broken_are_each_named(self, house: House) -> None:
        house.write(battle="---\na: [\n---\nText", offensive="")
        with pytest.raises(CorpusError, match="can be read") as caught:
            house.corpus().open()
        assert "battle.md is not YAML" in str(caught.value)
        assert "offensive.md holds no text" in str(caught.value)


class TestReloading:
    def test_each_article_is_reported_and_only_new_words_are_encoded(self, house: House) -> None:
        house.write(gone="It will be removed.")
        corpus = house.opened()
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
        corpus = house.opened()
        house.write(offensive=f"Something stands before it now.\n\n{OFFENSIVE}")
        assert corpus.reload().encoded == 1
        quotes = shown(corpus.ask("What is Haftar's offensive called?"))
        assert_verbatim(quotes, corpus)
        assert (quotes[0].paragraph, quotes[0].text) == (2, OFFENSIVE.split("\n")[0])
        assert quotes[0].highlights == (quotes[0].span,)

    def test_new_metadata_is_a_change_that_encodes_nothing(self, house: House) -> None:
        corpus = house.opened()
        house.write(battle=f"---\nauthor: A. One\n---\n{BATTLE}")
        report = corpus.reload()
        assert (outcomes(report)["battle"], report.encoded) == ("changed", 0)
        assert corpus.articles["battle"].author == "A. One"

    def test_a_file_that_breaks_is_served_as_it_was_read_last(self, house: House) -> None:
        corpus = house.opened()
        house.write(offensive="---\ntitle: [\n---\nNew text.")
        for served, report in [(corpus, corpus.reload()), (again := house.corpus(), again.open())]:
            (change,) = report.of("failed")
            assert "offensive.md is not YAML" in change.reason
            assert "version read before is still served" in change.reason
            assert shown(served.ask("What is the offensive called?"))[0].text in OFFENSIVE
        house.write(offensive=OFFENSIVE)
        assert outcomes(corpus.reload())["offensive"] == "unchanged"
        assert corpus.status().failures == ()

    def test_when_all_files_are_gone_the_old_articles_serve(self, house: House) -> None:
        corpus = house.opened()
        for path in house.articles.iterdir():
            path.unlink()
        with pytest.raises(CorpusError, match="no articles in"):
            corpus.reload()
        house.articles.rmdir()
        with pytest.raises(CorpusError, match="no articles at"):
            corpus.reload()
        assert_verbatim(shown(corpus.ask("What is the offensive called?")), corpus)
        assert len(corpus.articles) == 2

    def test_an_encoder_that_fails_leaves_the_old_articles(
        self,
        house: House,
        encoder: SentenceTransformerEncoder,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        corpus = house.opened()
        before = corpus.status().generation
        house.write(bridge=BRIDGE)
        with monkeypatch.context() as patched:
            patched.setattr(encoder, "encode_sentences", _out_of_memory)
            with pytest.raises(MemoryError):
                corpus.reload()
        assert corpus.status().generation == before == house.corpus().status().generation
        assert corpus.reload().encoded == 1

    def test_questions_are_answered_from_the_old_articles_until_the_new_ones_are_ready(
        self,
        house: House,
        encoder: SentenceTransformerEncoder,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        corpus = house.opened()
        encode = encoder.encode_sentences
        reloading, asked = threading.Event(), threading.Event()

        def encode_when_asked(
            given: Sequence[str], progress: Progress | None = None
        ) -> list[Encoding]:
            reloading.set()
            assert asked.wait(30)
            return encode(given, progress)

        monkeypatch.setattr(encoder, "encode_sentences", encode_when_asked)
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
        corpus = house.opened()
        done = threading.Event()
        answers: list[Answer] = []
        failures: list[BaseException] = []

        def ask() -> None:
            try:
                while not done.is_set():
                    answers.append(corpus.ask("What is the offensive called?"))
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for number in range(4):
                house.write(
                    offensive=f"{'Before. ' * number}\n\n{OFFENSIVE}",
                    **{f"more{number}": BRIDGE},
                )
                corpus.reload()
        finally:
            done.set()
            for thread in threads:
                thread.join(30)
        assert not failures
        assert len(answers) >= 4
        for quote in (quote for answer in answers for quote in shown(answer)):
            assert quote.text in {*OFFENSIVE.split("\n\n"), *BATTLE.split("\n\n"), BRIDGE} or (
                quote.text.startswith("Before.")
            )


class TestAddingAndRemoving:
    def test_an_article_is_added_removed_and_added_again(
        self, house: House, tmp_path: Path
    ) -> None:
        corpus = house.opened()
        path = tmp_path / "bridge.md"
        path.write_text(BRIDGE)
        assert outcomes(corpus.add(path))["bridge"] == "added"
        path.unlink()
        again = house.opened()
        assert shown(again.ask("Who opened the bridge?"))[0].text == BRIDGE
        assert outcomes(again.remove("bridge"))["bridge"] == "removed"
        assert "bridge" not in house.opened().articles
        path.write_text(BRIDGE)
        assert outcomes(again.add(path))["bridge"] == "added"

    def test_removing_leaves_the_file_of_the_source_alone(self, house: House) -> None:
        corpus = house.opened()
        assert outcomes(corpus.remove("battle"))["battle"] == "removed"
        assert (house.articles / "battle.md").read_text() == BATTLE
        assert set(house.opened().articles) == {"offensive"}
        assert "battle" not in outcomes(corpus.reload())

    def test_the_last_article_is_not_removed(self, house: House) -> None:
        corpus = house.opened()
        corpus.remove("battle")
        with pytest.raises(CorpusError, match="only article"):
            corpus.remove("offensive")
        assert set(house.opened().articles) == {"offensive"}

    def test_a_file_that_is_no_article_is_not_added(self, house: House, tmp_path: Path) -> None:
        corpus = house.opened()
        path = tmp_path / "noise.md"
        path.write_bytes(b"\xff\xfe")
        with pytest.raises(ArticleError, match=r"noise\.md is not UTF-8"):
            corpus.add(path)
        assert outcomes(corpus.reload()) == {"battle": "unchanged", "offensive": "unchanged"}

    def test_an_unknown_article_suggests_the_nearest(self, house: House) -> None:
        corpus = house.opened()
        for wrong in (lambda: corpus.remove("batle"), lambda: corpus.summarize("batle")):
            with pytest.raises(CorpusError, match=r"no article 'batle'.*Did you mean battle"):
                wrong()


class TestQuotes:
    def test_the_seed_article_is_quoted_word_for_word(self, corpus: Corpus) -> None:
        answer = corpus.ask("What is the name of Haftar's offensive?")
        assert any("Operation Dignity" in quote.text for quote in shown(answer))
        assert_verbatim(shown(answer), corpus)

    def test_a_summary_is_quoted_word_for_word_and_in_order(self, corpus: Corpus) -> None:
        quotes = corpus.summarize(count=5).quotes
        assert_verbatim(quotes, corpus)
        assert [q.span.start for q in quotes] == sorted(q.span.start for q in quotes)
        assert len(quotes) == 5

    @settings(max_examples=8)
    @given(texts.map(_short), texts.map(_short))
    def test_of_any_articles_every_quote_is_verbatim(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        encoder: SentenceTransformerEncoder,
        one: str,
        other: str,
    ) -> None:
        house = House(tmp_path_factory.mktemp("generated"), encoder)
        for name, text in (("one.md", one), ("other.txt", other)):
            content = text.replace("\0", "").encode("utf-8", "replace")
            (house.articles / name).write_bytes(content)
        corpus = house.corpus()
        try:
            corpus.open()
        except CorpusError as error:
            refused: FootnoteError | None = error
        else:
            refused = None
        if refused is not None:
            assert "can be read" in refused.what
            return
        for question in ("What did Gen. Haftar say?", (one + other)[:80]):
            try:
                answer = corpus.ask(question)
            except FootnoteError:
                continue
            assert shown(answer)
            assert_verbatim(shown(answer), corpus)
        assert_verbatim(corpus.summarize(count=3).quotes, corpus)


def _out_of_memory(given: Sequence[str], progress: Progress | None = None) -> list[Encoding]:
    raise MemoryError
