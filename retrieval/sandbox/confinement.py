"""What holds a process back that reads documents of strangers.

Three walls, of which each system has those it can:

- Its limits (``setrlimit``): processor time and memory for each document; no files written, no
  memory dumps, no further processes.
- On Linux, its refusals (``kernel``): no files but those of Python and the libraries, no
  connections, no other programs. They hold even where a document takes over the process through a
  fault in native code, as far as the kernel itself has none.
- An audit hook, which refuses the same to Python code everywhere. It stops a parser that is talked
  into a side effect, and no native code.

Windows has the last alone, and the parent's clock. What remains to a process that was taken over:
to give wrong answers for the documents that it is asked to read, until it is replaced, and to raise
its own limits of time and memory, until the parent's clock ends it.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import threading
import time
from pathlib import Path
from typing import Final

import retrieval
from retrieval.sandbox import kernel

_SECONDS_MORE: Final = 2
"""The processor's clock ends what the parent's has not, so it is set to end later."""

_REFUSED: Final = (
    "ftplib.",
    "http.client.",
    "imaplib.",
    "nntplib.",
    "os.chflags",
    "os.chmod",
    "os.chown",
    "os.exec",
    "os.fork",
    "os.kill",
    "os.link",
    "os.lockf",
    "os.mkdir",
    "os.posix_spawn",
    "os.remove",
    "os.removexattr",
    "os.rename",
    "os.rmdir",
    "os.setxattr",
    "os.spawn",
    "os.startfile",
    "os.symlink",
    "os.system",
    "os.truncate",
    "os.utime",
    "poplib.",
    "pty.",
    "shutil.",
    "smtplib.",
    "socket.",
    "sqlite3.",
    "subprocess.",
    "tempfile.",
    "urllib.",
    "webbrowser.",
    "winreg.",
)
"""How the names of events begin that no reader has a use for."""

_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_READ_BY_LIBRARIES: Final = (os.devnull, "/dev/urandom", "/usr/share/zoneinfo", "/etc/localtime")
_PROGRAMS: Final = ("/usr", "/lib", "/lib64", "/nix/store", "/gnu/store", "/etc/ld.so.cache")
"""Where native code finds the libraries that it loads when it needs them."""


class Allowance:
    """The processor time and the memory that the next document may take.

    Args:
        read_seconds: For one document.
        read_bytes: For one document, beyond what the process holds before the first.
    """

    def __init__(self, read_seconds: float, read_bytes: int) -> None:
        self._seconds = read_seconds
        self._bytes = read_bytes
        self._statm = _open_statm()
        self._held = self._holds()

    def renew(self) -> None:
        """Start counting for another document."""
        try:
            import resource
        except ImportError:
            return
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = used.ru_utime + used.ru_stime + self._seconds
        _limit(resource.RLIMIT_CPU, int(seconds) + 1 + _SECONDS_MORE)
        # Data rather than address space: libraries reserve and map much that they never fill.
        _limit(resource.RLIMIT_DATA, self._held + self._bytes)

    def lift(self) -> None:
        """Give back memory enough to say that there was too little."""
        try:
            import resource
        except ImportError:
            return
        _limit(resource.RLIMIT_DATA, resource.RLIM_INFINITY)

    @property
    def is_worn(self) -> bool:
        """Whether earlier documents have left so much that the next would miss it."""
        return self._holds() - self._held > self._bytes // 4

    def _holds(self) -> int:
        """The bytes of memory that count against the limit, as far as the system tells."""
        if self._statm is not None:
            return int(os.pread(self._statm, 200, 0).split()[5]) * os.sysconf("SC_PAGE_SIZE")
        try:
            import resource
        except ImportError:
            return 0
        # Elsewhere than on Linux only the peak is known: there in bytes on macOS, in KiB on others.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def confine() -> None:
    """Give up, for good, all that reading documents does not need.

    The thread that ends the process with its parent is the last that it starts.
    """
    readable = _readable()
    kernel.restrict((*readable, *_PROGRAMS))
    _end_with(os.getppid())
    try:
        import resource
    except ImportError:
        pass
    else:
        for kind in ("RLIMIT_FSIZE", "RLIMIT_CORE", "RLIMIT_NPROC"):
            if hasattr(resource, kind):
                resource.setrlimit(getattr(resource, kind), (0, 0))
    sys.dont_write_bytecode = True
    sys.addaudithook(_Fence(readable))


def _end_with(parent: int) -> None:
    """Have a thread end this process soon after process ``parent`` has ended.

    An idle child sees its input end. A busy one does not look.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _limit(kind: int, value: int) -> None:
    import resource

    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        value = hard if value == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, hard))


class _Fence:
    """Raises ``PermissionError`` where Python is about to do what a reader has no use for."""

    def __init__(self, readable: tuple[str, ...]) -> None:
        self._readable = readable

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            self._open(*arguments[:3])
        elif event.startswith(_REFUSED):
            raise PermissionError(f"{event} is refused to the process that reads documents")

    def _open(self, path: object, mode: object, flags: object) -> None:
        if isinstance(path, int):
            return
        writes = (isinstance(mode, str) and not {*mode}.isdisjoint("wax+")) or (
            isinstance(flags, int) and flags & _WRITES
        )
        if writes or not self._is_readable(path):
            raise PermissionError("Files are refused to the process that reads documents")

    def _is_readable(self, path: object) -> bool:
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        real = os.path.realpath(os.fsdecode(path))
        return any(real == root or real.startswith(root + os.sep) for root in self._readable)


def _open_statm() -> int | None:
    """Opened while it can be: it is no file of Python's."""
    try:
        return os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return None


def _readable() -> tuple[str, ...]:
    """The folders and files of Python and its packages."""
    package = Path(retrieval.__file__).resolve().parent
    installed = {Path(place).resolve() for place in sys.path if place}
    # A checkout's own folder holds more than code: settings with secrets, and the data.
    installed.discard(package.parent)
    installed |= {package, *(Path(place).resolve() for place in sysconfig.get_paths().values())}
    places = [*map(str, installed), *_READ_BY_LIBRARIES]
    return tuple(sorted({os.path.realpath(place) for place in places} - {os.sep}))
