"""What must hold of collections, whatever has happened to them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Final

from retrieval.answers import Answer
from retrieval.corpus import Corpora
from retrieval.engines.embedded import EmbeddedEngine
from retrieval.errors import CorpusError, DamagedError
from retrieval.preparation import prepare
from tests.faults.world import PLACES, SHARED, Place, State, collection, question_about

Complain = Callable[[str], None]
_TRIES: Final = 3
"""A change on the way may use again what is damaged."""
_PAUSE: Final = 0.002
"""Seconds between two questions: without, little of the interpreter is left to the change."""


def served(corpora: Corpora) -> State:
    """What every collection serves."""
    return {place: _texts(corpora, place) for place in PLACES}


def kept(corpora: Corpora) -> State:
    """What every collection has kept, before any file is read again."""
    corpora.shared.restore()
    return served(corpora)


def encoded(corpora: Corpora) -> int:
    """How many passages were encoded since these collections were made."""
    return sum(collection(corpora, place).status().encoded_here for place in PLACES)


def index_faults(corpora: Corpora) -> Iterator[str]:
    """Where an index is not that of the articles that are served beside it."""
    for place in PLACES:
        generation = collection(corpora, place).generation
        if generation is None:
            continue
        for part in generation.parts:
            ids = list(part.ids())
            engine = part.segment.engine
            assert isinstance(engine, EmbeddedEngine)
            indexed = [engine.text_hash(int(row)) for row in engine.rows_of(set(ids))]
            passages = [p for id_ in ids for p in prepare(generation.articles[id_]).passages]
            if indexed != [passage.text_hash for passage in passages]:
                yield f"the index of {place or 'shared'} is of other articles"


def difference(found: State, expected: State) -> str:
    """Where two states differ; empty where they do not."""
    told = []
    for place in PLACES:
        ours, theirs = found[place], expected[place]
        for id_ in sorted({*ours, *theirs}):
            if ours.get(id_) != theirs.get(id_):
                what = (
                    "is lost"
                    if id_ not in ours
                    else "should not be there"
                    if id_ not in theirs
                    else f"is {ours[id_]!r} instead of {theirs[id_]!r}"
                )
                told.append(f"{id_} of {place or 'shared'} {what}")
    return "; ".join(told)


def ask_all(
    corpora: Corpora, state: State, random: Random, complain: Complain, each: int = 2
) -> int:
    """Ask everybody for their own articles and for strangers'; how many questions that were."""
    asked = 0
    for place in PLACES:
        visible = _visible(state, place)
        own = random.sample(sorted(visible), min(each, len(visible)))
        strange = sorted({id_ for other in state.values() for id_ in other} - set(visible))
        for id_ in (*own, *random.sample(strange, min(1, len(strange)))):
            if not visible:
                continue
            asked += 1
            try:
                answer = corpora.ask(question_about(id_), server=place)
            except CorpusError as error:
                complain(f"{place} is not answered: {error}")
                continue
            for fault in faults_of(answer, [state], place):
                complain(fault)
            if id_ in own and id_ not in _articles_in(answer):
                complain(f"{question_about(id_)} of {place} does not find {id_}")
    return asked


def faults_of(answer: Answer, states: Iterable[State], place: Place) -> list[str]:
    """Why an answer is not from any one of these states; empty where it is from one."""
    faults: list[str] = []
    for state in states:
        faults = list(_faults(answer, state, place))
        if not faults:
            return []
    return faults


@contextmanager
def asking(
    corpora: Corpora,
    states: Sequence[State],
    complain: Complain,
    seed: int,
    count: Callable[[], None] = lambda: None,
) -> Iterator[Callable[[int], None]]:
    """Ask all the while, in two threads. What is yielded waits for so many answers more.

    Args:
        states: Each answer must be wholly from these, each collection as it is in one of them.
        count: Called after each.
    """
    over = threading.Event()
    mixed = [{**own, SHARED: shared[SHARED]} for own in states for shared in states]
    answered = threading.Semaphore(0)

    def ask(number: int) -> None:
        random = Random(f"{seed} {number}")
        known = sorted({id_ for state in states for place in state.values() for id_ in place})
        while not over.wait(_PAUSE):
            place = random.choice(PLACES)
            try:
                texts = _texts_of(corpora, place)
                if not any(texts == _visible(state, place) for state in mixed):
                    complain(f"{place or 'shared'} is shown articles of no one state")
                answer = corpora.ask(question_about(random.choice(known)), server=place)
            except Exception as error:
                complain(f"{place or 'shared'} is not answered: {error!r}")
                continue
            for fault in faults_of(answer, mixed, place):
                complain(fault)
            count()
            answered.release()

    def wait(answers: int) -> None:
        while answered.acquire(blocking=False):
            pass
        for _ in range(answers):
            if not answered.acquire(timeout=60):
                complain("nobody is answered any more")

    running = [threading.Thread(target=ask, args=(number,)) for number in range(2)]
    # Its first work after a fork is no work that the model can do in two threads at once.
    corpora.ask(question_about("file-0-1"))
    for thread in running:
        thread.start()
    try:
        yield wait
    finally:
        over.set()
        for thread in running:
            thread.join()


class Heard(logging.Handler):
    """What the collections say to whoever reads their log."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        logging.getLogger("retrieval").addHandler(self)
        logging.getLogger("retrieval").propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def _texts(corpora: Corpora, place: Place) -> dict[str, str]:
    """What a collection serves, by id."""

    def read() -> dict[str, str]:
        generation = collection(corpora, place).generation
        if generation is None:
            return {}
        return {id_: article.text for id_, article in generation.articles.items()}

    return _mending(corpora, [place], read)


def _texts_of(corpora: Corpora, place: Place) -> dict[str, str]:
    """What the members of a server see, by id."""

    def read() -> dict[str, str]:
        articles = corpora.library(place).articles
        return {id_: article.text for id_, article in articles.items()}

    return _mending(corpora, [place, SHARED], read)


def _mending(
    corpora: Corpora, places: Sequence[Place], read: Callable[[], dict[str, str]]
) -> dict[str, str]:
    """What is read, once what turns out to be damaged on the way is mended, as answers do it."""
    for _ in range(_TRIES):
        corpuses = [collection(corpora, place) for place in places]
        generations = [(corpus, corpus.generation) for corpus in corpuses]
        try:
            return read()
        except DamagedError:
            for corpus, generation in generations:
                if generation is not None:
                    corpus.mend(generation)
    return read()


def _visible(state: State, place: Place) -> dict[str, str]:
    own = state[place] if place is not None else {}
    return {**own, **state[SHARED]}


def _faults(answer: Answer, state: State, place: Place) -> Iterator[str]:
    visible = _visible(state, place)
    whose = place or "shared"
    for quote in (*answer.quotes, *answer.nearest):
        if visible.get(quote.article.id) != quote.article.text:
            yield f"{whose} is quoted {quote.article.id} as it is not: {quote.article.text!r}"
        elif quote.article.text[quote.span.start : quote.span.end] != quote.text:
            yield f"{whose} is quoted words that do not stand in {quote.article.id}"
    for ranked in answer.passages:
        text = visible.get(ranked.passage.article)
        if text is None or not ranked.passage.span.of(text).strip():
            yield f"{whose} is shown a passage of {ranked.passage.article} that it has not"


def _articles_in(answer: Answer) -> set[str]:
    return {quote.article.id for quote in (*answer.quotes, *answer.nearest)}
