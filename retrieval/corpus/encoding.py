"""The passages of articles with their encodings: what was encoded before is not encoded again."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from itertools import count, islice
from queue import SimpleQueue
from typing import Final

from retrieval.database import EncodingStore
from retrieval.encoders import Encoder, Encoding, Progress
from retrieval.encoders.compression import codec_for
from retrieval.encoders.kept import KeptEncoding
from retrieval.engines import IndexedPassage
from retrieval.preparation import PreparedArticle, PreparedPassage

_Text = tuple[PreparedPassage, str]
"""A passage and the text of its article."""

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
            if gone:
                found.update(_encode(gone.values(), self._encoder))
            for passage, _ in some:
                yield IndexedPassage(
                    passage=passage.passage,
                    text_hash=passage.text_hash,
                    words=passage.words,
                    sentences=passage.sentences,
                    encoding=found[passage.text_hash],
                )


class PassageEncoding:
    """Encodes passages in the background, while others are still being read.

    For one thread. Nothing is loaded before the first passage comes, nor goes on once it is closed.

    Args:
        store: Gives what has the encodings made before, and is given the new ones as they are
            made, so that whatever ends this, they need not be made again. Without one they stay
            ``at_hand``.
    """

    def __init__(self, encoder: Encoder, store: Callable[[], EncodingStore] | None) -> None:
        self.at_hand: dict[str, KeptEncoding] = {}
        self._encoder = encoder
        self._store = store
        self._seen: set[str] = set()
        self._total = 0
        self._texts: SimpleQueue[Iterable[_Text] | None] = SimpleQueue()
        self._encoded: SimpleQueue[bool] = SimpleQueue()
        """``True`` for each passage that is encoded, and ``False`` when it has ended."""
        self._pool = ThreadPoolExecutor(1, "encode-passages")
        self._running: Future[None] | None = None
        self._is_closed = False

    def add(self, articles: Iterable[PreparedArticle]) -> None:
        """Have those passages encoded that never were; those of earlier calls are known.

        Raises:
            ModelError: The model cannot be loaded.
            StorageError: What was made before cannot be read.
        """
        texts = {
            passage.text_hash: (passage, article.article.text)
            for article in articles
            for passage in article.passages
            if passage.text_hash not in self._seen
        }
        self._seen.update(texts)
        if texts and self._store is not None:
            for known in self._store().intact(texts):
                del texts[known]
        if not texts:
            return
        self._total += len(texts)
        self._texts.put(texts.values())
        if self._running is None:
            self._running = self._pool.submit(self._encode_all)
            self._running.add_done_callback(lambda _: self._encoded.put(False))

    def finish(self, progress: Progress | None = None) -> int:
        """Wait until all are encoded, and say how many were.

        Raises:
            ModelError: The model cannot be loaded.
            StorageError: They cannot be kept.
        """
        if self._running is None:
            return 0
        self._texts.put(None)
        done = 0
        while self._encoded.get():
            done += 1
            if progress is not None:
                progress(done, self._total)
        self._running.result()
        return done

    def close(self) -> None:
        """End it, and leave undone what is not done yet."""
        self._is_closed = True
        self._texts.put(None)
        self._pool.shutdown()

    def _encode_all(self) -> None:
        pending: dict[str, KeptEncoding] = {}
        # Closed at once where this ends early: the encoder's threads would go on for nobody.
        with closing(_encode(self._given(), self._encoder)) as made:
            for text_hash, encoding in made:
                if self._is_closed:
                    return
                pending[text_hash] = encoding
                if len(pending) == _AT_ONCE:
                    self._keep(pending)
                    pending = {}
                self._encoded.put(True)
        self._keep(pending)

    def _given(self) -> Iterator[_Text]:
        while (texts := self._texts.get()) is not None and not self._is_closed:
            yield from texts

    def _keep(self, encodings: Mapping[str, KeptEncoding]) -> None:
        if self._store is None:
            self.at_hand.update(encodings)
        else:
            self._store().put(encodings, datetime.now(UTC))


def encoded_passages(
    prepared: Sequence[PreparedArticle],
    encoder: Encoder,
    store: EncodingStore | None = None,
    progress: Progress | None = None,
    begun: PassageEncoding | None = None,
) -> EncodedPassages:
    """Every passage of some articles, encoded.

    Args:
        store: As ``PassageEncoding`` has it.
        begun: What has begun to encode them for the same store, which is closed afterwards.

    Raises:
        StorageError: The new encodings cannot be kept.
    """
    if begun is None:
        begun = PassageEncoding(encoder, (lambda: store) if store is not None else None)
    with closing(begun) as encoding:
        encoding.add(prepared)
        encoded = encoding.finish(progress)
    return EncodedPassages(prepared, encoder, store, encoding.at_hand, encoded)


def _encode(
    texts: Iterable[_Text], encoder: Encoder
) -> Generator[tuple[str, KeptEncoding], None, None]:
    """The encodings of passages, no two alike, each as soon as it is there.

    All are encoded as one stream, which keeps every processor busy to its end.
    """
    codec = codec_for(encoder.name, encoder.dimensions)
    owners: dict[int, tuple[PreparedPassage, int]] = {}

    def sentences() -> Iterator[str]:
        numbers = count()
        for passage, text in texts:
            for place, span in enumerate(passage.sentences):
                owners[next(numbers)] = passage, place
                yield span.of(text)

    made: dict[str, dict[int, Encoding]] = {}
    for number, encoding in encoder.encode_stream(sentences()):
        passage, place = owners.pop(number)
        own = made.setdefault(passage.text_hash, {})
        own[place] = encoding
        if len(own) == len(passage.sentences):
            del made[passage.text_hash]
            kept = KeptEncoding.of([own[place] for place in range(len(own))], codec)
            yield passage.text_hash, kept
