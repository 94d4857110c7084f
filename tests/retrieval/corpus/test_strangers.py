"""Servers are strangers: whatever happens in whatever order, none is shown what is another's."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from retrieval.answering import Answerer
from retrieval.answers import Answer, Quote
from retrieval.articles import Article
from retrieval.corpus import Asked, Corpora, Corpus
from retrieval.encoders import Encoder
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.errors import CorpusError
from retrieval.sandbox import Sandbox
from tests.retrieval.corpus.house import Clock, assert_verbatim, shown, upload

SERVERS = (1, 2, 3)
BASE = "base"

collections = st.sampled_from([None, *SERVERS])
servers = st.sampled_from(SERVERS)
names = st.sampled_from(["a", "b", "c"])


def marker_of(number: int) -> str:
    """A word that no language has, and that is like no other of its kind."""
    digest = hashlib.sha256(str(number).encode()).digest()
    consonants = [b"bdfgklmnprtvz"[byte % 13] for byte in digest[:5]]
    vowels = [b"aeiou"[byte % 5] for byte in digest[5:10]]
    return bytes(
        letter for pair in zip(consonants, vowels, strict=True) for letter in pair
    ).decode()


def text_of(marker: str) -> str:
    return f"The {marker} lives in the house by the river.\n\nOn Sundays every {marker} sings."


def question_about(marker: str) -> str:
    return f"Where does the {marker} live?"


def all_articles_in(answer: Answer) -> Iterable[Article]:
    for quote in (*answer.quotes, *answer.nearest):
        yield quote.article
        yield from (source.article for source in quote.also_in)


class Strangers(RuleBasedStateMachine):
    """Three servers and what they share, changed by two processes over one folder."""

    def __init__(self, folder: Path, encoder: Encoder, sandbox: Sandbox) -> None:
        super().__init__()
        self.folder, self.encoder, self.sandbox = folder, encoder, sandbox
        self.clock = Clock()
        self.markers: list[str] = []
        self.live: dict[int | None, dict[str, str]] = {key: {} for key in (None, *SERVERS)}
        self.gone: dict[int | None, list[tuple[str, str]]] = {key: [] for key in self.live}
        self.uses_shared = dict.fromkeys(SERVERS, True)
        articles = folder / "articles"
        articles.mkdir(parents=True)
        (articles / f"{BASE}.md").write_text(text_of(self.new_marker()))
        self.live[None][BASE] = self.markers[0]
        self.corpora, self.other = self.started(), self.started()

    def started(self) -> Corpora:
        made = Corpora(
            self.folder / "data",
            Answerer(self.encoder, 0.5),
            [self.folder / "articles"],
            sandbox=self.sandbox,
            clock=self.clock,
        )
        self.encoded_at_start = made.open().encoded
        return made

    def new_marker(self) -> str:
        self.markers.append(marker_of(len(self.markers)))
        return self.markers[-1]

    def of(self, collection: int | None) -> Corpus:
        return self.corpora.shared if collection is None else self.corpora.server(collection)

    def visible(self, server: int | None) -> set[str]:
        seen = set(self.live[server].values())
        if server is not None and self.uses_shared[server]:
            seen |= set(self.live[None].values())
        return seen

    @rule(collection=collections, name=names)
    def add(self, collection: int | None, name: str) -> None:
        marker = self.new_marker()
        report = self.of(collection).add(upload(f"{name}.md", text_of(marker)))
        assert report.encoded == 2
        self.live[collection][name] = marker
        self.gone[collection] = [each for each in self.gone[collection] if each[0] != name]

    @rule(collection=collections, name=names)
    def remove(self, collection: int | None, name: str) -> None:
        if name not in self.live[collection]:
            with pytest.raises(CorpusError, match="no article"):
                self.of(collection).remove(name)
            return
        self.of(collection).remove(name)
        self.gone[collection].append((name, self.live[collection].pop(name)))

    @rule(collection=collections)
    def undo(self, collection: int | None) -> None:
        if not self.gone[collection]:
            with pytest.raises(CorpusError, match="Nothing was removed"):
                self.of(collection).undo()
            return
        assert self.of(collection).undo().encoded == 0
        name, marker = self.gone[collection].pop()
        self.live[collection][name] = marker

    @rule(collection=collections)
    def reload(self, collection: int | None) -> None:
        report = self.of(collection).reload(asked=Asked.ALL)
        assert report.encoded == 0
        assert {change.outcome for change in report.changes} <= {"unchanged"}

    @rule(server=servers, value=st.booleans())
    def switch(self, server: int, value: bool) -> None:
        self.corpora.set_uses_shared(server, value)
        self.uses_shared[server] = value

    @rule()
    def restart(self) -> None:
        self.corpora.close()
        self.corpora = self.started()
        assert self.encoded_at_start == 0

    @rule()
    def change_hands(self) -> None:
        self.corpora, self.other = self.other, self.corpora
        self.corpora.refresh()

    @precondition(lambda self: len(self.markers) > 1)
    @rule(server=collections, data=st.data())
    def ask(self, server: int | None, data: st.DataObject) -> None:
        never = marker_of(10**6)
        self.ask_about(data.draw(st.sampled_from([*self.markers, never])), server)

    @rule(server=collections)
    def ask_about_the_newest(self, server: int | None) -> None:
        self.ask_about(self.markers[-1], server)

    def ask_about(self, marker: str, server: int | None) -> None:
        visible = self.visible(server)
        hidden = {*self.markers} - visible
        if not visible:
            assert server is not None
            for attempt in (self.corpora.ask, self.corpora.summarize):
                with pytest.raises(CorpusError, match="no articles yet"):
                    attempt(question_about(marker), server=server)
            return
        articles = self.corpora.articles(server)
        words = " ".join(article.text for article in articles.values())
        assert {marker for marker in self.markers if marker in words} == visible
        answer = self.corpora.ask(question_about(marker), server=server)
        assert_verbatim(shown(answer), dict(articles))
        for article in all_articles_in(answer):
            assert articles[article.id] == article
        assert {ranked.passage.article for ranked in answer.passages} <= set(articles)
        first = answer.passages[0].passage
        if marker in visible:
            assert marker in first.span.of(articles[first.article].text)
            assert answer.read_as is None
        # Not in what it was corrected to either: spelling is learnt from the articles.
        told = repr((answer.quotes, answer.nearest, answer.passages, answer.read_as or ""))
        assert not [word for word in hidden - {marker} if word in told]
        assert marker in visible or not any(marker in quote.text for quote in shown(answer))
        summary = self.corpora.summarize(topic=marker, server=server)
        assert not [word for word in hidden for quote in summary.quotes if word in quote.text]

    def teardown(self) -> None:
        for server in (None, *SERVERS):
            self.ask_about(self.markers[0], server)
        self.corpora.close()
        self.other.close()


def test_no_server_is_ever_shown_what_is_anothers(
    tmp_path_factory: pytest.TempPathFactory, encoder: SentenceTransformerEncoder, sandbox: Sandbox
) -> None:
    run_state_machine_as_test(
        lambda: Strangers(tmp_path_factory.mktemp("strangers"), encoder, sandbox),  # type: ignore[arg-type]
        settings=settings(
            max_examples=7,
            stateful_step_count=22,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_while_everything_changes_each_answer_is_of_one_moment_and_of_ones_own(
    tmp_path: Path, encoder: SentenceTransformerEncoder, sandbox: Sandbox
) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "base.md").write_text(text_of(marker_of(0)))
    corpora = Corpora(
        tmp_path / "data", Answerer(encoder, 0.5), [tmp_path / "articles"], sandbox=sandbox
    )
    corpora.open()
    moments: dict[int, list[dict[str, Article]]] = {1: [], 2: []}
    answers: dict[int, list[Answer]] = {1: [], 2: []}
    failures: list[BaseException] = []
    done = threading.Event()

    def note() -> None:
        for server, seen in moments.items():
            seen.append(dict(corpora.articles(server)))

    def ask(server: int) -> None:
        try:
            # Without a pause those who ask leave little of the interpreter to the changes.
            while not done.wait(0.002):
                answers[server].append(corpora.ask("Where does everybody live?", server=server))
        except BaseException as error:
            failures.append(error)

    note()
    threads = [threading.Thread(target=ask, args=(server,)) for server in moments]
    for thread in threads:
        thread.start()
    try:
        for number in range(1, 4):
            changed = (corpora.server(1), corpora.server(2), corpora.shared)
            for place, corpus in enumerate(changed):
                marker = marker_of(10 * number + place)
                corpus.add(upload("a.md", f"{'Before. ' * number}\n\n{text_of(marker)}"))
                note()
            with suppress(CorpusError):
                corpora.server(number % 2 + 1).remove("a")
            note()
    finally:
        done.set()
        for thread in threads:
            thread.join(60)
    assert not failures
    for server, given in answers.items():
        assert len(given) > 3
        for answer in given:
            assert any(_is_of(answer, moment) for moment in moments[server])
    corpora.close()


def _is_of(answer: Answer, moment: dict[str, Article]) -> bool:
    """Whether all that an answer shows stands in the articles of one moment."""

    def is_there(quote: Quote) -> bool:
        source = moment.get(quote.article.id)
        return source is not None and source.text[quote.span.start : quote.span.end] == quote.text

    return (
        all(is_there(quote) for quote in shown(answer))
        and all(moment.get(article.id) == article for article in all_articles_in(answer))
        and all(
            ranked.passage.article in moment
            and ranked.passage.span.end <= len(moment[ranked.passage.article].text)
            for ranked in answer.passages
        )
    )
