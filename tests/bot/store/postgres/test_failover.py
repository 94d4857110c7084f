"""The server is lost and its replica takes its place: what was kept is there, and more can be."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bot.conversations import Place
from bot.store import ServerSettings, Store
from bot.store.postgres import PostgresPeople, SharedConversations, SharedLimiter
from retrieval.conversation import Turn
from retrieval.postgres.servers import Servers
from tests.bot.store.conftest import Clock, ask_in
from tests.bot.test_limits import only
from tests.postgres.fixtures import Pair

THREAD = [Place("channel", 2)]


async def test_people_notice_little(postgres_cluster: Pair, tmp_path: Path, clock: Clock) -> None:
    servers = Servers(postgres_cluster.either_url)
    people = PostgresPeople(servers, keep_text=True)
    store = Store(tmp_path, keep_text=True, retention=timedelta(30), clock=clock, database=people)
    limiter = SharedLimiter(people, within=30)
    conversations = SharedConversations(people, within=30)
    before = ask_in(store, question="Before?")
    store.save_settings(1, ServerSettings(language="de"))
    await conversations.remember(1, THREAD, [Turn("Before?")], 100)
    assert await limiter.take(1, 1, 1, only(per_member=1)) is None
    postgres_cluster.wait()

    postgres_cluster.primary.kill()
    postgres_cluster.replica.promote()

    after = ask_in(store, question="After?")
    assert after > before, "old buttons keep their meaning"
    assert [asked.question for asked in store.open_questions(1)] == ["After?", "Before?"]
    store.refresh()
    assert store.settings(1).language == "de"
    assert await conversations.turns(1, THREAD) == (Turn("Before?"),)
    # How often was asked is not worth a copy: the minute begins anew, and is counted again.
    assert await limiter.take(1, 1, 1, only(per_member=1)) is None
    assert await limiter.take(1, 1, 1, only(per_member=1)) is not None
    assert store.forget_person(100) == 2
    servers.close()
