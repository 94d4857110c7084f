"""Any sentence-transformers model encodes texts of any length, the packaged one offline."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from retrieval.encoders import Encoder, Encoding, packaged
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.errors import ModelError


@pytest.fixture(scope="module", params=["prepared", "original"])
def encoder(request: pytest.FixtureRequest, encoder: Encoder) -> Encoder:
    """The packaged model, as it runs after it was prepared, and in its own libraries."""
    if request.param == "prepared":
        return encoder
    found: Encoder = request.getfixturevalue("original")
    return found


LONG = "The quick brown fox jumps over the lazy dog. " * 60


def test_a_question_and_a_sentence_live_in_one_space(encoder: Encoder) -> None:
    near, far = encoder.encode_sentences(["The dog sleeps.", "Interest rates rose in March."])
    question = encoder.encode_question("Is the dog asleep?")
    assert question.vector @ near.vector > question.vector @ far.vector + 0.3


def test_a_model_that_does_not_say_how_long_its_vectors_are_shows_it(original: Encoder) -> None:
    class Silent(SentenceTransformerEncoder):
        def load(self) -> Any:
            return SimpleNamespace(get_embedding_dimension=lambda: None)

        def encode_question(self, text: str, context: str = "") -> Encoding:
            return original.encode_question(text, context)

    assert Silent().dimensions == original.dimensions == 384


def test_every_vector_has_unit_length(encoder: Encoder) -> None:
    for encoding in encoder.encode_sentences(["One.", "Two words.", LONG]):
        assert np.linalg.norm(encoding.vector) == pytest.approx(1.0, abs=1e-5)
        norms = np.linalg.norm(encoding.tokens.vectors.astype(np.float32), axis=1)
        assert np.allclose(norms, 1.0, atol=2e-3)


def test_a_long_text_is_encoded_to_its_end(encoder: Encoder) -> None:
    (encoding,) = encoder.encode_sentences([LONG + "A zebra."])
    assert len(encoding.tokens.ids) > 500
    assert int(encoding.spans[-1, 1]) == len(LONG + "A zebra.")
    starts = encoding.spans[:, 0]
    assert (np.diff(starts) >= 0).all(), "no part is read twice"


def test_a_batch_encodes_like_one_by_one(encoder: Encoder) -> None:
    texts = ["Short.", "A sentence of middling length, with a comma.", LONG]
    together = encoder.encode_sentences(texts)
    for text, encoding in zip(texts, together, strict=True):
        (alone,) = encoder.encode_sentences([text])
        assert encoding.vector @ alone.vector == pytest.approx(1.0, abs=1e-4)
        assert (encoding.tokens.ids == alone.tokens.ids).all()


def test_context_changes_the_meaning_and_not_the_tokens(
    encoder: Encoder,
) -> None:
    alone = encoder.encode_question("Who financed it?")
    inside = encoder.encode_question("Who financed it?", "What is Operation Dignity?")
    assert (alone.tokens.ids == inside.tokens.ids).all()
    assert (alone.spans == inside.spans).all()
    assert alone.vector @ inside.vector < 0.9


@given(text=st.text(max_size=60))
@examples(max_examples=25)
def test_any_text_can_be_encoded(text: str, encoder: Encoder) -> None:
    encoding = encoder.encode_question(text)
    assert np.isfinite(encoding.vector).all()
    assert len(encoding.tokens.ids) == len(encoding.tokens.vectors) == len(encoding.spans)
    assert ((encoding.spans >= 0) & (encoding.spans <= len(text))).all()


def test_progress_reaches_the_end(encoder: Encoder) -> None:
    seen: list[tuple[int, int]] = []
    encoder.encode_sentences(["a b c"] * 40, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (40, 40)
    assert len(seen) > 1
    assert seen == sorted(seen)


def test_a_model_can_be_a_folder(original: SentenceTransformerEncoder, tmp_path: Path) -> None:
    copy = tmp_path / "model"
    original.load().save(str(copy))
    other = SentenceTransformerEncoder(str(copy))
    text = "The same words."
    same = other.encode_question(text).vector @ original.encode_question(text).vector
    assert same == pytest.approx(1.0, abs=1e-4)
    assert other.name.startswith(str(copy.resolve()))


@pytest.mark.parametrize("model", ["no/such-model", "/no/such/folder"])
def test_a_model_that_is_not_there_is_named_with_the_remedy(model: str) -> None:
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        SentenceTransformerEncoder(model).encode_question("x")
    assert "MODEL" in caught.value.remedy


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"not the weights")
    with pytest.raises(ModelError, match="not the published ones"):
        packaged.check_weights(weights, packaged.WEIGHTS_SHA256)
