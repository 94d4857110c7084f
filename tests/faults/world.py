"""A shared folder and the uploads of two servers, which changes lead from one state to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from retrieval.answering import Answerer
from retrieval.corpus import Corpora, Corpus, Report, Upload
from retrieval.limits import Limits
from retrieval.preparation import prepare
from retrieval.readers import read
from retrieval.readers.documents import Document
from retrieval.sandbox import Prepared, Sandbox
from tests.faults.children import Parent

SHARED: Final = None
SERVERS: Final = (101, 202)
PLACES: Final = (SHARED, *SERVERS)
FILES: Final = 6
UPLOADS: Final = 3

Place = int | None
"""A server, or the collection that all of them share."""
State = Mapping[Place, Mapping[str, str]]
"""What is served: the text of every article, by place and id."""


class ReadsHere(Sandbox):
    """Reads documents in this process: what is on trial here is how they are kept.

    A process of its own takes a second to start, which most of some hundred runs can do without.
    """

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self._limits_here = limits

    def read(self, document: Document, article_id: str) -> Prepared:
        found = read(document, article_id, self._limits_here)
        return Prepared(tuple(map(prepare, found.articles)), found.failures, found.linked)


@dataclass(frozen=True)
class Change:
    """One change, and what it leads to.

    Attributes:
        files: What the folder is to hold before; ``None`` where that is nothing to this change.
        act: Makes the change. Can be repeated where it was not committed.
    """

    kind: str
    place: Place
    files: Mapping[str, str] | None
    act: Callable[[Corpora], object]
    after: State


class World:
    """The articles, where they are kept, and what should be served of them.

    Args:
        root: An empty folder.
        data: Where it is all kept, where that is to lie elsewhere.
    """

    def __init__(
        self, root: Path, answerer: Answerer, random: Random, data: Path | None = None
    ) -> None:
        self.articles = root / "articles"
        self.backup = root / "backup.zip"
        self.data = data or root / "data"
        self.random = random
        self.state: State = {place: {} for place in PLACES}
        self._answerer = answerer
        self._edition = 0
        self._removed: State = {place: {} for place in PLACES}
        self._backed_up: tuple[State, State] | None = None
        self.articles.mkdir(parents=True)

    def corpora(self, *, sandboxed: bool = False) -> Corpora:
        """The collections as a start would find them; not open."""
        sandbox = None if sandboxed else ReadsHere(Limits())
        return Corpora(self.data, self._answerer, [self.articles], sandbox=sandbox)

    def first(self) -> Change:
        """From nothing to some files, by opening the collections."""
        texts = dict(self._fresh(SHARED, "file") for _ in range(FILES))
        return self._change("first", SHARED, texts, Corpora.open, texts)

    def beginnings(self) -> list[Change]:
        """The changes that lead from nothing to where most trials begin, kept as made."""
        changes = [self.first()]
        self.put_files(changes[0])
        self.keep(changes[0])
        for place in PLACES:
            for _ in range(UPLOADS):
                changes.append(self.plan("add", place))
                self.keep(changes[-1])
        return changes

    def put_files(self, change: Change) -> None:
        """Put into the folder what the change is to find there."""
        if change.files is None:
            return
        for path in self.articles.iterdir():
            if path.stem not in change.files:
                path.unlink()
        for id_, text in change.files.items():
            (self.articles / f"{id_}.txt").write_text(text, "utf-8")

    def opened(self, state: State) -> State:
        """What is served of a state once the files were read again."""
        files = {path.stem: path.read_text("utf-8") for path in self.articles.iterdir()}
        added = {id_: text for id_, text in state[SHARED].items() if not _is_file(id_)}
        return {**state, SHARED: {**files, **added}}

    def plan(self, kind: str, place: Place = SHARED) -> Change:
        """A change of some kind; an addition where there is nothing to do it to."""
        held = dict(self.state[place])
        removed = self._removed[place]
        uploads = [id_ for id_ in held if not _is_file(id_)]
        if kind in {"reload", "start"}:
            return self._reload(kind, held)
        if kind == "back up":
            return self._change(kind, place, held, lambda corpora: corpora.back_up(self.backup))
        if kind == "bring back" and self._backed_up is not None:
            return Change(
                kind,
                place,
                None,
                lambda corpora: corpora.bring_back(self.backup),
                self._backed_up[0],
            )
        if kind == "forget" and place is not None and held:
            return self._change(kind, place, {}, lambda corpora: corpora.forget(place))
        if kind == "remove" and uploads:
            gone = self.random.choice(uploads)
            left = {id_: text for id_, text in held.items() if id_ != gone}
            return self._change(
                kind, place, left, lambda corpora: collection(corpora, place).remove(gone)
            )
        if kind == "undo" and removed:
            back = self.random.choice(list(removed))
            whole = {**held, back: removed[back]}
            return self._change(
                kind, place, whole, lambda corpora: collection(corpora, place).undo(back)
            )
        replaced = self.random.choice(uploads) if kind == "replace" and uploads else ""
        id_, text = self._fresh(place, "upload", replaced)
        upload = Upload(f"{id_}.txt", text.encode())
        return self._change(
            "replace" if replaced else "add",
            place,
            {**held, id_: text},
            lambda corpora: collection(corpora, place).add(upload),
        )

    def keep(self, change: Change) -> None:
        """Go on from where a change has led."""
        removed = {place: dict(texts) for place, texts in self._removed.items()}
        was, now = self.state[change.place], change.after[change.place]
        if change.kind == "remove":
            removed[change.place] |= {id_: text for id_, text in was.items() if id_ not in now}
        if change.kind == "undo":
            removed[change.place] = {
                id_: text for id_, text in removed[change.place].items() if id_ not in now
            }
        if change.kind == "forget":
            removed[change.place] = {}
        if change.kind == "back up":
            self._backed_up = self.state, self._removed
        if change.kind == "bring back" and self._backed_up is not None:
            self._removed = self._backed_up[1]
        else:
            self._removed = removed
        self.state = change.after

    def _reload(self, kind: str, held: dict[str, str]) -> Change:
        """Some files changed, some new, and one gone."""
        now = self.opened(self.state)[SHARED]
        files = {id_: text for id_, text in now.items() if _is_file(id_)}
        for name in self.random.sample(sorted(files), self.random.randint(2, len(files))):
            files.update([self._fresh(SHARED, "file", name)])
        if self.random.random() < 0.5:
            del files[self.random.choice(sorted(files))]
            files.update([self._fresh(SHARED, "file")])
        added = {id_: text for id_, text in held.items() if not _is_file(id_)}
        act = Corpora.open if kind == "start" else _reload
        return self._change(kind, SHARED, {**files, **added}, act, files)

    def _change(
        self,
        kind: str,
        place: Place,
        texts: Mapping[str, str],
        act: Callable[[Corpora], object],
        files: Mapping[str, str] | None = None,
    ) -> Change:
        return Change(kind, place, files, act, {**self.state, place: dict(texts)})

    def _fresh(self, place: Place, kind: str, name: str = "") -> tuple[str, str]:
        """The id and the text of an article that nobody has had before."""
        self._edition += 1
        # The name says whose it is, so that two places never have an id in common.
        id_ = name or f"{kind}-{place or 0}-{self._edition}"
        return id_, text_of(id_, self._edition)


def begin(world: World, changes: Sequence[Change], parent: Parent) -> None:
    """Make changes one after the other, in a process of its own."""
    with world.corpora() as corpora:
        for change in changes:
            change.act(corpora)


def finish(world: World, parent: Parent) -> None:
    """One more change everywhere, after which nothing may be left of what was before."""
    with world.corpora() as corpora:
        corpora.open()
        for place in PLACES:
            world.plan("add", place).act(corpora)


def _reload(corpora: Corpora) -> Report:
    return corpora.shared.reload()


def _is_file(id_: str) -> bool:
    return id_.startswith("file-")


def collection(corpora: Corpora, place: Place) -> Corpus:
    """The collection of a place, open."""
    return corpora.shared if place is None else corpora.server(place)


def text_of(id_: str, edition: int) -> str:
    """An article that can be asked for by its name and tells its edition in each paragraph."""
    name = name_of(id_)
    return (
        f"The lighthouse of {name} is kept by Torvald, who lit it {edition} times.\n\n"
        f"In the harbour of {name} lie {edition} boats. The ferry leaves at noon.\n\n"
        f"The register of {name} is at edition {edition}."
    )


def name_of(id_: str) -> str:
    """The place name in an article: one word that is in no other."""
    digits = (int(c) for c in id_ if c.isdigit())
    return "".join("bdfghklmnp"[digit] + "aeiou"[digit % 5] for digit in digits).title()


def question_about(id_: str) -> str:
    """A question that this article answers and no other does."""
    return f"Who keeps the lighthouse of {name_of(id_)}?"
