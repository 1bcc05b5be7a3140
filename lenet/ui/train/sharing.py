"""A link to settings that others can open: at an address that they reach, and as a QR code for a projector.

Nothing here knows gradio.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

MAX_BYTES = 1500  # in UTF-8: a QR code of more is too fine for a camera at the back of a room
ANY_ADDRESS = ("0.0.0.0", "::")
ELSEWHERE = ("192.0.2.1", 9)  # an address of nobody's: choosing the way to it sends nothing


@dataclass(frozen=True)
class Shared:
    """A link and its QR code, a data: address of an SVG.

    Attributes:
        reach: who can open it: "anybody" who reaches this page as its visitor does, "network" for the others in this
            machine's network, "nobody" where the page listens to its own machine only.
    """

    link: str
    code: str
    reach: str


def is_link(link: str) -> bool:
    """Whether it is a web address, and not too long for a QR code."""
    try:
        parts = urlsplit(link)
        web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        return web and len(link.encode(errors="replace")) <= MAX_BYTES
    except ValueError:
        return False


def shared(link: str) -> Shared:
    """The same link at an address that others reach, if there is one.

    Args:
        link: the page's address as its visitor sees it, with the settings in its query; see `is_link`.
    """
    parts = urlsplit(link)
    assert parts.hostname
    reach = "anybody"
    if _is_loopback(parts.hostname):
        here = network_address() if os.environ.get("GRADIO_SERVER_NAME") in ANY_ADDRESS else None
        reach = "network" if here else "nobody"
        if here:
            link = urlunsplit(parts._replace(netloc=here + (f":{parts.port}" if parts.port else "")))
    return Shared(link, qr_code(link), reach)


def network_address() -> str | None:
    """This machine's address in its network; None where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
            found = str(probe.getsockname()[0])
        except OSError:
            return None
    return None if _is_loopback(found) else found


def qr_code(link: str) -> str:
    import segno  # when somebody shares, not at the page's start

    return str(segno.make(link, error="m", micro=False).svg_data_uri(scale=4, border=4, light="#ffffff"))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
