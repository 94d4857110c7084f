"""ONNX Runtime gives the model's own encodings, on every core, and questions go first."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from retrieval.encoders import Encoder, Encoding
from retrieval.encoders import onnx_encoder as module
from retrieval.encoders.exports import GRAPH, read_export
from retrieval.encoders.onnx_encoder import PASS_COST, OnnxEncoder, alike
from retrieval.encoders.priority import Priority
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from tests.retrieval.encoders import stand_in

ROOT = Path(__file__).parents[3]
_PIECES = ("\u0301", "\u200f", "\ufeff", "\r", "\n", "\x00", "[SEP]", "[MASK] ", "的", "bridge ")
HOSTILE = st.lists(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from(_PIECES), max_size=80
).map("".join)
LIKE = tuple(f"Sentence {number} is about the lighthouse of Norwick." for number in range(120))


@pytest.fixture(scope="module")
def onnx(encoder: Encoder) -> OnnxEncoder:
    encoder.encode_question("Exported by now.")
    return OnnxEncoder(read_export(stand_in.exported(), encoder.name), encoder.name)


def same(one: Encoding, other: Encoding) -> None:
    assert one.tokens.ids.tolist() == other.tokens.ids.tolist()
    assert one.spans.tolist() == other.spans.tolist()
    assert one.vector @ other.vector > 0.9999
    pairs = zip(one.tokens.vectors, other.tokens.vectors, strict=True)
    for mine, theirs in pairs:
        first, second = mine.astype(np.float32), theirs.astype(np.float32)
        cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
        assert cosine > 0.9999
    for made in (one, other):
        assert made.vector.dtype == np.float32
        assert made.tokens.vectors.dtype == np.float16
        assert made.tokens.ids.dtype == made.spans.dtype == np.int32


class TestTheModelsOwn:
    @given(text=HOSTILE, context=st.just("") | HOSTILE)
    @examples(max_examples=60)
    def test_encoding_of_any_question(
        self, onnx: OnnxEncoder, original: SentenceTransformerEncoder, text: str, context: str
    ) -> None:
        same(onnx.encode_question(text, context), original.encode_question(text, context))

    @given(texts=st.lists(HOSTILE, max_size=6))
    @examples(max_examples=20)
    def test_encodings_of_any_sentences(
        self, onnx: OnnxEncoder, original: SentenceTransformerEncoder, texts: list[str]
    ) -> None:
        for one, other in zip(
            onnx.encode_sentences(texts), original.encode_sentences(texts), strict=True
        ):
            same(one, other)

    @pytest.mark.parametrize("words", [250, 255, 300, 1000])
    def test_encoding_of_a_text_longer_than_the_window(
        self, onnx: OnnxEncoder, original: SentenceTransformerEncoder, words: int
    ) -> None:
        text = " ".join(f"word{number % 7}" for number in range(words)) + " the end."
        (one,), (other,) = onnx.encode_sentences([text]), original.encode_sentences([text])
        same(one, other)

    @pytest.mark.parametrize(
        "word", ["house", "hosue", "", "the the", "bridge", "Bridge", "[SEP]", "é", "x" * 300, "的"]
    )
    def test_words(
        self, onnx: OnnxEncoder, original: SentenceTransformerEncoder, word: str
    ) -> None:
        assert onnx.is_word(word) == original.is_word(word)

    def test_name(self, onnx: OnnxEncoder, original: SentenceTransformerEncoder) -> None:
        assert onnx.name == original.name

    def test_refusal_of_what_is_no_text(
        self, onnx: OnnxEncoder, original: SentenceTransformerEncoder
    ) -> None:
        for encoder in (onnx, original):
            with pytest.raises((TypeError, ValueError)):
                encoder.encode_question("half of a pair: \ud83d")


def test_questions_together_are_encoded_like_one_by_one(onnx: OnnxEncoder) -> None:
    asked = [
        ("Who was it?", ""),
        ("Who was it?", "The mayor opened the bridge."),
        ("", ""),
        ("What of the lighthouse, the school and the harbour? " * 30, ""),
        ("When?", "The bridge was opened. " * 80),
    ]
    for (text, context), together in zip(asked, onnx.encode_questions(asked), strict=True):
        same(together, onnx.encode_question(text, context))


def test_a_question_is_encoded_without_padding(
    onnx: OnnxEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    session = onnx._session

    class Watched:
        def run(self, outputs: list[str], inputs: dict[str, Any]) -> Any:
            seen.append(inputs)
            return session.run(outputs, inputs)

    monkeypatch.setattr(onnx, "_session", Watched())
    found = onnx.encode_question("Who opened the bridge?")
    (inputs,) = seen
    assert inputs["input_ids"].shape == (1, len(found.tokens.ids) + 2)
    assert inputs["attention_mask"].all()


def test_questions_from_many_threads_are_each_answered(onnx: OnnxEncoder) -> None:
    texts = [f"What is number {number} {'very ' * number}good for?" for number in range(12)]
    alone = [onnx.encode_question(text) for text in texts]
    found: dict[int, Encoding] = {}

    def ask(number: int) -> None:
        found[number] = onnx.encode_question(texts[number])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, encoding in enumerate(alone):
        same(found[number], encoding)


class TestManySentences:
    def test_come_each_once_and_whole(self, onnx: OnnxEncoder) -> None:
        texts = [f"Sentence {number} {'is long ' * (number % 9)}." for number in range(60)]
        texts[7] = "The lighthouse stood where the river met the sea. " * 60
        found = dict(onnx.encode_stream(texts))
        assert sorted(found) == list(range(60))
        for number in (0, 7, 59):
            same(found[number], onnx.encode_sentences([texts[number]])[0])

    def test_are_read_no_further_than_needed(self, onnx: OnnxEncoder) -> None:
        read = itertools.count()
        texts = (f"Number {number}." for number in read)
        stream = onnx.encode_stream(texts)
        for _ in range(5):
            next(stream)
        assert next(read) <= 2048
        stream.close()  # type: ignore[attr-defined]

    def test_of_which_there_are_none(self, onnx: OnnxEncoder) -> None:
        assert onnx.encode_sentences([]) == []
        assert list(onnx.encode_stream(iter([]))) == []

    def test_end_with_the_error_of_a_bad_one(self, onnx: OnnxEncoder) -> None:
        with pytest.raises((TypeError, ValueError)):
            onnx.encode_sentences(["good", "half of a pair: \ud83d"])

    def test_can_be_broken_off_by_their_progress(self, onnx: OnnxEncoder) -> None:
        def stop(done: int, total: int) -> None:
            raise KeyboardInterrupt

        before = threading.active_count()
        with pytest.raises(KeyboardInterrupt):
            onnx.encode_sentences([f"Number {number}." for number in range(3000)], stop)
        assert threading.active_count() == before

    @pytest.mark.skipif(sys.platform != "linux", reason="a thread has its own niceness on Linux")
    def test_are_encoded_by_threads_that_give_way(
        self, onnx: OnnxEncoder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: set[int] = set()
        run = onnx._run

        def watched(windows: Any) -> Any:
            seen.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
            return run(windows)

        own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        monkeypatch.setattr(onnx, "_run", watched)
        onnx.encode_sentences(["One.", "Two."])
        assert seen == {min(19, 10)}
        assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own
        seen.clear()
        onnx.encode_question("Mine?")
        assert seen == {own}


class TestWhileQuestionsAreAsked:
    @pytest.fixture
    def passes(
        self, onnx: OnnxEncoder, monkeypatch: pytest.MonkeyPatch
    ) -> tuple[list[int], list[int]]:
        """The tokens of each pass, and how many passes ran beside it."""
        tokens: list[int] = []
        beside: list[int] = []
        running: set[int] = set()
        run = onnx._run

        def watched(windows: Any) -> Any:
            running.add(threading.get_ident())
            beside.append(len(running))
            tokens.append(max(len(w.ids) for w in windows) * len(windows))
            try:
                return run(windows)
            finally:
                running.discard(threading.get_ident())

        monkeypatch.setattr(onnx, "_run", watched)
        return tokens, beside

    def test_sentences_take_one_thread_and_small_steps(
        self,
        onnx: OnnxEncoder,
        passes: tuple[list[int], list[int]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        priority = Priority(lambda: 0.0)
        monkeypatch.setattr(onnx, "_priority", priority)
        with priority.question():
            onnx.encode_sentences(LIKE)
        tokens, beside = passes
        assert max(tokens) <= module._SHORT_PASS_TOKENS
        assert set(beside) == {1}

    def test_otherwise_they_take_large_ones(
        self,
        onnx: OnnxEncoder,
        passes: tuple[list[int], list[int]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(onnx, "_priority", Priority(lambda: 0.0))
        onnx.encode_sentences(LIKE)
        assert max(passes[0]) > 2 * module._SHORT_PASS_TOKENS


class TestPriority:
    def test_nobody_has_asked_at_first(self) -> None:
        assert not Priority(lambda: 0.0).is_asked

    def test_a_question_announces_the_next_for_a_second(self) -> None:
        now = 0.0
        priority = Priority(lambda: now)
        with priority.question():
            now = 100.0
            assert priority.is_asked
        now = 100.9
        assert priority.is_asked
        now = 101.1
        assert not priority.is_asked


def test_the_graph_is_without_the_node_that_is_slower_than_its_parts(onnx: OnnxEncoder) -> None:
    graph = (stand_in.exported() / GRAPH).read_bytes()
    assert b"LayerNormalization" in graph
    assert b"SkipLayerNormalization" not in graph


@given(lengths=st.lists(st.integers(1, 300), max_size=60), most=st.integers(1, 600))
def test_groups_hold_everything_once_and_little_padding(lengths: list[int], most: int) -> None:
    groups = alike(lengths, most)
    assert sorted(itertools.chain(*groups)) == list(range(len(lengths)))
    for group in groups:
        sizes = [lengths[place] for place in group]
        assert len(group) == 1 or max(sizes) * len(group) <= most
        assert max(sizes) * len(group) - sum(sizes) <= PASS_COST


def test_so_much_padding_as_a_pass_costs_is_a_reason_for_another() -> None:
    long = 3 * PASS_COST
    assert alike([long - PASS_COST, long, long], 1000) == [[1, 2, 0]]
    assert alike([long - PASS_COST - 1, long, long], 1000) == [[1, 2], [0]]


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_question_needs_neither_torch_nor_much_memory(encoder: Encoder) -> None:
    encoder.encode_question("Exported by now.")
    script = r"""
import os, re, sys
from pathlib import Path
from retrieval.encoders.batching import BatchingEncoder
from retrieval.encoders.prepared import PreparedEncoder
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
models = Path(os.environ["FOOTNOTE_MODELS_DIR"])
encoder = BatchingEncoder(PreparedEncoder(SentenceTransformerEncoder(), models))
encoder.encode_question("Who opened the bridge?")
encoder.encode_sentences(["The mayor opened the bridge."] * 100)
assert encoder.is_word("bridge")
heavy = {"torch", "transformers", "sentence_transformers", "sklearn", "scipy", "onnx", "onnxscript"}
print(sorted(heavy & set(sys.modules)), encoder.runtime)
print(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    first, second = done.stdout.splitlines()
    assert first.startswith("[] ONNX Runtime")
    assert int(second) < 250 * 1024
    assert done.stderr == ""
