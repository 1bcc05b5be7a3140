"""Who a request comes from, as far as a server can know it."""

from __future__ import annotations

import ipaddress

import gradio as gr


def address_of(request: gr.Request | None) -> str:
    """The network address that a request comes from, of IPv6 the /64 that one customer has; "" where it is unknown.

    It is the connection's own.  Of X-Forwarded-For, which anybody can write, uvicorn believes only what a proxy on
    this machine adds, or one that FORWARDED_ALLOW_IPS names; on a Space, see `lenet.ui.surroundings`.
    """
    host = request.client.host if request is not None and request.client is not None else ""
    return customer(host)


def customer(host: str) -> str:
    """The part of an address that one customer of the internet has."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((int(address), 64), strict=False))
