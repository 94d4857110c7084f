"""The collection itself: opened, asked, summarized, and replaced as one piece."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from retrieval import readers
from retrieval.answering import Answerer
from retrieval.answers import Answer
from retrieval.articles import Article
from retrieval.conversation import Turn
from retrieval.corpus import generation as generations
from retrieval.corpus.generation import Generation
from retrieval.corpus.report import Report, compare
from retrieval.corpus.sources import Catalogue, read_sources
from retrieval.corpus.storage import DamagedError, Storage
from retrieval.durable import write_durably
from retrieval.encoders import Progress
from retrieval.errors import CorpusError, StorageError
from retrieval.questions import clean_question
from retrieval.summaries import Summary, summarize

log = logging.getLogger(__name__)

_ADDED: Final = "added"
_REMOVED: Final = "removed"
_EXCLUDED: Final = "excluded.json"


@dataclass(frozen=True, slots=True)
class Status:
    """What is served, and what it costs. ``created`` is ``None`` before the first build."""

    articles: int
    passages: int
    words: int
    model: str
    generation: str | None
    created: datetime | None
    encoded: int
    bytes_on_disk: int
    sources: tuple[str, ...]
    failures: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The status in the form that ``footnote corpus status --json`` prints."""
        return {
            "articles": self.articles,
            "passages": self.passages,
            "words": self.words,
            "model": self.model,
            "generation": self.generation,
            "created": self.created.isoformat() if self.created else None,
            "encoded": self.encoded,
            "bytes_on_disk": self.bytes_on_disk,
            "sources": list(self.sources),
            "failures": list(self.failures),
        }


class Corpus:
    """Articles that are asked by many threads while one of them may replace the articles.

    Args:
        sources: Folders and files with articles, never written to.
        folder: Where the index, added articles and the list of removed ones are kept.
        answerer: Answers the questions; its encoder is used for the passages too.
    """

    def __init__(self, sources: Sequence[Path], folder: Path, answerer: Answerer) -> None:
        self._sources = tuple(sources)
        self._storage = Storage(folder)
        self._answerer = answerer
        self._encoder = answerer.encoder
        self._generation: Generation | None = None
        self._reloading = threading.Lock()
        self._failures: tuple[str, ...] = ()

    @property
    def articles(self) -> dict[str, Article]:
        """The articles that are served, by id."""
        return dict(self._serving().articles)

    def open(self, progress: Progress | None = None) -> Report:
        """Serve the stored index, brought up to date with the sources.

        Nothing is encoded while articles and model are the same as before.

        Raises:
            CorpusError: There are no articles, and none were stored before.
        """
        notices = self.restore()
        try:
            return self.reload(progress, notices=notices)
        except CorpusError as error:
            if self._generation is None:
                raise
            # What was served before is better than nothing, and the error says what to mend.
            log.warning("The articles cannot be read again: %s", error)
            notice = f"The articles are served as they were read last. {error}"
            return Report(changes=(), encoded=0, seconds=0.0, notices=(*notices, notice))

    def restore(self) -> tuple[str, ...]:
        """Serve the stored index as it is, where there is one; returns what to tell of it."""
        try:
            stored = self._stored()
            if stored is not None:
                stored.warm()
            self._generation = stored
        except DamagedError as error:
            log.warning("Stored index not used: %s", error)
            return (f"The stored index was damaged ({error}), so it is built again.",)
        return ()

    def reload(self, progress: Progress | None = None, *, notices: Sequence[str] = ()) -> Report:
        """Read the sources again and serve what they hold, all at once or not at all.

        Questions are answered from the old articles until the new ones are ready. An article
        whose file has become unreadable is served as it was read last.

        Raises:
            CorpusError: A source is missing, or no article is left; the old ones still serve.
            StorageError: Another process is reloading.
        """
        if not self._reloading.acquire(blocking=False):
            raise CorpusError(
                "These articles are being reloaded already.",
                remedy="Wait until that has finished, then try again.",
            )
        try:
            return self._reload(progress, list(notices))
        finally:
            self._reloading.release()

    def catalogue(self) -> Catalogue:
        """What the sources hold now, which may be ahead of what is served."""
        added = self._storage.folder / _ADDED
        sources = [*self._sources, *([added] if added.is_dir() else [])]
        return read_sources(sources, self._excluded())

    def add(self, path: Path, progress: Progress | None = None) -> Report:
        """Copy an article into the collection and serve it.

        Raises:
            ArticleError: The file is not an article that can be read; nothing was changed.
        """
        article_id = readers.slug(path.stem)
        readers.read(path, article_id)
        # Named by its id: what a file is called elsewhere says nothing about where it is kept.
        kept = self._storage.folder / _ADDED / f"{article_id}{path.suffix.lower()}"
        with _keeping(self._storage.folder):
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_durably(kept, path.read_bytes())
            self._write_excluded(self._excluded() - {article_id})
        return self.reload(progress)

    def remove(self, article_id: str, progress: Progress | None = None) -> Report:
        """Stop serving an article. Its file in the sources is left alone.

        Raises:
            CorpusError: There is no such article, or it is the last one.
        """
        catalogue = self.catalogue()
        path = catalogue.paths.get(article_id)
        if path is None:
            raise unknown_article(article_id, catalogue.articles)
        if set(catalogue.articles) == {article_id}:
            raise CorpusError(
                f"{article_id} is the only article, so it is not removed.",
                remedy="Add another article first.",
            )
        with _keeping(self._storage.folder):
            if path.is_relative_to(self._storage.folder):
                removed = self._storage.folder / _REMOVED
                removed.mkdir(exist_ok=True)
                path.replace(removed / path.name)
            else:
                self._write_excluded(self._excluded() | {article_id})
        return self.reload(progress)

    def ask(self, question: str, *, history: Sequence[Turn] = (), top: int = 10) -> Answer:
        """Answer a question from the articles that are served.

        Args:
            question: As a person typed it.
            history: The conversation so far, oldest turn first; it is used where the question
                cannot be understood without it.
            top: How many ranked passages the answer lists.

        Raises:
            QuestionError: It holds nothing to look for, or is too long.
        """
        return self._answerer.answer(self._serving(), question, history=history, top=top)

    def summarize(
        self, article: str | None = None, topic: str | None = None, count: int = 5
    ) -> Summary:
        """The sentences that carry an article, a topic, or the whole corpus.

        Raises:
            CorpusError: There is no such article.
            QuestionError: The topic holds nothing to look for.
        """
        generation = self._serving()
        if article is not None and article not in generation.articles:
            raise unknown_article(article, generation.articles)
        wanted = clean_question(topic) if topic is not None else None
        return summarize(
            generation.engine,
            generation.articles,
            count=count,
            article=article,
            topic=self._encoder.encode_question(wanted) if wanted else None,
            topic_text=wanted,
        )

    def status(self) -> Status:
        """What is served now; before ``open``, what is stored."""
        generation = self._generation
        if generation is None:
            try:
                generation = self._stored()
            except DamagedError as error:
                self._failures = (f"The stored index is damaged: {error}.",)
        texts = [article.text for article in generation.articles.values()] if generation else []
        return Status(
            articles=len(texts),
            passages=len(generation.engine) if generation else 0,
            words=sum(len(text.split()) for text in texts),
            model=self._encoder.name,
            generation=generation.digest[:12] if generation else None,
            created=generation.created if generation else None,
            encoded=generation.encoded if generation else 0,
            bytes_on_disk=self._storage.bytes_on_disk() if self._storage.folder.exists() else 0,
            sources=tuple(str(source) for source in self._sources),
            failures=self._failures,
        )

    def _serving(self) -> Generation:
        if self._generation is None:
            raise CorpusError("The articles are not open yet.", remedy="Try again in a moment.")
        return self._generation

    def _stored(self) -> Generation | None:
        stored = self._storage.current()
        return generations.read(*stored) if stored else None

    def _reload(self, progress: Progress | None, notices: list[str]) -> Report:
        start = time.perf_counter()
        serving = self._generation
        before = dict(serving.articles) if serving else {}
        catalogue = self.catalogue()
        articles = dict(catalogue.articles)
        for id_ in catalogue.failures:
            if id_ in before:
                articles[id_] = before[id_]
        articles = {id_: articles[id_] for id_ in catalogue.paths if id_ in articles}
        self._failures = tuple(str(error) for error in catalogue.failures.values())
        if not articles:
            raise _nothing_to_serve(self._sources, catalogue)
        encoded = 0
        digest = generations.digest_of(articles.values(), self._encoder.name)
        if serving is None or serving.digest != digest:
            fresh = generations.build(articles, self._encoder, serving, progress)
            encoded = fresh.encoded
            try:
                with self._storage.lock():
                    self._storage.write(lambda folder: generations.write(fresh, folder))
            except StorageError as error:
                log.warning("The index is not kept: %s", error)
                notices.append(f"The new index serves, but is not kept for the next start. {error}")
            fresh.warm()
            self._generation = fresh
        return Report(
            changes=compare(before, articles, catalogue.failures),
            encoded=encoded,
            seconds=time.perf_counter() - start,
            notices=tuple(notices),
        )

    def _excluded(self) -> frozenset[str]:
        try:
            return frozenset(json.loads((self._storage.folder / _EXCLUDED).read_text("utf-8")))
        except (FileNotFoundError, NotADirectoryError):
            return frozenset()
        except (OSError, ValueError, TypeError) as error:
            raise StorageError(
                "The list of removed articles cannot be read.",
                why=str(error),
                remedy=f"Delete {self._storage.folder / _EXCLUDED} to serve every article again.",
            ) from error

    def _write_excluded(self, ids: frozenset[str]) -> None:
        if ids == self._excluded():
            return
        self._storage.folder.mkdir(parents=True, exist_ok=True)
        write_durably(self._storage.folder / _EXCLUDED, json.dumps(sorted(ids)).encode())


@contextmanager
def _keeping(folder: Path) -> Iterator[None]:
    """Raise ``StorageError`` where ``folder`` cannot be written."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"The change cannot be kept in {folder}.",
            why=f"The system says: {error.strerror or error}.",
            remedy="Check the space and the permissions of FOOTNOTE_DATA_DIR.",
        ) from error


def unknown_article(article_id: str, known: Iterable[str]) -> CorpusError:
    """The error for an id that no article has, with the ids that are nearest to it."""
    import difflib

    close = difflib.get_close_matches(article_id, list(known), n=3, cutoff=0.4)
    return CorpusError(
        f"There is no article {article_id!r}.",
        remedy=(
            f"Did you mean {' or '.join(close)}?"
            if close
            else "'footnote corpus list' shows every article."
        ),
    )


def _nothing_to_serve(sources: Sequence[Path], catalogue: Catalogue) -> CorpusError:
    where = ", ".join(str(source) for source in sources)
    if catalogue.failures:
        return CorpusError(
            f"None of the articles in {where} can be read.",
            why=" ".join(str(error) for error in catalogue.failures.values()),
            remedy="Mend one of them, then try again.",
        )
    return CorpusError(
        f"There are no articles in {where}.",
        remedy="Put a Markdown (.md) or plain text (.txt) file there, then try again.",
    )
