"""Bytes that the disk has changed, anywhere: the next start serves all that was committed.

    python -m tests.faults.byte_flip [--runs N] [--seed S]

In each run one file of the data folder is damaged: bytes flipped, zeroed, cut off, added, or the
file deleted. That happens at rest; or while a process serves, which then makes a change; or after
a process was killed between a commit and the copy of it, and another one has run since. Damage to
the stored encodings comes with damage to an index in some of the runs, since only then anything
has to be encoded again. In others every file counts as large: what is damaged then may be noticed
only when it is read.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from retrieval.answering import Answerer
from retrieval.corpus import Corpora, storage
from retrieval.database.mirror import Mirror
from retrieval.engines.embedded import columns
from retrieval.errors import FootnoteError, StorageError
from tests.faults.checks import (
    Heard,
    ask_all,
    asking,
    difference,
    encoded,
    index_faults,
    kept,
    served,
)
from tests.faults.children import Parent, Said, ask_child
from tests.faults.command import run
from tests.faults.tally import Tally
from tests.faults.triggers import die
from tests.faults.world import PLACES, Change, State, World, begin, collection

RUNS: Final = 240
_FILES: Final = {
    "the database": "footnote.db",
    "an index": "collections/*/indexes/*/**/*",
    "the encodings": "vectors.db",
    "a manifest": "collections/*/indexes/*/manifest.json",
    "the copy": "mirror/*.db",
    "an original": "collections/*/originals/*",
    "encodings and index": "vectors.db",
    "a lock": "**/*.lock",
    "large tokens": "collections/*/indexes/segment-*/token_[ci][od]*.bin",
    "large articles": "collections/*/indexes/segment-*/articles/records.bin",
}
_LARGE: Final = ("large tokens", "large articles")
_MOMENTS: Final = ("at rest", "at rest", "while it serves", "after a crash")
_SAID: Final = {
    "the database": "database was damaged",
    "an index": "index was",
    "a manifest": "index was",
}
"""What is told of damage, by where it was found. That to encodings and copies only delays."""
_LONGEST: Final = 8192
_KINDS: Final = ("flip", "flip", "flip", "zero", "cut", "grow", "delete")
_KINDS_IN_USE: Final = ("flip", "zero", "grow", "delete")
"""Of a file that is mapped. The system ends a process that reads where such a file was cut off."""


@dataclass(frozen=True)
class _Prepared:
    """A data folder to be damaged, as often as one likes."""

    folder: Path
    state: State


def trials(answerer: Answerer, runs: int, random: Random, folder: Path) -> Tally:
    """Damage one file and look, so many times, each time in a copy of the same folder."""
    columns = ("runs", "mended", "refused", "encoded", "questions")
    tally = Tally("damaged", columns)
    world = World(folder / "world", answerer, random)
    for said in ask_child(partial(begin, world, [*world.beginnings(), *_more(world)])):
        tally.violate("at the beginning", str(said))
    whole = _put_aside(world, folder / "whole")
    crashed = world.plan("add", random.choice(PLACES))
    ask_child(partial(_crash, world, crashed))
    world.keep(crashed)
    for said in ask_child(partial(_start, world)):
        tally.violate("after the crash", str(said))
    after_crash = _put_aside(world, folder / "after-crash")
    names = list(_FILES)
    for number in range(runs):
        name, moment = names[number % len(names)], _MOMENTS[number // len(names) % len(_MOMENTS)]
        prepared = after_crash if moment == "after a crash" else whole
        shutil.rmtree(world.data)
        shutil.copytree(prepared.folder, world.data)
        world.state = prepared.state
        with _all_large() if name in _LARGE else nullcontext():
            _trial(world, name, moment, number, tally)
        if (number + 1) % 20 == 0:
            print(f"{number + 1} of {runs} runs", flush=True)
    return tally


def _trial(world: World, name: str, moment: str, number: int, tally: Tally) -> None:
    row = f"{name} {moment}"
    tally.add(row, "runs")
    random = Random(f"{world.random.random()} {number}")
    paths = [choose(world.data, _FILES[name], random)]
    if name == "encodings and index":
        paths.append(choose(world.data, _FILES["an index"], random))
    seed = random.random()
    kinds = _KINDS_IN_USE if name in _LARGE and moment == "while it serves" else _KINDS

    def harm() -> str:
        own = Random(seed)
        return " and ".join(damage(path, own, kinds) for path in paths)

    change = world.plan("add", random.choice(PLACES))
    said: list[Said] = []
    states = [world.state]
    if moment == "while it serves":
        said = ask_child(partial(_serve, world, change, harm, number))
        what = next((each["harmed"] for each in said if "harmed" in each), "nothing")
        tally.add(row, "refused", sum("refused" in each for each in said))
        # An end by force may leave more than this; that is looked at in kill.
        states = [change.after] if any("committed" in each for each in said) else states
        change = world.plan("add", random.choice(PLACES))
        change = _upon(states[0], change)
    else:
        what = harm()
    # While a process serves, damage may be mended by a change, or before it does any; and after a
    # crash an index may be one that is no longer used.
    must_say = _SAID.get(name, "") if moment == "at rest" else ""
    said += ask_child(partial(_look, world, states[0], change, must_say, number))
    said += ask_child(partial(_look_again, world, change, number))
    made = sum(each.get("encoded", 0) for each in said)
    if made and name != "encodings and index" and moment != "while it serves":
        tally.violate(row, f"{made} passages are encoded again after: {what}")
    for each in said:
        if "violation" in each:
            tally.violate(row, f"{each['violation']} after: {what}")
        tally.add(row, "questions", each.get("asked", 0))
        tally.add(row, "mended", each.get("mended", 0))
    tally.add(row, "encoded", made)


def choose(data: Path, pattern: str, random: Random) -> Path:
    """One of the files that a pattern means."""
    return random.choice(sorted(path for path in data.glob(pattern) if path.is_file()))


@contextmanager
def _all_large() -> Iterator[None]:
    """Let every file count as large, in processes that are forked meanwhile too."""
    before = storage._LARGE, columns._MAPPED_FROM
    try:
        setattr(storage, "_LARGE", 1)  # noqa: B010
        setattr(columns, "_MAPPED_FROM", 1)  # noqa: B010
        yield
    finally:
        setattr(storage, "_LARGE", before[0])  # noqa: B010
        setattr(columns, "_MAPPED_FROM", before[1])  # noqa: B010


def damage(path: Path, random: Random, kinds: Sequence[str] = _KINDS) -> str:
    """Damage a file in place, as a disk would; says how."""
    try:
        before = path.read_bytes()
    except FileNotFoundError:
        return f"{path.name} is gone"
    kind = random.choice(kinds)
    if kind == "delete" or not before:
        path.unlink()
        return f"{path.name} deleted"
    start = random.randrange(len(before))
    length = min(len(before) - start, int(_LONGEST ** random.random()))
    if kind == "cut":
        with path.open("r+b") as file:
            file.truncate(start)
        return f"{path.name} cut to {start} of {len(before)} bytes"
    if kind == "grow":
        with path.open("ab") as file:
            file.write(random.randbytes(length))
        return f"{path.name} grown by {length} bytes"
    found = before[start : start + length]
    if kind == "zero" and any(found):
        put = bytes(length)
    else:
        put = bytes(byte ^ random.randrange(1, 256) for byte in found)
    with path.open("r+b") as file:
        file.seek(start)
        file.write(put)
    return f"{path.name} changed at {start}, {length} bytes"


def _serve(
    world: World, change: Change, harm: Callable[[], str], number: int, parent: Parent
) -> None:
    """Answer while a file is damaged and after it, and make a change."""
    with world.corpora() as corpora:
        corpora.open()
        states = [world.state, change.after]
        for place in PLACES:
            collection(corpora, place)
        with asking(
            corpora,
            states,
            lambda fault: parent.tell(violation=fault),
            number,
            lambda: parent.tell(asked=1),
        ) as wait:
            parent.tell(harmed=harm())
            try:
                change.act(corpora)
            except StorageError as error:
                parent.tell(refused=str(error))
            else:
                parent.tell(committed=True)
            wait(6)


def _look(
    world: World, state: State, change: Change, must_say: str, number: int, parent: Parent
) -> None:
    """Start, and see whether all is there; then make a change."""

    def complain(fault: str) -> None:
        parent.tell(violation=fault)

    heard = Heard()
    with world.corpora() as corpora:
        try:
            report = corpora.open()
            found = served(corpora)
        except FootnoteError as error:
            complain(f"it does not start: {error}")
            return
        if told := difference(found, state):
            complain(told)
        for fault in index_faults(corpora):
            complain(fault)
        said = [*report.notices, *heard.said]
        if must_say and not any(must_say in each for each in said):
            complain(f"nothing is said of it, only {said}")
        parent.tell(mended=int(bool(said)), encoded=encoded(corpora))
        parent.tell(asked=ask_all(corpora, state, Random(number), complain, each=1))
        _make(change, corpora, parent)


def _make(change: Change, corpora: Corpora, parent: Parent) -> None:
    try:
        change.act(corpora)
    except FootnoteError as error:
        parent.tell(violation=f"nothing can be changed: {error}")
        return
    if told := difference(served(corpora), change.after):
        parent.tell(violation=f"the change leads elsewhere: {told}")


def _look_again(world: World, change: Change, number: int, parent: Parent) -> None:
    """Start once more: nothing has to be mended now."""
    heard = Heard()
    with world.corpora() as corpora:
        if told := difference(kept(corpora), change.after):
            parent.tell(violation=f"at the next start {told}")
        if heard.said:
            parent.tell(violation=f"at the next start it is damaged still: {heard.said}")


def _upon(state: State, change: Change) -> Change:
    """A change of one state as a change of another."""
    added = {
        id_: text
        for id_, text in change.after[change.place].items()
        if not any(id_ in texts for texts in state.values())
    }
    after = {**state, change.place: {**state[change.place], **added}}
    return Change(change.kind, change.place, None, change.act, after)


def _more(world: World) -> list[Change]:
    """Some changes more, so that there is a past."""
    changes = []
    for kind, place in (("remove", None), ("replace", 101), ("remove", 202), ("back up", None)):
        changes.append(world.plan(kind, place))
        world.keep(changes[-1])
    return changes


def _crash(world: World, change: Change, parent: Parent) -> None:
    """Make a change and end before it is copied."""
    with world.corpora() as corpora:
        corpora.open()
        setattr(Mirror, "take", lambda *_: die())  # noqa: B010
        change.act(corpora)


def _start(world: World, parent: Parent) -> None:
    with world.corpora() as corpora:
        corpora.open()


def _put_aside(world: World, folder: Path) -> _Prepared:
    shutil.copytree(world.data, folder)
    return _Prepared(folder, world.state)


if __name__ == "__main__":
    run("tests.faults.byte_flip", trials, RUNS)
