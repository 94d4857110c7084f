"""What Linux can be asked to refuse to this process for good, without any privilege.

Landlock (https://docs.kernel.org/userspace-api/landlock.html) leaves it no files but those it is
given, to read. A filter of system calls, seccomp
(https://docs.kernel.org/userspace-api/seccomp_filter.html), leaves it no connections and no other
programs. Both hold for native code as well, and each is left out where the kernel has none of it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_NO_NEW_PRIVILEGES: Final = 38
_SECCOMP: Final = 22
_SECCOMP_FILTER: Final = 2

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_FOR_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_READ_FILE: Final = 1 << 2
_READ_FOLDER: Final = 1 << 3
_FILE_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights over files the first versions of Landlock know; those after them know 16."""

_TCP_SINCE: Final = 4
_SCOPES_SINCE: Final = 6
_TWO_RIGHTS: Final = 0b11

_LOAD: Final = 0x20
_JUMP_IF_EQUAL: Final = 0x15
_JUMP_IF_AT_LEAST: Final = 0x35
_RETURN: Final = 0x06
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000 | errno.EPERM
_OTHER_ABI: Final = 0x40000000
_ARCHITECTURES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SYSTEM_CALLS: Final = {
    "bpf": (321, 280),
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "io_uring_setup": (425, 425),
    "kill": (62, 129),
    "mount": (165, 40),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "setns": (308, 268),
    "socket": (41, 198),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vfork": (58, None),
}
"""What is refused, by its number on each of the ``_ARCHITECTURES``."""


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def restrict(readable: Iterable[str]) -> None:
    """Give up all files but those in and under ``readable``, all connections and programs.

    Holds for the thread that asks for it and those that it starts afterwards.
    """
    if sys.platform != "linux":
        return
    system = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    if system.prctl(_NO_NEW_PRIVILEGES, ctypes.c_ulong(1), zero, zero, zero) == 0:
        _restrict_files(system, readable)
        _restrict_calls(system)


def _restrict_files(system: ctypes.CDLL, readable: Iterable[str]) -> None:
    version = system.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_FOR_VERSION)
    if version < 1:
        return
    wanted = _Ruleset(
        files=(1 << _FILE_RIGHTS.get(version, 16)) - 1,
        network=_TWO_RIGHTS if version >= _TCP_SINCE else 0,
        scopes=_TWO_RIGHTS if version >= _SCOPES_SINCE else 0,
    )
    size = ctypes.c_size_t(ctypes.sizeof(wanted))
    rules = system.syscall(_CREATE_RULESET, ctypes.byref(wanted), size, 0)
    if rules < 0:
        return
    for place in readable:
        try:
            opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        allowed = _READ_FILE | (_READ_FOLDER if Path(place).is_dir() else 0)
        rule = _Beneath(allowed=allowed, folder=opened)
        system.syscall(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(rule), 0)
        os.close(opened)
    system.syscall(_RESTRICT_SELF, rules, 0)
    os.close(rules)


def _restrict_calls(system: ctypes.CDLL) -> None:
    machine = os.uname().machine
    if machine not in _ARCHITECTURES or struct.calcsize("P") != 8:
        return
    column = list(_ARCHITECTURES).index(machine)
    numbers = [call[column] for call in _SYSTEM_CALLS.values() if call[column] is not None]
    # Each test jumps to the last instruction, over those that are left and the one that allows.
    tests = [
        *((_JUMP_IF_EQUAL, number) for number in numbers),
        (_JUMP_IF_AT_LEAST, _OTHER_ABI),
    ]
    instructions = [
        (_LOAD, 0, 0, 4),  # the architecture
        (_JUMP_IF_EQUAL, 0, len(tests) + 2, _ARCHITECTURES[machine]),
        (_LOAD, 0, 0, 0),  # the number of the call
        *((test, len(tests) - at, 0, value) for at, (test, value) in enumerate(tests)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    program = _Program(len(instructions), code)
    system.prctl(
        _SECCOMP,
        ctypes.c_ulong(_SECCOMP_FILTER),
        ctypes.byref(program),
        ctypes.c_ulong(0),
        ctypes.c_ulong(0),
    )
