"""The disk is full at any moment of any change: nothing is lost, and it can be made again.

    python -m tests.faults.full_disk [--runs N] [--seed S]

The data folder is a small file system in memory, of which a file leaves so much free, from nothing
to more than the change needs. Where no file system can be mounted, no file may grow beyond some
size instead, which a process sees as an error of the same kind.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from retrieval.answering import Answerer
from retrieval.errors import FootnoteError, StorageError
from tests.faults.checks import (
    Heard,
    ask_all,
    asking,
    difference,
    index_faults,
    kept,
    served,
)
from tests.faults.children import Parent, ask_child
from tests.faults.command import run
from tests.faults.leftovers import leftovers
from tests.faults.tally import Tally
from tests.faults.triggers import limit_files, unlimit_files
from tests.faults.world import (
    PLACES,
    SERVERS,
    SHARED,
    Change,
    Place,
    State,
    World,
    begin,
    collection,
    finish,
)

RUNS: Final = 200
_KINDS: Final = ("add", "reload", "back up", "first", "remove", "replace", "undo", "bring back")
_SIZE: Final = 64 * 1024**2
_MOST_FREE: Final = 5_000_000
"""Bytes; more than any of these changes needs."""
_BLOCK: Final = 4096


def trials(answerer: Answerer, runs: int, random: Random, folder: Path) -> Tally:
    """Make changes with too little space, so many times, and then with enough."""
    with _small_disk(folder / "disk") as disk:
        title = "disk full in" if disk else "no file may grow in"
        tally = Tally(title, ("runs", "refused", "made", "in memory", "questions"))
        world = World(folder / "world", answerer, random, disk / "data" if disk else None)
        world.backup = world.data / "backup.zip"  # On the same disk.
        said = ask_child(partial(begin, world, [*world.beginnings(), world.plan("back up")]))
        for each in said:
            tally.violate("at the beginning", str(each))
        world.keep(world.plan("back up"))
        for number in range(runs):
            kind = _KINDS[number % len(_KINDS)]
            if kind == "first":
                data = (disk or folder) / f"first-{number}"
                anew = World(folder / f"world-{number}", answerer, random, data)
                _trial(anew, anew.first(), disk, number, tally)
                shutil.rmtree(data, ignore_errors=True)
            else:
                change = world.plan(kind, _place(kind, random))
                _trial(world, change, disk, number, tally)
            if tally.violations:
                print("What follows would follow from that.", flush=True)
                break
            if (number + 1) % 20 == 0:
                print(f"{number + 1} of {runs} runs", flush=True)
        for each in ask_child(partial(finish, world)):
            tally.violate("at the end", str(each))
        for left in leftovers(world.data):
            if left != world.backup.name:
                tally.violate("at the end", f"{left} is left over")
    return tally


def _trial(world: World, change: Change, disk: Path | None, number: int, tally: Tally) -> None:
    row = change.kind
    tally.add(row, "runs")
    free = world.random.choice((0, int(_MOST_FREE ** world.random.uniform(0.5, 1))))
    free = world.random.choice((free, world.random.randrange(_MOST_FREE)))
    said = ask_child(partial(_change, world, change, disk, free, number))
    said += ask_child(partial(_look, world, change, number))
    for each in said:
        if "violation" in each:
            tally.violate(row, f"{each['violation']} with {free} bytes")
        for column in ("refused", "made", "in memory"):
            tally.add(row, column, column in each)
        tally.add(row, "questions", each.get("asked", 0))
    if change.kind != "first":
        world.keep(change)
        world.state = world.opened(world.state)


def _change(
    world: World, change: Change, disk: Path | None, free: int, number: int, parent: Parent
) -> None:
    """Make the change with too little space, and again with enough, in one process."""

    def complain(fault: str) -> None:
        parent.tell(violation=fault)

    heard = Heard()
    states = [world.state, change.after]
    with world.corpora() as corpora:
        if change.kind == "first":
            world.put_files(change)
            with _full(disk, free):
                try:
                    report = corpora.open()
                except FootnoteError as error:
                    parent.tell(refused=str(error))
                    _check_error(error, complain)
                    return
            if any("not kept" in notice for notice in report.notices):
                parent.tell(**{"in memory": True})
            if told := difference(served(corpora), change.after):
                complain(f"it serves something else: {told}")
            return
        corpora.open()
        for place in PLACES:
            collection(corpora, place)
        world.put_files(change)
        with asking(corpora, states, complain, number, lambda: parent.tell(asked=1)) as wait:
            with _full(disk, free):
                try:
                    change.act(corpora)
                except FootnoteError as error:
                    parent.tell(refused=str(error))
                    _check_error(error, complain)
                    is_made = False
                else:
                    parent.tell(made=True)
                    is_made = True
                wait(3)
            expected = change.after if is_made else world.state
            if told := difference(served(corpora), expected):
                complain(f"{'made' if is_made else 'refused'}, but it serves: {told}")
            if told := difference(_kept_elsewhere(world), expected):
                complain(f"{'made' if is_made else 'refused'}, but it keeps: {told}")
            if not is_made and number % 2:
                change.act(corpora)
                if told := difference(served(corpora), change.after):
                    complain(f"made again with enough space, it serves: {told}")
    for said in heard.said:
        if "Traceback" in said:
            complain(said)


def _kept_elsewhere(world: World) -> State:
    """What another process would find now."""
    with world.corpora() as corpora:
        return kept(corpora)


def _look(world: World, change: Change, number: int, parent: Parent) -> None:
    """Start with enough space, and make the change if it was not."""

    def complain(fault: str) -> None:
        parent.tell(violation=fault)

    with world.corpora() as corpora:
        is_after = not difference(kept(corpora), change.after)
        corpora.open()
        opened = world.opened(change.after if is_after else world.state)
        if change.kind == "first":
            opened, is_after = change.after, True
        if told := difference(served(corpora), opened):
            complain(f"after the start: {told}")
        for fault in index_faults(corpora):
            complain(fault)
        parent.tell(asked=ask_all(corpora, opened, Random(number), complain, each=1))
        if not is_after or change.kind == "back up":
            change.act(corpora)
            if told := difference(served(corpora), change.after):
                complain(f"made after a start, it leads elsewhere: {told}")
        if change.kind == "bring back":
            corpora.open()


def _check_error(error: FootnoteError, complain: Callable[[str], None]) -> None:
    """It says what happened, why, and what to do."""
    if not isinstance(error, StorageError):
        complain(f"the error is another: {error!r}")
    if not (error.what and error.why and error.remedy):
        complain(f"the error does not say enough: {error!r}, {error.why!r}, {error.remedy!r}")


@contextmanager
def _full(disk: Path | None, free: int) -> Iterator[None]:
    """Little space, and then much again."""
    if disk is None:
        limit_files(free // 4, deadly=False)
        try:
            yield
        finally:
            unlimit_files()
        return
    filler = disk / "filler"
    found = shutil.disk_usage(disk)
    with filler.open("wb") as file:
        left = (found.free - free) // _BLOCK
        for _ in range(max(0, left)):
            file.write(bytes(_BLOCK))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path | None]:
    """A file system of its own in ``folder``; ``None`` where this user may mount none."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=700", "none", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _place(kind: str, random: Random) -> Place:
    if kind in {"reload", "back up", "bring back"}:
        return SHARED
    return random.choice((SHARED, *SERVERS))


if __name__ == "__main__":
    run("tests.faults.full_disk", trials, RUNS)
