"""Forked processes that are told when to begin and tell what they find, until they are killed.

The parent has loaded the model; its children need not. It must have one thread only when it forks,
since no other is there in the child: ``single_threaded`` sees to that.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Said = Mapping[str, Any]
_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_PATIENCE: Final = 120.0
"""Seconds after which a child hangs, which is a violation too."""


def single_threaded(module: str, arguments: Sequence[str]) -> None:
    """Begin the program again, without the threads that libraries start when they are loaded."""
    wanted = {**dict.fromkeys(_THREADS, "1"), "TOKENIZERS_PARALLELISM": "false"}
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        environment = {**os.environ, **wanted}
        os.execve(  # noqa: S606
            sys.executable, [sys.executable, "-m", module, *arguments], environment
        )


class Child:
    """A process that does ``act`` and tells its parent what it finds."""

    def __init__(self, act: Callable[[Parent], None]) -> None:
        told, telling = os.pipe()
        waiting, sending = os.pipe()
        sys.stdout.flush()
        self.process = os.fork()
        if self.process == 0:
            os.close(told)
            os.close(sending)
            _live(act, Parent(telling, waiting))
        os.close(telling)
        os.close(waiting)
        self._told, self._go = told, sending
        self._said = b""
        self._is_over = False

    def go(self) -> None:
        """Let it begin what it is waiting to begin."""
        os.write(self._go, b".")

    def next(self, seconds: float = _PATIENCE) -> Said | None:
        """What it says next; ``None`` where it has ended, or says nothing for so long."""
        end = time.monotonic() + seconds
        while b"\n" not in self._said:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._told], [], [], left)[0]:
                return None
            more = os.read(self._told, 65536)
            if not more:
                self._is_over = True
                return None
            self._said += more
        line, _, self._said = self._said.partition(b"\n")
        found: Said = json.loads(line)
        return found

    def rest(self) -> list[Said]:
        """All that it says until it ends."""
        found = []
        while (said := self.next()) is not None:
            found.append(said)
        if not self._is_over:
            found.append({"violation": "the process hangs"})
        return found

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        os.kill(self.process, signal.SIGKILL)

    def close(self) -> None:
        """Wait for its end; a child that still runs is killed."""
        if not self._is_over:
            self.kill()
        os.waitpid(self.process, 0)
        os.close(self._told)
        os.close(self._go)


class Parent:
    """The parent as its child sees it."""

    def __init__(self, telling: int, waiting: int) -> None:
        self._telling, self._waiting = telling, waiting

    def tell(self, **what: object) -> None:
        """Say something. It has arrived when this returns, whatever happens to the child."""
        os.write(self._telling, json.dumps(what).encode() + b"\n")

    def wait(self) -> None:
        """Wait until the parent says go."""
        os.read(self._waiting, 1)


def ask_child(act: Callable[[Parent], None]) -> list[Said]:
    """What a child says that is left to come to its end."""
    child = Child(act)
    try:
        return child.rest()
    finally:
        child.close()


def _live(act: Callable[[Parent], None], parent: Parent) -> None:
    status = 0
    try:
        act(parent)
    except BaseException:
        parent.tell(violation=f"the process fails: {traceback.format_exc()}")
        status = 1
    finally:
        # Nothing that the parent has begun may be ended here.
        os._exit(status)
