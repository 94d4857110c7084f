"""The id of a request: one for all that it leads to, and another for every other."""

from __future__ import annotations

import asyncio

import pytest

from bot.failures import explain
from bot.library import Library
from bot.observability.requests import current_request, request_id
from tests.bot.conftest import Scene, all_text, text_of

QUESTION = "When was Haftar's offensive called Operation Dignity?"


async def in_a_task() -> str:
    """The id in a task of its own, as discord.py starts one for every event."""

    async def ask_twice() -> str:
        first = request_id()
        assert request_id() == first
        return first

    return await asyncio.create_task(ask_twice())


async def test_every_task_of_its_own_has_another_id() -> None:
    assert len({await in_a_task() for _ in range(100)}) == 100
    assert current_request() is None


async def test_the_id_goes_along_into_worker_threads_and_tasks(library: Library) -> None:
    async def asked() -> None:
        own = request_id()
        assert await library.work(current_request) == own
        assert await asyncio.to_thread(current_request) == own
        async with asyncio.TaskGroup() as group:
            below = group.create_task(asyncio.sleep(0, current_request()))
        assert below.result() == own

    await asyncio.create_task(asked())
    # The threads are others' next, and nothing of it is left there.
    assert await library.work(current_request) is None


async def test_an_unforeseen_error_is_told_with_the_id_of_its_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def failing() -> tuple[str, str]:
        return request_id(), explain(ZeroDivisionError())

    own, told = await asyncio.create_task(failing())
    assert f"`{own}`" in told
    assert own in caplog.text


class SurpriseError(Exception):
    """Nobody foresaw this."""


@pytest.mark.parametrize("way", ["command", "message"])
async def test_a_person_is_told_the_id_that_the_worker_thread_has_logged(
    scene: Scene, library: Library, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    seen: list[str | None] = []

    def fail(*_: object, **__: object) -> None:
        seen.append(current_request())
        raise SurpriseError

    monkeypatch.setattr(library._corpora, "ask", fail)
    if way == "command":
        told = text_of(await scene.ada.slash(scene.channel, "ask", question=QUESTION))
    else:
        await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
        told = all_text(scene.last)
    (own,) = seen
    assert own is not None
    assert f"`{own}`" in told
    assert scene.env.errors
