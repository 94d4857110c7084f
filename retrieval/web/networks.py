"""Which network addresses lie on the public internet, and which on somebody's own machines."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

_UNICAST: Final = ip_network("2000::/3")
"""All that is given out of IPv6 for the internet. IPv4 addresses in IPv6's clothes lie outside:
mapped (::ffff:0:0/96), translated (64:ff9b::/96 and 64:ff9b:1::/48)."""

_REFUSED: Final = tuple(
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # looks public; inside Azure it is the platform's own service
        "192.0.0.0/24",  # protocol assignments, one of them a cloud's metadata
        "192.88.99.0/24",  # relays of 6to4
        "2001::/23",  # protocol assignments; Teredo, which carries an IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries an IPv4 address
        "3fff::/20",  # documentation
    )
)
"""What ``ipaddress`` calls global, in some version of Python at least, and is not to be reached."""


def is_public(address: str) -> bool:
    """Whether an IP address is one machine's on the public internet, and nothing else.

    By the registries of special-purpose addresses of IANA (RFC 6890 and its successors). Addresses
    that carry another address are refused, whichever it is.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and (ip.scope_id is not None or ip not in _UNICAST):
        return False
    # Multicast and reserved addresses count as global, as far as the registries go.
    special = ip.is_multicast or ip.is_reserved or ip.is_loopback or ip.is_link_local
    return ip.is_global and not special and not any(ip in network for network in _REFUSED)
