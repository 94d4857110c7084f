"""Passages with their encodings, made as one stream."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import closing

import pytest

from retrieval.articles import Article
from retrieval.corpus.encoding import PassageEncoding, encoded_passages
from retrieval.encoders import Encoding
from retrieval.preparation import prepare
from tests.table_encoder import TableEncoder

TEXT = "The herons nest in the old willows.\n\nThe swans winter on the lake."
ARTICLE = prepare(Article(id="birds", title="Birds", text=TEXT))
OTHER = prepare(Article(id="fish", title="Fish", text="The perch spawn in the reeds."))


class Heard(TableEncoder):
    """Knows what it was given to encode."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []
        self.has_begun = threading.Event()

    def encode_stream(self, texts: Iterable[str]) -> Iterator[tuple[int, Encoding]]:
        for number, text in enumerate(texts):
            self.heard.append(text)
            self.has_begun.set()
            yield number, self.encode_question(text)


class Broken(TableEncoder):
    """Encodes nothing."""

    def __init__(self, error: BaseException | None = None) -> None:
        super().__init__()
        self._error = error or RuntimeError("out of order")

    def encode_stream(self, texts: Iterable[str]) -> Iterator[tuple[int, Encoding]]:
        raise self._error


class Panic(BaseException):
    """As what is written in Rust raises it: no Exception."""


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


def test_passages_are_encoded_before_it_is_known_that_they_are_all() -> None:
    encoder = Heard()

    with closing(PassageEncoding(encoder, None)) as encoding:
        encoding.add([ARTICLE])
        assert encoder.has_begun.wait(60)
        encoding.add([OTHER])
        assert encoding.finish() == 3

    assert set(encoding.at_hand) == {
        passage.text_hash for article in (ARTICLE, OTHER) for passage in article.passages
    }


def test_passages_that_are_found_again_are_encoded_once() -> None:
    encoder = Heard()

    with closing(PassageEncoding(encoder, None)) as encoding:
        encoding.add([ARTICLE, ARTICLE])
        encoding.add([ARTICLE])
        assert encoding.finish() == 2

    assert len(encoder.heard) == 2


def test_progress_counts_what_was_encoded_before_somebody_waited() -> None:
    encoder = Heard()
    told: list[tuple[int, int]] = []

    with closing(PassageEncoding(encoder, None)) as encoding:
        encoding.add([ARTICLE])
        assert encoder.has_begun.wait(60)
        encoding.add([OTHER])
        encoding.finish(lambda done, total: told.append((done, total)))

    assert told == [(1, 3), (2, 3), (3, 3)]


def test_no_encoder_is_needed_for_nothing() -> None:
    encoder = Broken()

    with closing(PassageEncoding(encoder, None)) as encoding:
        encoding.add([])
        assert encoding.finish() == 0


def test_whoever_waits_is_told_why_it_failed() -> None:
    with closing(PassageEncoding(Broken(), None)) as encoding:
        encoding.add([ARTICLE])
        with pytest.raises(RuntimeError, match="out of order"):
            encoding.finish()


def test_whoever_waits_is_told_of_what_is_no_exception_too() -> None:
    with closing(PassageEncoding(Broken(Panic("out of range")), None)) as encoding:
        encoding.add([ARTICLE])
        with pytest.raises(Panic, match="out of range"):
            encoding.finish()


def test_nobody_encodes_for_what_was_given_up() -> None:
    encoder = Watched()

    with closing(PassageEncoding(encoder, None)) as encoding:
        encoding.add([ARTICLE])

    assert not encoder.is_busy
