"""Which IP addresses are public."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retrieval.web.networks import is_public

# IANA's registries of special-purpose addresses, and multicast, as they stood in 2025.
SPECIAL_V4: Final = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "168.63.129.16/32",
)
SPECIAL_V6: Final = ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")


def prefix(network: str) -> str:
    net = ip_network(network)
    return bits(net.network_address)[: net.prefixlen]


def bits(address: IPv4Address | IPv6Address) -> str:
    return "".join(f"{byte:08b}" for byte in address.packed)


def near(networks: tuple[str, ...]) -> st.SearchStrategy[int]:
    """Addresses at the edges of networks, where mistakes are made, on both sides."""
    edges = [
        int(edge) + step
        for network in map(ip_network, networks)
        for edge in (network.network_address, network.broadcast_address)
        for step in (-1, 0, 1)
    ]
    return st.sampled_from([edge for edge in edges if edge >= 0])


@given(st.one_of(st.integers(0, 2**32 - 1), near(SPECIAL_V4).filter(lambda n: n < 2**32)))
@example(int(IPv4Address("169.254.169.254")))
@example(int(IPv4Address("255.255.255.255")))
def test_an_ipv4_address_is_public_unless_a_registry_names_it(number: int) -> None:
    address = IPv4Address(number)
    special = any(bits(address).startswith(prefix(network)) for network in SPECIAL_V4)
    assert is_public(str(address)) is not special


@given(
    st.one_of(
        st.integers(0, 2**128 - 1),
        st.integers(0x2000 << 112, (0x4000 << 112) - 1),
        near((*SPECIAL_V6, "2000::/3", "fc00::/7", "fe80::/10", "ff00::/8")).filter(
            lambda n: n < 2**128
        ),
    )
)
def test_an_ipv6_address_is_public_when_it_is_given_out_and_no_registry_names_it(
    number: int,
) -> None:
    address = IPv6Address(number)
    special = any(bits(address).startswith(prefix(network)) for network in SPECIAL_V6)
    assert is_public(str(address)) is (bits(address).startswith("001") and not special)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_the_clothes_of_ipv6_is_never_public(inner: IPv4Address) -> None:
    a, b = inner.packed[:2].hex(), inner.packed[2:].hex()
    for clothes in ("::ffff:{0}:{1}", "64:ff9b::{0}:{1}", "64:ff9b:1::{0}:{1}", "2002:{0}:{1}::1"):
        assert not is_public(clothes.format(a, b))
    assert not is_public(f"::ffff:{inner}")
    assert not is_public(f"::{inner}")


@pytest.mark.parametrize("text", ["", "localhost", "1.1.1", "1.1.1.1%lo", "2606:4700::1111%eth0"])
def test_what_is_no_plain_address_is_not_public(text: str) -> None:
    assert not is_public(text)


@pytest.mark.parametrize("text", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111"])
def test_addresses_of_the_internet_are_public(text: str) -> None:
    assert is_public(text)
