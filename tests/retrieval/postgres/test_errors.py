"""What is said of failures that no server of the tests can be brought to."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from retrieval.postgres.errors import UnreachableError, is_lost, is_refusal, told


@pytest.mark.parametrize(
    "said",
    [
        "consuming input failed: SSL connection has been closed unexpectedly",
        "consuming input failed: server closed the connection unexpectedly",
        'connection failed: connection to server at "10.0.0.1", port 5432 failed: timeout expired',
        "failed to resolve host 'database': [Errno -3] Temporary failure in name resolution",
    ],
)
def test_a_connection_that_is_lost_is_waited_for(said: str) -> None:
    error = psycopg.OperationalError(said)
    assert is_lost(error)
    assert not is_refusal(error)


@pytest.mark.parametrize(
    "said",
    [
        'connection to server at "a", port 5432 failed: FATAL:  no pg_hba.conf entry for host "b"',
        "connection failed: server does not support SSL, but SSL was required",
        'connection failed: root certificate file "/x/root.crt" does not exist',
        "connection failed: SSL error: certificate verify failed",
    ],
)
def test_one_that_is_refused_is_not(said: str) -> None:
    assert is_refusal(psycopg.OperationalError(said))


def test_only_the_reason_is_told_and_not_where_it_was() -> None:
    said = 'connection failed: connection to server at "10.0.0.1", port 5 failed: No route to host'
    why = told(psycopg.OperationalError(f"{said}\n\tIs it running on that host?"), writes=False).why
    assert why == "PostgreSQL says: No route to host."


@pytest.mark.parametrize("kind", [errors.DeadlockDetected, errors.SerializationFailure])
def test_what_the_server_undid_to_be_asked_again_may_be(kind: type[psycopg.Error]) -> None:
    assert isinstance(told(kind("as it happens"), writes=True), UnreachableError)


@pytest.mark.parametrize("kind", [errors.DiskFull, errors.QueryCanceled, errors.UndefinedTable])
def test_what_another_attempt_would_not_mend_is_not(kind: type[psycopg.Error]) -> None:
    assert not isinstance(told(kind("it is so"), writes=True), UnreachableError)
