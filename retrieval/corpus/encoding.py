"""The passages of articles with their encodings: what was encoded before is not encoded again."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from retrieval.database import EncodingStore
from retrieval.encoders import Encoder, Encoding, Progress
from retrieval.encoders.compression import codec_for
from retrieval.encoders.kept import KeptEncoding
from retrieval.engines import IndexedPassage
from retrieval.preparation import PreparedArticle, PreparedPassage

_AT_ONCE: Final = 200
"""Passages that are kept together: so many are lost at most when it ends suddenly."""
_READ_AT_ONCE: Final = 1000


class EncodedPassages:
    """Passages with all that is computed of them, which need not be in memory together.

    Each iteration gives all of them, in the order of the articles.

    Args:
        at_hand: The encodings that are in no store, by the hash of what was encoded.
        encoded: How many passages were encoded for this.
    """

    def __init__(
        self,
        prepared: Sequence[PreparedArticle],
        encoder: Encoder,
        store: EncodingStore | None,
        at_hand: Mapping[str, KeptEncoding],
        encoded: int,
    ) -> None:
        self._prepared = prepared
        self._encoder = encoder
        self._store = store
        self._at_hand = at_hand
        self.encoded = encoded

    def __iter__(self) -> Iterator[IndexedPassage]:
        passages = (
            (passage, article.article.text)
            for article in self._prepared
            for passage in article.passages
        )
        while some := list(islice(passages, _READ_AT_ONCE)):
            hashes = [passage.text_hash for passage, _ in some]
            if self._store is not None:
                found = self._store.get(hashes)
            else:
                found = {known: self._at_hand[known] for known in hashes}
            # What was stored and is damaged by now.
            gone = {passage.text_hash: (passage, text) for passage, text in some}
            for text_hash in found:
                gone.pop(text_hash, None)
            found.update(dict(_encode(gone, self._encoder)))
            for passage, _ in some:
                yield IndexedPassage(
                    passage=passage.passage,
                    text_hash=passage.text_hash,
                    words=passage.words,
                    sentences=passage.sentences,
                    encoding=found[passage.text_hash],
                )


def encoded_passages(
    prepared: Sequence[PreparedArticle],
    encoder: Encoder,
    store: EncodingStore | None = None,
    progress: Progress | None = None,
) -> EncodedPassages:
    """Every passage of some articles, encoded.

    Args:
        store: Has the encodings made before, and is given the new ones as they are made, so that
            whatever ends this, they need not be made again.

    Raises:
        StorageError: The new encodings cannot be kept.
    """
    texts = {
        passage.text_hash: (passage, article.article.text)
        for article in prepared
        for passage in article.passages
    }
    for known in store.intact(texts) if store is not None else ():
        del texts[known]
    at_hand: dict[str, KeptEncoding] = {}
    pending: dict[str, KeptEncoding] = {}
    # Closed at once where this ends early: the encoder's threads would go on for nobody.
    with closing(_encode(texts, encoder)) as made:
        for done, (text_hash, encoding) in enumerate(made, start=1):
            pending[text_hash] = encoding
            if store is None:
                at_hand[text_hash] = encoding
            elif len(pending) == _AT_ONCE or done == len(texts):
                store.put(pending, datetime.now(UTC))
                pending = {}
            if progress is not None:
                progress(done, len(texts))
    return EncodedPassages(prepared, encoder, store, at_hand, len(texts))


def _encode(
    some: Mapping[str, tuple[PreparedPassage, str]], encoder: Encoder
) -> Generator[tuple[str, KeptEncoding], None, None]:
    """The encodings of passages with the texts they are from, each as soon as it is there.

    All are encoded as one stream, which keeps every processor busy to its end.
    """
    if not some:
        return
    codec = codec_for(encoder.name, encoder.dimensions)
    owners = [text_hash for text_hash, (passage, _) in some.items() for _ in passage.sentences]
    firsts = dict(zip(reversed(owners), range(len(owners) - 1, -1, -1), strict=True))
    sentences = (span.of(text) for passage, text in some.values() for span in passage.sentences)
    made: dict[str, dict[int, Encoding]] = {}
    for number, encoding in encoder.encode_stream(sentences):
        text_hash = owners[number]
        own = made.setdefault(text_hash, {})
        own[number - firsts[text_hash]] = encoding
        if len(own) == len(some[text_hash][0].sentences):
            del made[text_hash]
            yield text_hash, KeptEncoding.of([own[place] for place in range(len(own))], codec)
