"""Progress is shown now and then, and never gets in the way of the work."""

from __future__ import annotations

import asyncio

import pytest

from bot.progress import Progress, shown_while


async def test_news_is_shown_and_the_result_returned() -> None:
    progress = Progress()
    shown: list[tuple[int, int]] = []

    async def work() -> str:
        for done in range(4):
            progress(done, 4)
            await asyncio.sleep(0.03)
        return "done"

    async def show(done: int, total: int) -> None:
        shown.append((done, total))

    assert await shown_while(work(), progress, show, every=0.01) == "done"
    assert shown[-1] == (3, 4)
    assert len(shown) == len(set(shown))


async def test_a_thousand_reports_a_second_are_shown_a_few_times() -> None:
    progress = Progress()
    shown: list[int] = []

    async def work() -> None:
        for done in range(1000):
            progress(done, 1000)
            if done % 100 == 0:
                await asyncio.sleep(0.005)

    async def show(done: int, total: int) -> None:
        shown.append(done)

    await shown_while(work(), progress, show, every=0.02)
    assert len(shown) < 10


async def test_work_goes_on_though_it_cannot_be_shown() -> None:
    async def work() -> str:
        await asyncio.sleep(0.01)
        return "done"

    async def show(done: int, total: int) -> None:
        raise OSError("no network")

    assert await shown_while(work(), Progress(), show, every=0.005) == "done"


async def test_a_failure_of_the_work_is_passed_on() -> None:
    async def work() -> None:
        raise ValueError("broken")

    async def show(done: int, total: int) -> None:
        pass

    with pytest.raises(ValueError, match="broken"):
        await shown_while(work(), Progress(), show)
