"""Passages with their encodings, made as one stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from retrieval.articles import Article
from retrieval.corpus.encoding import encoded_passages
from retrieval.encoders import Encoding
from retrieval.preparation import prepare
from tests.table_encoder import TableEncoder

TEXT = "The herons nest in the old willows.\n\nThe swans winter on the lake."
ARTICLE = prepare(Article(id="birds", title="Birds", text=TEXT))


class Watched(TableEncoder):
    """Knows whether somebody still waits for its encodings."""

    is_busy = False

    def encode_stream(self, texts: Iterable[str]) -> Iterator[tuple[int, Encoding]]:
        self.is_busy = True
        try:
            yield from super().encode_stream(texts)
        finally:
            self.is_busy = False


def test_an_end_in_the_midst_ends_the_encoding() -> None:
    encoder = Watched()

    def end(done: int, total: int) -> None:
        raise InterruptedError(f"after {done} of {total}")

    # The error is kept, and with it the frames that it came through.
    with pytest.raises(InterruptedError, match="after 1 of 2") as error:
        encoded_passages([ARTICLE], encoder, progress=end)
    assert not encoder.is_busy
    assert error.tb is not None


def test_all_that_were_encoded_are_given_each_time() -> None:
    made = encoded_passages([ARTICLE], TableEncoder())
    assert made.encoded == 2
    first, again = list(made), list(made)
    assert [one.passage for one in first] == [passage.passage for passage in ARTICLE.passages]
    assert [one.encoding for one in first] == [one.encoding for one in again]
