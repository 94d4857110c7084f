"""The hosts on private networks that the operator lets everybody read."""

from __future__ import annotations

from collections.abc import Iterable

from retrieval.errors import SettingsError
from retrieval.web.addresses import Address
from retrieval.web.errors import FetchError


class PrivateHosts:
    """Exceptions from the rule that only the public internet is fetched.

    An exception holds for the host as it is written in an address, and for nothing that the host
    redirects to: that is judged as if a person had named it.

    Args:
        hosts: Each ``host``, for all its ports, or ``host:port``; IPv6 addresses in brackets.

    Raises:
        SettingsError: One of them is neither.
    """

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        self._allowed = frozenset(_exception(host) for host in hosts)

    def allow(self, address: Address) -> bool:
        """Whether the operator has named the host of this address, and its port if any."""
        return not self._allowed.isdisjoint({(address.host, None), (address.host, address.port)})


def _exception(host: str) -> tuple[str, int | None]:
    named = host.strip()
    try:
        # Without a port the parser would tell the scheme's own.
        with_port = named.rpartition("]")[2].rpartition(":")[1] != ""
        address = Address.parse(f"http://{named}")
    except FetchError:
        raise _unusable(named) from None
    if any(character in named for character in "/?#"):
        raise _unusable(named)
    return address.host, address.port if with_port else None


def _unusable(host: str) -> SettingsError:
    return SettingsError(
        f"The private host '{host}' is neither a host nor a host with a port.",
        remedy="Write it as wiki.intranet, 10.0.0.5:8080 or [fd00::5]:8080.",
    )
