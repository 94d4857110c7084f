"""What the tests ask, in servers that have chosen a language."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import simcord

from bot.client import FootnoteClient
from bot.store import ServerSettings
from tests.bot.conftest import Scene, text_of

QUESTION = "When was Haftar's offensive called Operation Dignity?"
WORDS = "dubbed Operation Dignity"

SetLocale = Callable[[simcord.MemberActor, str], None]


async def choose(scene: Scene, language: str | None, **settings: Any) -> None:
    """Have a server speak a language."""
    client = scene.env.bot
    assert isinstance(client, FootnoteClient)
    chosen = replace(ServerSettings(), language=language, **settings)
    await asyncio.to_thread(client.services.store.save_settings, scene.guild.id, chosen)


async def ask(scene: Scene, **options: Any) -> str:
    """What is answered to the command of somebody who manages nothing."""
    return text_of(await scene.ada.slash(scene.channel, "ask", question=QUESTION, **options))


async def words_of_the_articles(scene: Scene) -> str:
    """All texts that a server is answered from."""
    client = scene.env.bot
    assert isinstance(client, FootnoteClient)
    return await client.library.with_articles(
        lambda articles: "\n".join(article.text for article in articles.values()), scene.guild.id
    )
