"""Ended by force at any moment of any change: the next start serves what was, or what was to be.

    python -m tests.faults.kill [--runs N] [--seed S]

A process opens the collections and makes a change, in half of the runs while two of its threads
ask. It is killed after a while, or by itself at a certain event in the file system or statement of
SQL, or at a certain byte of a file. Another process then looks at what is kept, starts, asks, and
makes the change again if it was not committed.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import Random
from typing import Final
from zipfile import BadZipFile, ZipFile

from retrieval.answering import Answerer
from retrieval.corpus import Corpora
from tests.faults.checks import (
    Complain,
    ask_all,
    asking,
    difference,
    index_faults,
    kept,
    served,
)
from tests.faults.children import Child, Parent, Said, ask_child
from tests.faults.command import run
from tests.faults.leftovers import leftovers
from tests.faults.tally import Tally
from tests.faults.triggers import count_events, die, limit_files
from tests.faults.world import (
    PLACES,
    SERVERS,
    SHARED,
    Change,
    Place,
    World,
    begin,
    collection,
    finish,
)

RUNS: Final = 280
_KINDS: Final = (
    "reload",
    "add",
    "remove",
    "start",
    "replace",
    "undo",
    "reload",
    "back up",
    "add",
    "remove",
    "bring back",
    "forget",
    "first",
)
_TRIGGERS: Final = ("time", "event", "event", "time", "byte", "time")
_SANDBOXED_EVERY: Final = 24
"""One run in so many reads in a process of its own, which must not outlive the killed one."""
_BYTES: Final = 400_000
"""No file in these trials is larger."""


def trials(answerer: Answerer, runs: int, random: Random, folder: Path) -> Tally:
    """Kill and look, so many times, most of them one after the other in the same folder."""
    tally = Tally("killed in", ("runs", "killed", "before", "after", "questions"))
    world = World(folder / "world", answerer, random)
    spent = _Spent()
    for said in ask_child(partial(begin, world, world.beginnings())):
        tally.violate("at the beginning", str(said))
    for number in range(runs):
        kind, trigger = _KINDS[number % len(_KINDS)], _TRIGGERS[number % len(_TRIGGERS)]
        if kind == "first":
            anew = World(folder / f"first-{number}", answerer, random)
            _trial(anew, anew.first(), trigger, number, spent, tally)
        else:
            change = world.plan(kind, _place(kind, random))
            _trial(world, change, trigger, number, spent, tally)
        if tally.violations:
            print("What follows would follow from that.", flush=True)
            break
        if (number + 1) % 20 == 0:
            print(f"{number + 1} of {runs} runs", flush=True)
    for said in ask_child(partial(finish, world)):
        tally.violate("at the end", str(said))
    for left in leftovers(world.data):
        tally.violate("at the end", f"{left} is left over")
    return tally


class _Spent:
    """How long each kind of change takes, and how many events it is; with and without askers."""

    def __init__(self) -> None:
        self.seconds: dict[tuple[str, bool], float] = {}
        self.events: dict[tuple[str, bool], int] = {}

    def of(self, which: tuple[str, bool]) -> tuple[float, int]:
        """The same for one kind; what was never seen to its end takes as long as the longest."""
        return (
            self.seconds.get(which, max(self.seconds.values(), default=0.0)),
            self.events.get(which, max(self.events.values(), default=1)),
        )


def _trial(
    world: World, change: Change, trigger: str, number: int, spent: _Spent, tally: Tally
) -> None:
    which = change.kind, bool(number % 2)
    if not spent.seconds:
        trigger = "nothing"  # This time it is measured.
    row = f"{change.kind} by {trigger}"
    seconds, events = spent.of(which)
    random = world.random
    child = Child(
        partial(
            _change,
            world,
            change,
            number=number,
            trigger=trigger,
            event=random.randint(1, int(events * 1.05)),
            byte=int(_BYTES ** random.uniform(0.3, 1.0)),
        )
    )
    said: list[Said] = []
    try:
        first = child.next()
        if first is None or "violation" in first:
            tally.violate(row, f"it did not begin: {first}")
            return
        world.put_files(change)
        start = time.monotonic()
        child.go()
        if trigger == "time":
            end = start + random.uniform(0, seconds * 1.1)
            while (left := end - time.monotonic()) > 0 and (early := child.next(left)) is not None:
                said.append(early)
            child.kill()
        said += child.rest()
    finally:
        child.close()
    tally.add(row, "runs")
    committed = [each for each in said if "committed" in each]
    if committed:
        spent.seconds[which] = float(committed[0]["seconds"])
        spent.events[which] = int(committed[0]["events"])
    if not any("ended" in each for each in said):
        tally.add(row, "killed")
    for each in said:
        if "violation" in each:
            tally.violate(row, each["violation"])
        tally.add(row, "questions", each.get("asked", 0))
    found = "before"
    for each in ask_child(partial(_look, world, change, bool(committed), number)):
        if "violation" in each:
            tally.violate(row, each["violation"])
        found = each.get("found", found)
        tally.add(row, "questions", each.get("asked", 0))
    tally.add(row, found)
    if change.kind != "first":
        world.keep(change)
        world.state = world.opened(world.state)


def _change(
    world: World,
    change: Change,
    parent: Parent,
    *,
    number: int,
    trigger: str,
    event: int,
    byte: int,
) -> None:
    """Make the change, and end by force if it comes to that."""
    states = [world.state, change.after]

    def complain(fault: str) -> None:
        parent.tell(violation=fault)

    is_open = change.kind not in {"first", "start"}
    is_begun, events = False, 0

    def reached(_: int) -> None:
        nonlocal events
        if is_begun:
            events += 1
            if trigger == "event" and events == event:
                die()

    count_events(reached)
    with ExitStack() as stack:
        corpora = world.corpora(sandboxed=number % _SANDBOXED_EVERY == _SANDBOXED_EVERY - 1)
        stack.enter_context(corpora)
        if is_open:
            corpora.open()
            _serve_all(corpora)
        parent.tell(opened=True)
        parent.wait()
        if is_open and number % 2:
            stack.enter_context(
                asking(corpora, states, complain, number, lambda: parent.tell(asked=1))
            )
        if trigger == "byte":
            limit_files(byte, deadly=True)
        is_begun = True
        start = time.perf_counter()
        change.act(corpora)
        seconds = time.perf_counter() - start
        parent.tell(committed=True, seconds=seconds, events=events)
    parent.tell(ended=True)


def _look(world: World, change: Change, committed: bool, number: int, parent: Parent) -> None:
    """Whether what is there now is whole; the change is made if it was not."""

    def complain(fault: str) -> None:
        parent.tell(violation=fault)

    with world.corpora() as corpora:
        if change.kind == "first":
            corpora.open()
            found = served(corpora)
            is_after = not difference(found, change.after)
        else:
            found = kept(corpora)
            is_after = not difference(found, change.after)
            if not is_after and difference(found, world.state):
                complain(
                    f"neither before ({difference(found, world.state)}) "
                    f"nor after ({difference(found, change.after)})"
                )
            if committed and not is_after:
                complain(f"what was committed is gone: {difference(found, change.after)}")
            corpora.open()
        opened = world.opened(change.after if is_after else world.state)
        if told := difference(served(corpora), opened):
            complain(f"after the start: {told}")
        for fault in index_faults(corpora):
            complain(fault)
        parent.tell(found="after" if is_after else "before")
        parent.tell(asked=ask_all(corpora, opened, Random(number), complain))
        if change.kind == "back up":
            _check_backup(world, complain)
        if not is_after or change.kind == "back up":
            change.act(corpora)
            if told := difference(served(corpora), change.after):
                complain(f"the change made again leads elsewhere: {told}")
        if change.kind == "bring back":
            corpora.open()  # The files are as they were, whatever the backup says of them.


def _check_backup(world: World, complain: Complain) -> None:
    """Whatever ended the making of it, the file is none or a whole one."""
    try:
        if world.backup.exists() and (bad := ZipFile(world.backup).testzip()) is not None:
            complain(f"{bad} in the backup is damaged")
    except BadZipFile as error:
        complain(f"the backup is damaged: {error}")


def _serve_all(corpora: Corpora) -> None:
    for place in PLACES:
        collection(corpora, place)


def _place(kind: str, random: Random) -> Place:
    if kind in {"reload", "start", "back up", "bring back"}:
        return SHARED
    return random.choice(SERVERS if kind == "forget" else PLACES)


if __name__ == "__main__":
    run("tests.faults.kill", trials, RUNS)
