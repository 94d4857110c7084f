"""What the sources hold now, against what is kept: only what has changed is read.

Nothing is kept here: the result is an inventory that the corpus may keep, or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from pathlib import PurePosixPath
from random import random
from typing import Final

from retrieval import readers
from retrieval.articles import Article
from retrieval.corpus.following import follow
from retrieval.corpus.naming import Names, key_of
from retrieval.corpus.originals import Originals, fingerprint_of
from retrieval.corpus.refusals import unknown_format
from retrieval.corpus.sources import (
    Addition,
    Configured,
    ListedFile,
    Upload,
    list_files,
)
from retrieval.database.records import ArticleRecord, Entry, Inventory, SourceRecord
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.phrases import from_text, phrase, to_text
from retrieval.preparation import PreparedArticle
from retrieval.readers.documents import Document, Linked
from retrieval.readers.files import open_file
from retrieval.readers.plain_text import one_line
from retrieval.sandbox import Prepared, Sandbox
from retrieval.web import Fetcher, FetchError, NotModified, next_check, normalize

Found = Callable[[Sequence[PreparedArticle]], None]
"""Is told of articles."""

READERS: Final = 1
"""Raised whenever the readers make other articles of the same bytes: all are then read again."""
_LINKED_AT_ONCE: Final = 50
"""Articles of one feed that are fetched at one poll; the others wait for the next."""
_UNSETTLED: Final = timedelta(seconds=2)
"""A file changed so recently may be changed again within one tick of the file system's clock."""


class Asked(Enum):
    """Which pages and feeds are asked for news."""

    NEW = "those that were never read"
    DUE = "those whose time has come"
    ALL = "all of them"


@dataclass(frozen=True, slots=True)
class Tools:
    """What sources are read with."""

    sandbox: Sandbox
    fetcher: Fetcher
    originals: Originals
    limits: Limits
    interval: timedelta
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Stock:
    """What there is, and what could not be read, by the id of its article."""

    inventory: Inventory
    failures: Mapping[str, ArticleError]


def take_stock(
    inventory: Inventory,
    sources: Sequence[Configured],
    tools: Tools,
    asked: Asked,
    found: Found | None = None,
) -> Stock:
    """What the configured sources hold now, and then the added ones.

    What cannot be read is kept as it was read last. What a feed no longer names is kept too.

    Args:
        found: Is told of articles that are new or others than before, as soon as they are read.

    Raises:
        CorpusError: A configured source is missing or cannot be listed.
    """
    targets: list[ListedFile | str] = [
        *list_files(sources),
        *dict.fromkeys(normalize(source) for source in sources if isinstance(source, str)),
    ]
    run = _Run(inventory, tools, found)
    run.forget_unlisted(targets)
    entries = []
    for target in targets:
        if isinstance(target, ListedFile):
            entries.append(run.file(target))
        else:
            entries.append(run.address(target, asked, configured=True))
    for entry in run.remaining():
        if entry.source.kind == "upload":
            entries.append(run.upload_again(entry))
        else:
            entries.append(run.address(entry.source.location, asked))
    return Stock(_with_entries(inventory, entries), run.failures)


def add_to(inventory: Inventory, addition: Addition, tools: Tools) -> tuple[Stock, Entry]:
    """The inventory with what somebody adds, in the place of what had its name, and the entry.

    Raises:
        ArticleError: Nothing in it can be read.
    """
    run = _Run(inventory, tools)
    entry = run.added(addition)
    key = key_of(entry.source)
    keys = [key_of(other.source) for other in inventory.entries]
    place = keys.index(key) if key in keys else len(keys)
    entries = [other for other in inventory.entries if key_of(other.source) != key]
    entries.insert(place, entry)
    return Stock(_with_entries(inventory, entries), run.failures), entry


class _Run:
    """One walk through the sources: which ids are taken, and what has failed."""

    def __init__(
        self,
        inventory: Inventory,
        tools: Tools,
        found: Found | None = None,
    ) -> None:
        self.failures: dict[str, ArticleError] = {}
        self._tools = tools
        self._found = found
        self._now = tools.clock()
        self._kept = {key_of(entry.source): entry for entry in inventory.entries}
        self._moved: dict[str, Entry] = {}
        self._names = Names(inventory.entries)

    def forget_unlisted(self, targets: Sequence[ListedFile | str]) -> None:
        """Leave out what the settings named before and do not name now."""
        listed = {
            ("file", target.location) if isinstance(target, ListedFile) else ("web", target)
            for target in targets
        }
        for key, entry in list(self._kept.items()):
            if entry.source.configured and key not in listed:
                del self._kept[key]
                # A whole folder may have been moved: its files are known by their names in it.
                if entry.source.kind == "file":
                    self._moved[entry.source.name] = entry
        self._names = Names(self._kept.values())

    def remaining(self) -> list[Entry]:
        """The entries that were not read in this walk."""
        return list(self._kept.values())

    def file(self, listed: ListedFile) -> Entry:
        """A configured file as it is now."""
        key = ("file", listed.location)
        entry = self._kept.pop(key, None)
        moved = self._moved.pop(listed.name, None) if entry is None else None
        if moved is not None and self._names.are_free(moved):
            here = replace(moved.source, location=listed.location, modified_ns=None)
            entry = replace(moved, source=here)
        if entry is None:
            entry = Entry(
                SourceRecord(
                    kind="file",
                    location=listed.location,
                    name=listed.name,
                    article=self._names.new(listed.name, key),
                    position=0,
                    added=self._now,
                    configured=True,
                )
            )
        self._names.claim(entry)
        try:
            entry = self._file(entry, listed)
        except ArticleError as error:
            entry = self._failed(entry, error)
        self._names.claim(entry)
        return entry

    def _file(self, entry: Entry, listed: ListedFile) -> Entry:
        source = entry.source
        try:
            stat = listed.path.stat()
            size, modified = stat.st_size, stat.st_mtime_ns
        except OSError:
            size, modified = -1, 0  # Reading it says what is wrong.
        if _is_current(source) and (source.size, source.modified_ns) == (size, modified):
            return entry
        content = open_file(listed.path, source.name, self._tools.limits)
        settled = self._now.timestamp() * 1e9 - modified > _UNSETTLED.total_seconds() * 1e9
        fingerprint = fingerprint_of(content)
        if not (_is_current(source) and source.fingerprint == fingerprint):
            format_ = readers.format_of_name(listed.path.name)
            if format_ is None:
                raise unknown_format(source.name)
            entry = self._read(entry, Document(source.name, content, format_), fingerprint)
        return replace(
            entry,
            source=replace(entry.source, size=size, modified_ns=modified if settled else None),
        )

    def added(self, addition: Addition) -> Entry:
        """What somebody adds, in the place of what had its name or its address.

        Raises:
            ArticleError: It cannot be fetched, or nothing in it can be read.
        """
        if isinstance(addition, Upload):
            return self._upload(addition)
        # As people paste it: in the brackets that keep Discord from unfurling, or without a scheme.
        named = addition.url.strip().strip("<>")
        url = normalize(named if "://" in named else f"https://{named}")
        return self._address(_restored(self._web_entry(url, configured=False)))

    def _upload(self, upload: Upload) -> Entry:
        name = one_line(PurePosixPath(upload.name.replace("\\", "/")).name)[:200] or "upload"
        key = ("upload", name.casefold())
        format_ = upload.format or readers.format_of_name(name)
        if format_ is None:
            raise unknown_format(name)
        entry = self._kept.get(key) or Entry(
            SourceRecord(
                kind="upload",
                location=key[1],
                name=name,
                article=self._names.new(name, key),
                position=0,
                added=self._now,
            )
        )
        self._names.claim(entry)
        return self._read(
            _restored(entry),
            Document(name, upload.content, format_),
            fingerprint_of(upload.content),
        )

    def upload_again(self, entry: Entry) -> Entry:
        """An upload, read again where the readers have changed since."""
        source = entry.source
        if source.reader == READERS or source.fingerprint is None or source.format is None:
            return entry
        content = self._tools.originals.get(source.fingerprint)
        if content is None:
            return entry
        try:
            document = Document(source.name, content, source.format)
            return self._read(entry, document, source.fingerprint)
        except ArticleError as error:
            return self._failed(entry, error)

    def address(self, url: str, asked: Asked, *, configured: bool = False) -> Entry:
        """A page or feed, fetched if it is its turn."""
        entry = self._web_entry(url, configured=configured)
        self._kept.pop(("web", url), None)
        source = entry.source
        if not entry.is_wanted:
            return entry
        is_due = source.next_check is not None and source.next_check <= self._now
        if asked is Asked.ALL or source.next_check is None or (asked is Asked.DUE and is_due):
            try:
                entry = self._address(entry)
            except ArticleError as error:
                entry = self._failed(entry, error)
        elif source.error is not None:
            self.failures[source.article] = ArticleError(source.name, from_text(source.error))
        self._names.claim(entry)
        return entry

    def _web_entry(self, url: str, *, configured: bool) -> Entry:
        key = ("web", url)
        entry = self._kept.get(key)
        if entry is None:
            path = url.partition("://")[2].partition("?")[0].rstrip("/")
            entry = Entry(
                SourceRecord(
                    kind="page",
                    location=url,
                    name=path,
                    article=self._names.new(path, key, whole=True),
                    position=0,
                    added=self._now,
                )
            )
        self._names.claim(entry)
        is_configured = configured or entry.source.configured
        return replace(entry, source=replace(entry.source, configured=is_configured))

    def _address(self, entry: Entry) -> Entry:
        source, tools = entry.source, self._tools
        known = _is_current(source)
        found = tools.fetcher.fetch(
            source.location,
            etag=source.etag if known else None,
            last_modified=source.last_modified if known else None,
        )
        again = next_check(self._now, tools.interval, jitter=random())  # noqa: S311
        if not isinstance(found, NotModified):
            format_ = readers.format_of_response(found.media_type, found.url, found.content)
            if format_ is None:
                raise unknown_format(source.name)
            fingerprint = fingerprint_of(found.content)
            if not known or fingerprint != source.fingerprint or source.format == "feed":
                document = Document(
                    source.name, found.content, format_, url=found.url, charset=found.charset
                )
                entry = self._read(entry, document, fingerprint)
        return replace(
            entry,
            source=replace(
                entry.source,
                kind="feed" if entry.source.format == "feed" else "page",
                etag=found.etag,
                last_modified=found.last_modified,
                next_check=again,
                failures=0,
                error=None,
            ),
        )

    def _read(self, entry: Entry, document: Document, fingerprint: str) -> Entry:
        """The entry with what a document holds in the place of what it held."""
        source = entry.source
        prepared = self._tools.sandbox.read(document, source.article)
        old = {held.article.id: held for held in entry.articles}
        found = [*self._own(prepared, source, document.url)]
        if document.format == "feed":
            found += self._linked(prepared.linked, source, old)
        for number, failure in enumerate(prepared.failures, start=1):
            self.failures[f"{source.article}/{number}"] = failure
        records = [_record(item, old.pop(item.article.id, None), source) for item in found]
        if self._found is not None:
            self._found(
                [
                    item
                    for item, record in zip(found, records, strict=True)
                    if record.passages is item.passages and record.removed is None
                ]
            )
        if document.format == "feed":
            records += old.values()
        else:
            # What was removed by a person stays so, should its source bring it back.
            records += [held for held in old.values() if held.removed is not None]
        return Entry(
            replace(
                source,
                format=document.format,
                reader=READERS,
                fingerprint=fingerprint,
                failures=0,
                error=None,
            ),
            tuple(records),
        )

    def _own(
        self, prepared: Prepared, source: SourceRecord, url: str | None
    ) -> Iterable[PreparedArticle]:
        """The articles of a document under ids that no other source has."""
        for item in prepared.articles:
            article = item.article
            if not _is_text(article):
                self.failures[article.id] = ArticleError(
                    source.name,
                    phrase("The text of an article in {name} is damaged.", name=source.name),
                    why=phrase("It holds halves of characters (lone surrogates)."),
                    remedy=phrase("Remove them, or write the whole characters in their place."),
                )
                continue
            named = item.under(self._names.own(article.id, source))
            yield replace(named, article=replace(named.article, url=article.url or url))

    def _linked(
        self, linked: Sequence[Linked], source: SourceRecord, old: Mapping[str, ArticleRecord]
    ) -> list[PreparedArticle]:
        """The articles that a feed only names, fetched where they were not before."""
        found: list[PreparedArticle] = []
        new = [link for link in linked if link.id not in old]
        # What cannot be fetched counts too: else a feed could have anything asked for.
        for link in new[:_LINKED_AT_ONCE]:
            try:
                item = follow(link, self._tools.fetcher, self._tools.sandbox)
            except ArticleError as error:
                self.failures[link.id] = error
            else:
                found += self._own(Prepared((item,)), source, link.url)
        return found

    def _failed(self, entry: Entry, error: ArticleError) -> Entry:
        """The entry as it was, with what went wrong."""
        source = entry.source
        self.failures[source.article] = error
        failures = source.failures + 1
        again = None
        if source.kind in {"page", "feed"}:
            again = next_check(
                self._now,
                self._tools.interval,
                failures=failures,
                retry_after=error.retry_after if isinstance(error, FetchError) else None,
            )
        failed = replace(source, failures=failures, error=to_text(str(error)), next_check=again)
        return replace(entry, source=failed)


def _with_entries(inventory: Inventory, entries: Iterable[Entry]) -> Inventory:
    placed = tuple(
        entry
        if entry.source.position == position
        else replace(entry, source=replace(entry.source, position=position))
        for position, entry in enumerate(entries)
    )
    return replace(inventory, entries=placed)


def _is_current(source: SourceRecord) -> bool:
    """Whether what is kept of a source is what these readers make of it."""
    return source.reader == READERS and source.error is None


def _record(
    item: PreparedArticle, held: ArticleRecord | None, source: SourceRecord
) -> ArticleRecord:
    removed = None
    if held is not None:
        is_same = held.article.digest == item.article.digest and source.reader == READERS
        if held.emptied or is_same:
            return held
        # What was removed stays so; who brings it back gets what the source says now.
        removed = held.removed
    return ArticleRecord(item.article, item.signature, removed=removed, passages=item.passages)


def _restored(entry: Entry) -> Entry:
    """The entry with nothing in it removed: whoever adds it again wants it back."""
    articles = tuple(replace(held, removed=None) for held in entry.articles if not held.emptied)
    gone = len(articles) < len(entry.articles)
    # What was emptied must be read anew, even if not a byte has changed.
    source = replace(entry.source, reader=0) if gone else entry.source
    return Entry(source, articles)


def _is_text(article: Article) -> bool:
    fields = (
        article.title,
        article.text,
        article.source,
        article.url,
        article.author,
        article.published,
    )
    try:
        "".join(field or "" for field in fields).encode()
    except UnicodeEncodeError:
        return False
    return True
