"""IP addresses as the page compares and counts them: an IPv4-mapped one is the IPv4 address that it stands for."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NETWORK_BITS = 64  # of IPv6: one machine has all addresses of such a network


def address_in(text: str | None) -> Address | None:
    """The address, None for other text."""
    try:
        found = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def network_of(address: ipaddress.IPv6Address) -> str:
    """The network of 64 bits that it is in."""
    return str(ipaddress.IPv6Network((address, NETWORK_BITS), strict=False))
