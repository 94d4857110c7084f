"""Pages over TLS. What the system trusts is read once a process: each test fetches in its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.retrieval.web.certificates import certificate, serving
from tests.retrieval.web.site import Site, page, redirection, site

FETCH = """
import json, sys
from retrieval.limits import Limits
from retrieval.web import FetchError, Fetcher
fetcher = Fetcher(Limits(), sys.argv[1].split(","), timeout=5)
for url in sys.argv[2:]:
    try:
        print(json.dumps(["read", fetcher.fetch(url).content.decode()]))
    except FetchError as error:
        print(json.dumps(["refused", error.what]))
"""


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    return certificate(tmp_path)


@pytest.fixture
def secure(pem: Path) -> Iterator[Site]:
    with site(serving(pem)) as server:
        yield server


def fetch(hosts: list[str], *urls: str, trusted: Path | None = None) -> list[list[str]]:
    """What comes of each address where the system trusts the certificates in ``trusted``."""
    trust = {} if trusted is None else {"SSL_CERT_FILE": str(trusted)}
    done = subprocess.run(
        [sys.executable, "-c", FETCH, ",".join(hosts), *urls],
        env={**os.environ, **trust},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_page_is_read_over_tls_and_never_taken_from_there_to_an_open_connection(
    web: Site, secure: Site, pem: Path
) -> None:
    secure.answers["/"] = page("safe")
    secure.answers["/down"] = redirection(web.url())
    web.answers["/"] = page("open")
    web.answers["/up"] = redirection(secure.url())
    results = fetch(
        [web.host, secure.host],
        secure.url(),
        web.url("/up"),
        secure.url("/down"),
        trusted=pem,
    )
    assert results[:2] == [["read", "safe"], ["read", "safe"]]
    assert results[2][0] == "refused"
    assert "from a secure to an open connection" in results[2][1]
    assert [request.target for request in web.requests] == ["/up"]


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(secure: Site) -> None:
    secure.answers["/"] = page("safe")
    ((kind, what),) = fetch([secure.host], secure.url())
    assert kind == "refused"
    assert "cannot be read over a secure connection" in what
    assert secure.requests == []
