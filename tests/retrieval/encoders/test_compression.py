from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.encoders import Floats, compression
from retrieval.encoders.compression import TokenCodec, codec_for, rotation
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder

MODEL = SentenceTransformerEncoder().name
PROJECTED = codec_for(MODEL, 384)
DIMENSIONS = st.sampled_from([1, 2, 3, 7, 16, 33, 384])
SIZES = st.integers(0, 40)
SEEDS = st.integers(0, 2**32 - 1)
TEXT = [
    "The rays of the sun heat the land faster than the sea, and so the wind blows ashore by day.",
    "Parliament passed the law in 1832 after two years of debate; the king signed it in June.",
    "Antibodies bind to the protein on the surface of the virus and keep it out of the cell.",
    "She opened the shop with a loan of four hundred pounds, and paid it back within a year.",
]


def units(seed: int, size: int, dimensions: int) -> Floats:
    given_ = np.random.default_rng(seed).standard_normal((size, dimensions))
    found: Floats = (given_ / np.linalg.norm(given_, axis=1, keepdims=True)).astype(np.float32)
    return found


@pytest.fixture(scope="module")
def tokens() -> Floats:
    encodings = SentenceTransformerEncoder().encode_sentences(TEXT)
    return np.concatenate([e.tokens.vectors for e in encodings]).astype(np.float32)


@given(SEEDS, SIZES, DIMENSIONS)
@settings(max_examples=60, deadline=None)
def test_every_token_has_as_many_bytes_as_the_codec_says(
    seed: int, size: int, dimensions: int
) -> None:
    codec = rotation(dimensions)
    vectors = units(seed, size, dimensions)
    codes = codec.encode(vectors)
    assert codes.dtype == np.uint8
    assert codes.shape == (size, codec.width)
    decoded, asked = codec.decode(codes), codec.project(vectors)
    assert decoded.dtype == asked.dtype == np.float32
    assert decoded.shape == asked.shape
    assert np.isfinite(decoded).all()


@given(SEEDS, SIZES, DIMENSIONS, st.data())
@settings(max_examples=60, deadline=None)
def test_codes_are_compared_as_what_they_stand_for(
    seed: int, size: int, dimensions: int, data: st.DataObject
) -> None:
    plain = rotation(dimensions)
    fine = data.draw(st.integers(0, dimensions))
    codec = TokenCodec(plain.basis, plain.deviations, fine)
    vectors = units(seed, size, dimensions)
    codes, asked = codec.encode(vectors), codec.project(units(seed + 1, 3, dimensions))
    exact = asked @ codec.decode(codes).T
    np.testing.assert_allclose(codec.cosines(asked, codes), exact, atol=1e-5)
    with pytest.raises(ValueError, match="bytes"):
        codec.cosines(asked, codes[:, 1:])


@given(SEEDS, st.sampled_from([64, 128, 384, 1024]))
@settings(max_examples=30, deadline=None)
def test_the_rotation_keeps_dot_products_of_any_directions(seed: int, dimensions: int) -> None:
    codec = rotation(dimensions)
    vectors = units(seed, 60, dimensions)
    # The bound falls with the root of the dimensions, as errors along the axes are independent.
    bound = 0.75 / dimensions**0.5
    found = codec.project(vectors) @ codec.decode(codec.encode(vectors)).T
    assert np.abs(found - vectors @ vectors.T).max() < bound


@given(SEEDS, st.sampled_from([8, 384]))
@settings(max_examples=20, deadline=None)
def test_the_rotation_knows_no_direction_that_it_loses(seed: int, dimensions: int) -> None:
    codec = rotation(dimensions)
    axis = np.random.default_rng(seed).integers(dimensions)
    vector = np.zeros((1, dimensions), dtype=np.float32)
    vector[0, axis] = -1.0
    found = codec.project(vector) @ codec.decode(codec.encode(vector)).T
    assert found[0, 0] == pytest.approx(1.0, abs=0.02)


def test_tokens_of_text_keep_their_dot_products_in_a_twelfth_of_the_bytes(tokens: Floats) -> None:
    assert PROJECTED.width * 11 < tokens.shape[1] * 2
    exact = tokens @ tokens.T
    found = PROJECTED.project(tokens) @ PROJECTED.decode(PROJECTED.encode(tokens)).T
    assert np.abs(found - exact).max() < 0.15
    assert np.abs(found - exact).mean() < 0.03
    assert np.corrcoef(found.ravel(), exact.ravel())[0, 1] > 0.975


@pytest.mark.parametrize("codec", [PROJECTED, rotation(384)], ids=["projected", "rotated"])
def test_a_token_matches_itself_as_without_compression(codec: TokenCodec, tokens: Floats) -> None:
    decoded = codec.decode(codec.encode(tokens))
    itself = (codec.project(tokens) * decoded).sum(axis=1)
    np.testing.assert_allclose(itself, 1.0, atol=0.01)


@given(SEEDS, st.integers(1, 20))
@settings(max_examples=30, deadline=None)
def test_a_direction_that_the_projection_leaves_out_is_not_blown_up(seed: int, size: int) -> None:
    vectors = units(seed, size, 384)
    axes = np.linalg.qr(PROJECTED.basis.astype(np.float64))[0]
    outside = vectors - (vectors @ axes) @ axes.T
    outside /= np.linalg.norm(outside, axis=1, keepdims=True)
    found = PROJECTED.project(vectors) @ PROJECTED.decode(PROJECTED.encode(outside)).T
    assert np.abs(found).max() < 1.0


@pytest.mark.parametrize("codec", [PROJECTED, rotation(384), rotation(5)])
def test_a_vector_of_zeros_matches_nothing(codec: TokenCodec) -> None:
    dimensions = len(codec.basis)
    vectors = np.concatenate([np.zeros((1, dimensions)), units(1, 1, dimensions)])
    decoded = codec.decode(codec.encode(vectors.astype(np.float32)))
    assert not decoded[0].any()
    assert decoded[1].any()


@pytest.mark.parametrize("codec", [PROJECTED, rotation(384), rotation(5)])
def test_no_tokens_have_no_codes(codec: TokenCodec) -> None:
    codes = codec.encode(np.zeros((0, len(codec.basis)), dtype=np.float16))
    assert codes.shape == (0, codec.width)
    asked = codec.project(units(1, 3, len(codec.basis)))
    assert (asked @ codec.decode(codes).T).shape == (3, 0)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_a_token_has_the_same_code_in_any_company_and_either_precision(seed: int) -> None:
    halves = units(seed, 30, 384).astype(np.float16)
    together = PROJECTED.encode(halves)
    np.testing.assert_array_equal(together, PROJECTED.encode(halves.astype(np.float32)))
    np.testing.assert_array_equal(together[7:8], PROJECTED.encode(halves[7:8]))
    np.testing.assert_array_equal(together[::-1], PROJECTED.encode(halves[::-1]))


def test_codes_and_names_do_not_depend_on_the_process_or_its_threads() -> None:
    said = (
        "import hashlib, numpy as np\n"
        "from retrieval.encoders.compression import codec_for\n"
        "v = (np.arange(384 * 500).reshape(500, 384) * 7919 % 2003 - 1001).astype(np.float32)\n"
        "v /= np.sqrt(np.square(v).sum(axis=1, keepdims=True))\n"
        f"for codec in (codec_for({MODEL!r}, 384), codec_for('another', 384)):\n"
        "    print(codec.name, hashlib.sha256(codec.encode(v).tobytes()).hexdigest())\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", said],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OPENBLAS_CORETYPE": kernel},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads, kernel in (("1", "Haswell"), ("2", "Sandybridge"))
    }
    assert len(printed) == 1
    assert printed.pop().startswith(PROJECTED.name)


def test_the_name_tells_codecs_apart() -> None:
    twin = TokenCodec(PROJECTED.basis, PROJECTED.deviations, PROJECTED.fine)
    assert twin.name == PROJECTED.name
    turned = PROJECTED.basis.copy()
    turned[0, 0] += 1
    wider = PROJECTED.deviations * np.float32(1.01)
    others = [
        TokenCodec(turned, PROJECTED.deviations, PROJECTED.fine),
        TokenCodec(PROJECTED.basis, wider, PROJECTED.fine),
        TokenCodec(PROJECTED.basis, PROJECTED.deviations, PROJECTED.fine - 4),
        rotation(384),
        rotation(383),
    ]
    assert len({codec.name for codec in [PROJECTED, *others]}) == len(others) + 1


@pytest.mark.parametrize(
    "model", ["another", "../projections/" + MODEL, "/" + MODEL, "", ".", ".."]
)
def test_a_model_without_a_projection_of_its_own_gets_the_rotation(model: str) -> None:
    assert codec_for(model, 384).name == rotation(384).name


def test_a_projection_for_other_dimensions_is_not_used() -> None:
    assert codec_for(MODEL, 32).name == rotation(32).name


def test_what_cannot_be_coded_is_refused() -> None:
    with pytest.raises(ValueError, match="384 dimensions"):
        PROJECTED.encode(np.zeros((1, 383), dtype=np.float32))
    with pytest.raises(ValueError, match="not finite"):
        PROJECTED.encode(np.full((1, 384), np.nan, dtype=np.float32))
    with pytest.raises(ValueError, match=f"{PROJECTED.width} bytes"):
        PROJECTED.decode(np.zeros((1, 384), dtype=np.uint8))
    with pytest.raises(ValueError, match="cannot be fine"):
        TokenCodec(PROJECTED.basis, PROJECTED.deviations, PROJECTED.basis.shape[1] + 2)
    with pytest.raises(ValueError, match="a length"):
        TokenCodec(PROJECTED.basis * 0, PROJECTED.deviations, PROJECTED.fine)
    with pytest.raises(ValueError, match="more than 0"):
        TokenCodec(PROJECTED.basis, PROJECTED.deviations * 0, PROJECTED.fine)


def test_the_kept_projections_are_small_and_need_no_pickle() -> None:
    kept = sorted(Path(compression.__file__).with_name("projections").glob("*"))
    assert f"{MODEL}.npz" in {path.name for path in kept}
    for path in kept:
        assert path.stat().st_size < 100_000
        with np.load(path, allow_pickle=False) as arrays:
            assert set(arrays) == {"basis", "deviations", "fine"}
