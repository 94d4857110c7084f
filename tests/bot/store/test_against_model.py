"""The store against a few lists and dictionaries that do the same."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from bot.store import Asked, ServerSettings, State, Store, Verdict
from bot.store.connection import NAME
from bot.store.database import PeopleDatabase
from bot.store.postgres import PostgresPeople
from retrieval.postgres.servers import Servers
from tests.bot.store.conftest import RETENTION, Clock, ask_in
from tests.postgres.cluster import Stage

SERVERS = st.integers(1, 3)
PEOPLE = st.integers(1, 3)
PICKS = st.integers(0, 30)
STATES = st.sampled_from(["none", "open", "done"])
VERDICTS = st.sampled_from([1, -1, None])


@cache
def empty() -> bytes:
    """A new database, which takes longer to make than to copy."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), keep_text=True, retention=RETENTION, clock=Clock())
        store.open()
        store.close()
        return (Path(folder) / NAME).read_bytes()


@dataclass
class Model:
    """What should be in the store."""

    asked: dict[int, Asked] = field(default_factory=dict)
    votes: dict[tuple[int, int], tuple[Verdict, str | None]] = field(default_factory=dict)
    settings: dict[int, ServerSettings] = field(default_factory=dict)

    def drop(self, gone: set[int]) -> None:
        self.asked = {key: each for key, each in self.asked.items() if key not in gone}
        self.votes = {key: each for key, each in self.votes.items() if key[0] not in gone}

    def of(self, server: int) -> Iterator[Asked]:
        return (each for each in self.asked.values() if each.server == server)


class Machine(RuleBasedStateMachine):
    """Does the same to both and compares them after each step."""

    def __init__(self, database: PeopleDatabase | None = None) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        (self.folder / NAME).write_bytes(empty())
        self.database = database
        self.clock = Clock()
        self.model = Model()
        self.ids: list[int] = []
        self.servers: dict[int, int | None] = {}
        self.store: Store

    @initialize()
    def start(self) -> None:
        self.store = Store(
            self.folder,
            keep_text=True,
            retention=RETENTION,
            clock=self.clock,
            database=self.database,
        )

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def pick(self, number: int) -> int:
        return self.ids[number % len(self.ids)] if self.ids else number

    def server_of(self, asked: int) -> int | None:
        return self.servers.get(asked)

    @rule(server=st.none() | SERVERS, person=PEOPLE, answered=st.booleans(), articles=st.text("ab"))
    def ask(self, server: int | None, person: int, answered: bool, articles: str) -> None:
        self.clock.advance(hours=1)
        asked = ask_in(self.store, server, person=person, answered=answered, articles=articles)
        assert asked not in self.ids
        self.ids.append(asked)
        self.servers[asked] = server
        self.model.asked[asked] = Asked(
            id=asked,
            server=server,
            channel=10,
            message=None,
            person=person,
            question="Who crossed the river?",
            answered=answered,
            confidence=0.25,
            articles=tuple(dict.fromkeys(articles)),
            language=None,
            at=self.clock.now,
            state="open" if server is not None and not answered else "none",
            told=False,
        )

    @rule(number=PICKS, channel=SERVERS, message=PEOPLE)
    def place(self, number: int, channel: int, message: int) -> None:
        asked = self.pick(number)
        known = self.model.asked.get(asked)
        server = self.server_of(asked)
        assert self.store.place(server, asked, channel, message) == (known is not None)
        if known is not None:
            self.model.asked[asked] = replace(known, channel=channel, message=message)

    @rule(number=PICKS)
    def tell(self, number: int) -> None:
        asked = self.pick(number)
        known = self.model.asked.get(asked)
        is_news = known is not None and not known.told
        assert self.store.tell(self.server_of(asked), asked) == is_news
        if known is not None and not known.told:
            listed = known.state == "none" and known.server is not None
            state: State = "open" if listed else known.state
            self.model.asked[asked] = replace(known, told=True, state=state)

    @rule(server=SERVERS, numbers=st.lists(PICKS, max_size=3), state=STATES)
    def mark(self, server: int, numbers: list[int], state: State) -> None:
        chosen = {self.pick(number) for number in numbers}
        own = [each for each in self.model.of(server) if each.id in chosen]
        assert self.store.mark(server, chosen, state) == len(own)
        for each in own:
            self.model.asked[each.id] = replace(each, state=state)

    @rule(number=PICKS, person=PEOPLE, verdict=VERDICTS, reason=st.none() | st.just("Because"))
    def vote(self, number: int, person: int, verdict: Verdict | None, reason: str | None) -> None:
        asked = self.pick(number)
        server = self.server_of(asked)
        assert self.store.vote(server, asked, person, verdict, reason) == (
            asked in self.model.asked
        )
        if verdict is None:
            self.model.votes.pop((asked, person), None)
        elif asked in self.model.asked:
            self.model.votes[asked, person] = (verdict, reason)

    @rule(person=PEOPLE)
    def forget_person(self, person: int) -> None:
        gone = {each.id for each in self.model.asked.values() if each.person == person}
        own = {key for key in self.model.votes if key[1] == person}
        assert self.store.forget_person(person) == len(gone) + len(own)
        for key in own:
            del self.model.votes[key]
        self.model.drop(gone)

    @rule(server=SERVERS)
    def forget_server(self, server: int) -> None:
        gone = {each.id for each in self.model.of(server)}
        assert self.store.forget_server(server) == len(gone)
        self.model.drop(gone)
        self.model.settings.pop(server, None)

    @rule(days=st.integers(0, 60))
    def purge(self, days: int) -> None:
        moment = self.clock.advance(days=days) - RETENTION
        gone = {each.id for each in self.model.asked.values() if each.at < moment}
        assert self.store.purge() == len(gone)
        self.model.drop(gone)

    @rule(server=SERVERS, rate=st.integers(0, 9))
    def save_settings(self, server: int, rate: int) -> None:
        chosen = ServerSettings(per_member=rate)
        self.store.save_settings(server, chosen)
        self.model.settings[server] = chosen

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.start()

    @invariant()
    def both_hold_the_same(self) -> None:
        for asked in self.ids[-10:]:
            server = self.server_of(asked)
            assert self.store.asked(server, asked) == self.model.asked.get(asked)
            assert self.store.asked(4, asked) is None
        for server in (1, 2, 3):
            usual = ServerSettings()
            assert self.store.settings(server) == self.model.settings.get(server, usual)
            listed = [each for each in self.model.of(server) if each.state == "open"]
            assert self.store.open_questions(server, 100) == listed[::-1]
            votes = [
                verdict
                for (asked, _), (verdict, _) in self.model.votes.items()
                if self.model.asked[asked].server == server
            ]
            found = self.store.insights(server, self.clock.now - timedelta(days=9999))
            assert found.asked == len([*self.model.of(server)])
            assert (found.helpful, found.unhelpful) == (votes.count(1), votes.count(-1))


TestStore = Machine.TestCase
TestStore.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)


def test_postgres_holds_the_same(people_url: str, postgres_stage: Stage) -> None:
    servers = Servers(people_url)

    def fresh() -> Machine:
        with postgres_stage.cluster.superuser(people_url.rpartition("/")[2]) as connection:
            connection.execute("DELETE FROM asked")
            connection.execute("DELETE FROM servers")
        return Machine(PostgresPeople(servers, keep_text=True))

    try:
        run_state_machine_as_test(
            fresh,  # type: ignore[arg-type]
            settings=settings(max_examples=8, stateful_step_count=20, deadline=None),
        )
    finally:
        servers.close()
