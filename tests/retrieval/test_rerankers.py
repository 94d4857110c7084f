"""A cross-encoder has a say in the order of the best passages, and in nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from string import ascii_lowercase

import numpy as np
import pytest

from bot.assembly import make_answerer
from bot.settings import Settings
from retrieval.answering import Answerer
from retrieval.answers import Answer
from retrieval.articles import Passage, Span
from retrieval.conversation import Turn
from retrieval.corpus import Corpora
from retrieval.encoders import Floats
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.errors import ModelError
from retrieval.rerankers import CrossEncoderReranker, Reranker
from retrieval.sandbox import Sandbox
from retrieval.search import JUDGED, Hit, reorder

WORDS = ("where", "is", "the", "market", "in", "castle", "yard", "crane", "bridge", "on", "?", ".")
QUESTION = "Where is the market?"
PASSAGES = ["The market is in the castle yard.", "The crane is on the bridge.", "River.", ""]
TOWN = {
    "market": "The weekly market is in the castle yard. It opens on Monday.",
    "stalls": "The stalls of the market sell cheese. They stay until noon.",
    "bridge": "The crane on the bridge was repaired. Buses use the ring road.",
    "school": "The school has a new roof. Lessons begin in September.",
}


def save_model(folder: Path, labels: int = 1, *, head: bool = True) -> Path:
    """A BERT of one tiny layer with random weights, the same each time."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertModel, BertTokenizer

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *ascii_lowercase]
    pieces += [f"##{letter}" for letter in ascii_lowercase]
    BertTokenizer({piece: number for number, piece in enumerate(pieces)}).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(pieces),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        initializer_range=0.5,
    )
    config.num_labels = labels
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = BertForSequenceClassification(config) if head else BertModel(config)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("hub") / "tiny")


@pytest.fixture(scope="module")
def tiny(model: Path) -> CrossEncoderReranker:
    return CrossEncoderReranker(str(model))


@dataclass
class Prefers:
    """Gives 1 to passages with a word and 0 to the others, and remembers what it was given."""

    word: str
    asked: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"prefers {self.word}"

    def scores(self, question: str, passages: Sequence[str]) -> Floats:
        self.asked.append(question)
        self.read += passages
        return np.array([self.word in passage for passage in passages], dtype=np.float32)


@pytest.fixture(scope="module")
def town_with(
    encoder: SentenceTransformerEncoder,
    sandbox: Sandbox,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[Reranker | None], Corpora]]:
    """The same few articles, asked with or without a reranker."""
    articles, index = tmp_path_factory.mktemp("town"), tmp_path_factory.mktemp("index")
    for name, text in TOWN.items():
        (articles / f"{name}.txt").write_text(text)

    with ExitStack() as opened:

        def make(reranker: Reranker | None) -> Corpora:
            answerer = Answerer(encoder, reranker=reranker)
            corpora = Corpora(index, answerer, [articles], sandbox=sandbox)
            opened.enter_context(corpora).open()
            return corpora

        yield make


def order(answer: Answer) -> list[str]:
    return [ranked.passage.article for ranked in answer.passages]


def scores_by_article(answer: Answer) -> dict[str, float]:
    return {ranked.passage.article: ranked.score for ranked in answer.passages}


class TestCrossEncoder:
    def test_each_passage_gets_one_score_from_0_to_1(self, tiny: CrossEncoderReranker) -> None:
        scores = tiny.scores(QUESTION, PASSAGES)
        assert scores.shape == (len(PASSAGES),)
        assert scores.dtype == np.float32
        assert ((scores > 0) & (scores < 1)).all()
        assert len(set(scores.tolist())) == len(PASSAGES)

    def test_the_words_are_read_in_pieces_of_its_vocabulary(
        self, tiny: CrossEncoderReranker
    ) -> None:
        assert tiny.load().tokenizer.tokenize("The markets?") == ["the", "market", "##s", "?"]

    def test_no_passages_get_no_scores(self, tiny: CrossEncoderReranker) -> None:
        assert tiny.scores(QUESTION, []).shape == (0,)

    def test_the_question_counts(self, tiny: CrossEncoderReranker) -> None:
        other = tiny.scores("Is the crane on the bridge?", PASSAGES)
        assert not np.allclose(other, tiny.scores(QUESTION, PASSAGES), atol=1e-3)

    def test_the_same_words_get_the_same_scores(
        self, tiny: CrossEncoderReranker, model: Path
    ) -> None:
        first = tiny.scores(QUESTION, PASSAGES)
        assert (tiny.scores(QUESTION, PASSAGES) == first).all()
        assert (CrossEncoderReranker(str(model)).scores(QUESTION, PASSAGES) == first).all()

    def test_a_passage_is_judged_alone_as_among_others(self, tiny: CrossEncoderReranker) -> None:
        together = tiny.scores(QUESTION, PASSAGES)
        alone = [tiny.scores(QUESTION, [passage])[0] for passage in PASSAGES]
        assert np.allclose(together, alone, atol=1e-5)

    def test_what_is_longer_than_the_window_is_judged_too(self, tiny: CrossEncoderReranker) -> None:
        scores = tiny.scores(QUESTION, ["The market. " * 500])
        assert np.isfinite(scores).all()

    def test_a_model_saved_without_the_logistic_function_gets_it(
        self, tiny: CrossEncoderReranker, tmp_path: Path
    ) -> None:
        plain = save_model(tmp_path / "plain")
        config = json.loads((plain / "config.json").read_text())
        config["sentence_transformers"] = {"activation_fn": "torch.nn.modules.linear.Identity"}
        (plain / "config.json").write_text(json.dumps(config))
        scores = CrossEncoderReranker(str(plain)).scores(QUESTION, PASSAGES)
        assert np.allclose(scores, tiny.scores(QUESTION, PASSAGES))

    def test_many_threads_load_it_once_and_agree(self, model: Path) -> None:
        reranker = CrossEncoderReranker(str(model))
        together = threading.Barrier(4)

        def judge(_: int) -> tuple[int, list[float]]:
            together.wait()
            return id(reranker.load()), reranker.scores(QUESTION, PASSAGES).tolist()

        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(judge, range(4)))
        assert len({loaded for loaded, _ in results}) == 1
        assert np.allclose([scores for _, scores in results], results[0][1], atol=1e-6)


class TestWhatCannotBeUsed:
    @pytest.mark.parametrize("model", ["no/such-model", "/no/such/folder"])
    def test_a_model_that_is_not_there_is_named_with_the_remedy(self, model: str) -> None:
        with pytest.raises(ModelError, match="cannot be loaded") as caught:
            CrossEncoderReranker(model).scores(QUESTION, PASSAGES)
        assert model in caught.value.what
        assert caught.value.why
        assert "RERANKER_MODEL" in caught.value.remedy

    @pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
    def test_a_damaged_model_is_named_with_the_remedy(self, tmp_path: Path, file: str) -> None:
        folder = save_model(tmp_path / "model")
        (folder / file).write_bytes((folder / file).read_bytes()[:40])
        with pytest.raises(ModelError, match="cannot be loaded") as caught:
            CrossEncoderReranker(str(folder)).load()
        assert "RERANKER_MODEL" in caught.value.remedy

    def test_a_model_with_several_outputs_is_refused(self, tmp_path: Path) -> None:
        folder = save_model(tmp_path / "model", labels=3)
        with pytest.raises(ModelError, match="3 numbers") as caught:
            CrossEncoderReranker(str(folder)).load()
        assert "RERANKER_MODEL" in caught.value.remedy

    def test_a_language_model_that_has_not_learned_to_judge_is_refused(
        self, tmp_path: Path
    ) -> None:
        folder = save_model(tmp_path / "model", head=False)
        with pytest.raises(ModelError, match="has learned to judge") as caught:
            CrossEncoderReranker(str(folder)).load()
        assert "RERANKER_MODEL" in caught.value.remedy

    def test_an_encoder_is_refused(
        self, original: SentenceTransformerEncoder, tmp_path: Path
    ) -> None:
        original.load().save(str(tmp_path / "encoder"))
        with pytest.raises(ModelError, match="cannot be used") as caught:
            CrossEncoderReranker(str(tmp_path / "encoder")).load()
        assert "RERANKER_MODEL" in caught.value.remedy


class TestReordering:
    @pytest.fixture
    def hits(self) -> list[Hit]:
        """Fifteen, from .90 down, each the number of its place as its text."""
        return [
            Hit(
                row=place,
                passage=Passage("numbers", 1, Span(place, place + 1)),
                score=0.9 - 0.01 * place,
                match=0.9 - 0.01 * place,
                best=0,
                matches=np.zeros((1, 0), dtype=np.float32),
            )
            for place in range(15)
        ]

    @staticmethod
    def text_of(article: str) -> str:
        return "0123456789abcde"

    def test_the_score_is_the_mean_of_both(self, hits: list[Hit]) -> None:
        first, second, *_ = reorder(Prefers("7"), QUESTION, hits, self.text_of)
        assert (first.row, second.row) == (7, 0)
        assert first.score == pytest.approx((0.83 + 1) / 2)
        assert second.score == pytest.approx(0.9 / 2)
        assert first.match == pytest.approx(0.83), "what the confidence was fitted on stays"

    def test_what_is_not_read_keeps_its_place_behind(self, hits: list[Hit]) -> None:
        prefers = Prefers("c")
        found = reorder(prefers, QUESTION, hits, self.text_of)
        assert prefers.read == list("0123456789")
        assert [hit.row for hit in found] == list(range(15))

    @pytest.mark.parametrize("said", [0.0, 0.5, 1.0])
    def test_scores_fall_from_the_first_to_the_last(self, hits: list[Hit], said: float) -> None:
        class Says:
            name = "says"

            def scores(self, question: str, passages: Sequence[str]) -> Floats:
                return np.linspace(said, 1.0, len(passages), dtype=np.float32)

        found = reorder(Says(), QUESTION, hits, self.text_of)
        scores = [hit.score for hit in found]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
        assert [hit.row for hit in found[JUDGED:]] == list(range(JUDGED, 15))

    def test_a_passage_is_read_under_its_heading(self) -> None:
        prefers = Prefers("x")
        text = "## Opening hours\n\nFrom nine to five."
        passage = Passage("a", 2, Span(18, 36), Span(0, 16))
        hit = Hit(0, passage, 0.5, 0.5, 0, np.zeros((1, 0), dtype=np.float32))
        reorder(prefers, QUESTION, [hit], lambda _: text)
        assert prefers.read == ["Opening hours\nFrom nine to five."]

    def test_nothing_is_read_where_nothing_was_found(self) -> None:
        prefers = Prefers("x")
        assert reorder(prefers, QUESTION, [], self.text_of) == []
        assert prefers.asked == []


class TestAnswers:
    def test_the_passage_that_the_reranker_prefers_is_quoted_first(
        self, town_with: Callable[[Reranker | None], Corpora]
    ) -> None:
        assert order(town_with(None).ask(QUESTION))[0] == "market"
        answer = town_with(Prefers("cheese")).ask(QUESTION)
        assert order(answer)[0] == "stalls"
        assert (answer.quotes or answer.nearest)[0].article.id == "stalls"

    def test_a_reranker_that_agrees_leaves_the_confidence_as_it_was(
        self, town_with: Callable[[Reranker | None], Corpora]
    ) -> None:
        plain = town_with(None).ask(QUESTION)
        agreed = town_with(Prefers("castle")).ask(QUESTION)
        assert order(agreed) == order(plain)
        assert agreed.confidence == plain.confidence

    def test_a_reranker_that_puts_first_what_matches_less_makes_it_less_sure(
        self, town_with: Callable[[Reranker | None], Corpora]
    ) -> None:
        plain = town_with(None).ask(QUESTION)
        changed = town_with(Prefers("roof")).ask(QUESTION)
        assert order(changed)[0] == "school"
        assert changed.confidence < plain.confidence

    def test_a_follow_up_is_judged_with_what_it_leans_on(
        self, town_with: Callable[[Reranker | None], Corpora]
    ) -> None:
        prefers = Prefers("castle")
        corpora = town_with(prefers)
        first = corpora.ask(QUESTION)
        answer = corpora.ask("When does it open?", history=[Turn.of(first)])
        assert answer.follows is not None
        assert f"{answer.follows} When does it open?" in prefers.asked

    def test_a_real_cross_encoder_has_its_half_of_every_score(
        self, town_with: Callable[[Reranker | None], Corpora], tiny: CrossEncoderReranker
    ) -> None:
        plain = scores_by_article(town_with(None).ask(QUESTION))
        judged = town_with(tiny).ask(QUESTION)
        said = dict(zip(TOWN, tiny.scores(QUESTION, list(TOWN.values())).tolist(), strict=True))
        expected = {name: (plain[name] + said[name]) / 2 for name in plain}
        assert scores_by_article(judged) == pytest.approx(expected, abs=1e-4)
        assert order(judged) == sorted(expected, key=lambda name: -expected[name])
        assert judged.took_ms.rerank > 0

    def test_a_missing_model_is_told_to_who_asks(
        self, town_with: Callable[[Reranker | None], Corpora]
    ) -> None:
        corpora = town_with(CrossEncoderReranker("/no/such/folder"))
        with pytest.raises(ModelError, match="cannot be loaded"):
            corpora.ask(QUESTION)


def test_the_setting_chooses_the_reranker_and_loads_nothing() -> None:
    assert make_answerer(Settings()).reranker is None
    chosen = make_answerer(Settings(reranker_model="some/cross-encoder")).reranker
    assert isinstance(chosen, CrossEncoderReranker)
    assert chosen.name == "some/cross-encoder"
