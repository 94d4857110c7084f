"""What is kept of an encoded passage: its sentences' vectors and its tokens, in few bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders import Encoder, Encoding, Halves, Integers
from retrieval.encoders.compression import TokenCodec, codec_for

Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class KeptEncoding:
    """The sentences of one passage, each encoded by itself.

    Attributes:
        vectors: Of each sentence, shape ``(s, d)``, unit length, in half precision.
        counts: How many tokens each sentence has, shape ``(s,)``.
        token_ids: Which entries of the vocabulary the tokens are, one sentence after another,
            shape ``(t,)``.
        codes: The tokens' vectors as ``TokenCodec`` writes them, shape ``(t, width)``.
    """

    vectors: Halves
    counts: Integers
    token_ids: Integers
    codes: Codes

    @classmethod
    def of(cls, encodings: Sequence[Encoding], codec: TokenCodec) -> KeptEncoding:
        """What is kept of the encodings of a passage's sentences, at least one."""
        tokens = [encoding.tokens for encoding in encodings]
        return cls(
            vectors=np.stack([encoding.vector for encoding in encodings]).astype(np.float16),
            counts=np.array([len(each.ids) for each in tokens], dtype=np.int32),
            token_ids=np.concatenate([each.ids for each in tokens]).astype(np.int32),
            codes=codec.encode(np.concatenate([each.vectors for each in tokens])),
        )


def form_of(encoder: Encoder) -> str:
    """The model and the form in which its encodings are kept: equal forms can be mixed."""
    return form_with(encoder.name, codec_for(encoder.name, encoder.dimensions))


def form_with(model: str, codec: TokenCodec) -> str:
    """The same of a model whose tokens are written with ``codec``."""
    return f"{model} {codec.name}"
