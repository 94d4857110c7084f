"""The operator's exceptions."""

from __future__ import annotations

import pytest

from retrieval.errors import SettingsError
from retrieval.limits import Limits
from retrieval.web import Fetcher
from retrieval.web.addresses import Address
from retrieval.web.private_hosts import PrivateHosts


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("wiki.intranet", "http://wiki.intranet/"),
        ("wiki.intranet", "https://Wiki.Intranet.:8443/a"),
        ("WIKI.intranet.", "http://wiki.intranet:9000/"),
        ("wiki:80", "http://wiki/"),
        ("wiki:443", "https://wiki/"),
        (" 127.0.0.1:8099 ", "http://127.0.0.1:8099/"),
        ("[::1]:8099", "http://[0:0:0:0:0:0:0:1]:8099/"),
        ("[fd00::5]", "http://[fd00::5]/"),
        ("bücher.intranet", "http://xn--bcher-kva.intranet/"),
    ],
)
def test_an_exception_holds_for_its_host_however_it_is_written(host: str, url: str) -> None:
    assert PrivateHosts([host]).allow(Address.parse(url))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("wiki.intranet", "http://intranet/"),
        ("intranet", "http://wiki.intranet/"),
        ("wiki:80", "https://wiki/"),
        ("wiki:8080", "http://wiki/"),
        ("127.0.0.1:8099", "http://127.0.0.1/"),
        ("127.0.0.1:8099", "http://127.0.0.2:8099/"),
        ("127.0.0.1:8099", "http://localhost:8099/"),
        ("127.0.0.1", "http://[::ffff:127.0.0.1]/"),
    ],
)
def test_an_exception_holds_for_nothing_else(host: str, url: str) -> None:
    assert not PrivateHosts([host]).allow(Address.parse(url))


@pytest.mark.parametrize(
    "host",
    ["", "http://wiki", "wiki/a", "wiki?", "a b", "me@wiki", "wiki:port", "::1", "10.0.0.0/8"],
)
def test_what_is_no_host_is_said_to_be_none(host: str) -> None:
    with pytest.raises(SettingsError) as error:
        Fetcher(Limits(), [host])
    assert f"'{host}'" in error.value.what
    assert "wiki.intranet" in error.value.remedy
