"""What PostgreSQL says of a failure, told without addresses, passwords and what people wrote."""

from __future__ import annotations

import re
from typing import Final

import psycopg
from psycopg import errors
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from retrieval.errors import StorageError
from retrieval.phrases import phrase

ERRORS: Final = (SQLAlchemyError, psycopg.Error)
"""What using a connection raises."""
_LOST: Final = (
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.IdleSessionTimeout,
    errors.TooManyConnections,
)
"""What a server says before it hangs up."""
_AGAIN: Final = (
    # A replica has to follow and cannot wait for a question, or two changes wait for each other.
    errors.SerializationFailure,
    errors.DeadlockDetected,
)
"""What the server undoes to be asked once more."""
_FOLLOWS: Final = (errors.ReadOnlySqlTransaction, errors.ObjectNotInPrerequisiteState)
"""What a server says to a change that follows another, or does not yet lead."""
_REFUSED: Final = re.compile(
    r"authentication failed|no password supplied|no pg_hba\.conf entry"
    r"|(role|database) \".*\" does not exist"
    r"|does not support SSL|certificate verify failed|certificate .* does not exist"
)
"""Where another attempt would end alike."""
_WHERE: Final = re.compile(r"^.*\bfailed:\s*", re.DOTALL)
_SEVERITY: Final = re.compile(r"^(FATAL|ERROR|PANIC):\s*")


class UnreachableError(StorageError):
    """The database server cannot be reached, or accepts no changes."""


class UnknownOutcomeError(StorageError):
    """Whether a change was kept cannot be told."""


def cause_of(error: BaseException) -> BaseException:
    """What the driver said, where SQLAlchemy tells of it."""
    return getattr(error, "orig", None) or error


def is_lost(error: BaseException) -> bool:
    """Whether the connection is gone, or there never was one."""
    cause = cause_of(error)
    if isinstance(cause, _LOST):
        return True
    # Without a code of its own it was never the server who spoke.
    return isinstance(cause, (psycopg.OperationalError, psycopg.InterfaceError)) and (
        cause.sqlstate is None or cause.sqlstate.startswith("08")
    )


def is_undone(error: BaseException) -> bool:
    """Whether the transaction came to nothing, and may be done again, here or elsewhere."""
    return is_lost(error) or isinstance(cause_of(error), _AGAIN)


def is_absence(error: BaseException) -> bool:
    """Whether the server that is changed was not met: it may be there in a moment."""
    return is_lost(error) or isinstance(cause_of(error), _FOLLOWS)


def is_refusal(error: BaseException) -> bool:
    """Whether waiting does not help: the server is there and lets nobody in by that address."""
    return _REFUSED.search(str(cause_of(error))) is not None


def unreachable(error: BaseException | None) -> UnreachableError:
    """What is said where no server answers in time."""
    return UnreachableError(
        phrase("The database server cannot be reached."),
        why=phrase("PostgreSQL says: {error}.", error=_said(error)) if error is not None else "",
        remedy=phrase(
            "Check that the server runs and FOOTNOTE_DATABASE_URL names it, then try again."
        ),
    )


def told(error: BaseException, *, writes: bool) -> StorageError:
    """What is said of a failure in the middle of something; it was undone by then."""
    if isinstance(error, PoolTimeout):
        return StorageError(
            phrase("The database is busy: every connection to it is in use."),
            remedy=phrase("Try again in a moment."),
        )
    if is_undone(error):
        what = phrase("The database server broke off.")
        kind: type[StorageError] = UnreachableError
        remedy = phrase("Try again in a moment.")
    else:
        what = phrase("The database server could not do what was asked.")
        kind = StorageError
        remedy = phrase("Try again; if it happens twice, ask who runs the database.")
    if writes:
        remedy = phrase("Nothing was changed. {remedy}", remedy=remedy)
    return kind(what, why=phrase("PostgreSQL says: {error}.", error=_said(error)), remedy=remedy)


def unknown_outcome() -> UnknownOutcomeError:
    """What is said where the connection broke and nobody can be asked what became of a change."""
    return UnknownOutcomeError(
        phrase("The connection broke while a change was being kept."),
        why=phrase("The database server cannot be asked now whether it was."),
        remedy=phrase("Look whether the change is there before you make it again."),
    )


def _said(error: BaseException) -> str:
    """The first line of what the server said: the others may quote what it keeps."""
    cause = cause_of(error)
    said = cause.diag.message_primary if isinstance(cause, psycopg.Error) else None
    lines = (said or _WHERE.sub("", str(cause)) or type(cause).__name__).splitlines()
    return _SEVERITY.sub("", lines[0]).strip().rstrip(".") if lines else type(cause).__name__
