"""Where metrics are served, as a person writes it in the settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.observability.address import LOOPBACK, Address
from bot.settings import load_settings
from retrieval.errors import SettingsError


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:9464", "127.0.0.1", 9464),
        ("192.0.2.1:80", "192.0.2.1", 80),
        ("metrics.internal:65535", "metrics.internal", 65535),
        ("[::1]:9464", "::1", 9464),
        ("localhost:0", "localhost", 0),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, host: str, port: int) -> None:
    assert Address.read(text) == Address(host, port)


def test_a_port_alone_is_for_this_machine() -> None:
    assert Address.read("9464") == Address("127.0.0.1", 9464)


@pytest.mark.parametrize(
    "text",
    [
        "", "here", "here:", ":9464", "::1:9464", "[::1]", "[::1:9464", "a:b:1", "h:65536",
        "h:-1", "h:٣", "http://h:1", "me@h:1", "h:1/metrics", "[h]:1", "h :1", "h:123456",
    ],
)  # fmt: skip
def test_what_is_none_is_refused(text: str) -> None:
    assert Address.read(text) is None


@given(
    st.one_of(st.ip_addresses().map(str), st.from_regex(r"[a-z][a-z0-9.-]*", fullmatch=True)),
    st.integers(0, 65_535),
)
def test_every_address_is_read_as_it_is_written(host: str, port: int) -> None:
    address = Address(host, port)
    assert Address.read(str(address)) == address


@given(st.text())
def test_no_text_is_more_than_refused(text: str) -> None:
    read = Address.read(text)
    assert read is None or 0 <= read.port <= 65_535


def test_nothing_is_served_unless_somebody_asks_for_it() -> None:
    settings = load_settings({}, Path("missing.env"))
    assert settings.metrics_address is None
    assert settings.otlp_endpoint is None
    assert settings.log_format == "console"


def test_the_settings_name_an_address(tmp_path: Path) -> None:
    given = {"FOOTNOTE_METRICS_ADDRESS": " 9464 ", "LOG_FORMAT": "JSON"}
    settings = load_settings(given, tmp_path / "missing.env")
    assert settings.metrics_address == Address(LOOPBACK, 9464)
    assert settings.log_format == "json"


@pytest.mark.parametrize(
    ("name", "value"), [("FOOTNOTE_METRICS_ADDRESS", "yes"), ("LOG_FORMAT", "xml")]
)
def test_a_bad_value_is_refused_with_the_remedy(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({name: value}, tmp_path / "missing.env")
    assert name in caught.value.what
    assert f"remove {name}" in caught.value.remedy
