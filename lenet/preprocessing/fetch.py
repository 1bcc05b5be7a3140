"""A picture behind a URL, fetched without lending its asker this machine's place in the network.

Whoever gives the URL must reach nothing that they could not reach themselves: not this machine, not its
neighbours, not a cloud's metadata service.  So a name is looked up here, every address that it has is
judged, and the connection goes to an address that was judged, not to the name, which could by then mean
another one.  The same for each redirect.  Environment variables that name proxies are not heeded.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from lenet.errors import FetchError, Text

MAX_BYTES = 20_000_000  # as of an upload
SECONDS = 10.0  # from the first look-up to the last byte, redirects included
REDIRECTS = 4  # picture hosts use one or two
# The web's own two.  Others would let a stranger knock at mail, databases and whatever else listens,
# with this machine as the caller.
PORTS = {"http": 80, "https": 443}
ADDRESSES = 4  # of one name, how many are tried

_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK = 65536
_INSTEAD = Text("Save the picture and open it as a file instead.")
# A look-up cannot be stopped: one that hangs holds its thread until the system gives it up.
_resolver = ThreadPoolExecutor(max_workers=4, thread_name_prefix="resolve")

_GLOBAL_IPV6 = IPv6Network("2000::/3")  # all that is given out so far (RFC 4291, IANA)
_TRANSLATED = IPv6Network("64:ff9b::/96")  # NAT64: the last 32 bits are an IPv4 address (RFC 6052)
_NEVER = [  # beside what Python knows as not global, which differs between its versions
    ip_network("192.0.0.0/24"),  # IETF protocol assignments
    ip_network("192.88.99.0/24"),  # 6to4's relays
    ip_network("168.63.129.16/32"),  # within Azure a service of the host
    ip_network("2001::/23"),  # IETF protocol assignments, Teredo among them
    ip_network("3fff::/20"),  # documentation
]


def is_public(address: str) -> bool:
    """Whether anyone on the internet may be expected at this IP address.

    False for private, shared (CGNAT), loopback, link-local, multicast, reserved and unspecified ones, for
    IPv6 addresses that carry such an IPv4 address (mapped, 6to4, NAT64), for Teredo, and for what is no address.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if any(ip in network for network in _NEVER):
        return False
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast and not ip.is_reserved
    carried = _carried(ip)
    if carried is not None:
        return is_public(str(carried))
    return ip in _GLOBAL_IPV6 and ip.is_global


def _carried(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to `ip` end at."""
    if ip in _TRANSLATED:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def _may_connect(address: str, port: int) -> bool:
    return is_public(address) and port in PORTS.values()


def fetch(url: str, *, _may_connect: Callable[[str, int], bool] = _may_connect, _seconds: float = SECONDS) -> bytes:
    """The bytes of the picture behind `url`, for `open_picture` to judge.

    Args:
        url: http or https, at the ports 80 and 443, on a public address.

    Raises:
        FetchError: the address is refused, nothing answers, or what answers is no picture, over
            `MAX_BYTES` or not through after `SECONDS`.  Each has a sentence of its own.
    """
    deadline = time.monotonic() + _seconds
    parts = _parsed(url)
    for _ in range(1 + REDIRECTS):
        with _answer(parts, deadline, _may_connect) as response:
            if response.status not in _REDIRECTS:
                return _picture(response, str(parts.hostname), deadline)
            parts = _parsed(urljoin(parts.geturl(), response.getheader("Location", "")))
    raise FetchError(
        "This address redirects more than {times} times: copy the address of the picture itself.", times=REDIRECTS
    )


def _parsed(url: str) -> SplitResult:
    """`url` with its port, in the characters that HTTP knows, without its fragment."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
        host = f"[{host}]" if ":" in host else host.encode("idna").decode()
        # What people paste has spaces and letters of all alphabets; what is quoted already stays as it is.
        path, query = (quote(text, safe="/%:=&?~+!$,;'@()*[]|") for text in (parts.path or "/", parts.query))
    except ValueError:  # a port that is no number, a bracket left open, a name that no host can have, half a letter
        raise FetchError("This is not a web address: one looks like https://example.org/cat.jpg.") from None
    if parts.scheme not in PORTS:
        raise FetchError("Only addresses that begin with http:// or https:// can be fetched.")
    if not host:
        raise FetchError("This address names no host: one that does looks like https://example.org/cat.jpg.")
    if parts.username is not None or parts.password is not None:
        raise FetchError("This address holds a user name or a password, which should not be sent: leave it out.")
    return SplitResult(parts.scheme, f"{host}:{port or PORTS[parts.scheme]}", path, query, "")


@contextlib.contextmanager
def _answer(parts: SplitResult, deadline: float, may_connect: Callable[[str, int], bool]) -> Iterator[HTTPResponse]:
    """What the host in `parts` responds; the connection ends with the block, and at the deadline in any case."""
    host, port = str(parts.hostname), int(parts.port or 0)
    secure = parts.scheme == "https"
    with _connected(host, port, deadline, may_connect) as plain, plain.dup() as twin:
        # A socket's own timeout begins anew with each byte; this one does not.
        guard = threading.Timer(max(0.0, deadline - time.monotonic()), _shut, [twin])
        guard.daemon = True
        guard.start()
        connection = HTTPSConnection(host, port) if secure else HTTPConnection(host, port)
        try:
            connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host) if secure else plain
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            headers = {"User-Agent": "LeNet-Playground", "Accept": "image/*", "Accept-Encoding": "identity"}
            connection.request("GET", target, headers=headers)
            with connection.getresponse() as response:
                yield response
        except (OSError, HTTPException, ValueError) as error:
            if time.monotonic() >= deadline:
                raise _too_slow(host) from None
            if isinstance(error, ssl.SSLCertVerificationError):
                raise FetchError(
                    "{host} cannot prove that it is {host}: its certificate is not valid.", host=host
                ) from None
            raise FetchError(
                "{host} broke off, or does not speak HTTP at this address: try again. {instead}",
                host=host,
                instead=_INSTEAD,
            ) from error
        finally:
            guard.cancel()
            connection.close()


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side was first
        connection.shutdown(socket.SHUT_RDWR)


def _connected(host: str, port: int, deadline: float, may_connect: Callable[[str, int], bool]) -> socket.socket:
    """A connection to an address of `host`, all of which `may_connect` has judged."""
    addresses = _addresses(host, port, deadline)
    if not all(may_connect(address, port) for address in addresses):
        if port not in PORTS.values():
            raise FetchError("This server opens only the ports of the web, 80 and 443, and not {port}.", port=port)
        raise FetchError(
            "{host} is not on the public internet, and this server fetches nothing else. {instead}",
            host=host,
            instead=_INSTEAD,
        )
    failure: OSError = OSError()
    for address in addresses[:ADDRESSES]:
        try:
            return socket.create_connection((address, port), timeout=max(0.01, deadline - time.monotonic()))
        except OSError as error:
            failure = error
    if isinstance(failure, TimeoutError) or time.monotonic() >= deadline:
        raise _too_slow(host)
    if isinstance(failure, ConnectionRefusedError):
        raise FetchError("{host} refuses the connection: check the address.", host=host)
    raise FetchError(
        "{host} cannot be reached from this server, which may have no network. {instead}", host=host, instead=_INSTEAD
    )


def _addresses(host: str, port: int, deadline: float) -> list[str]:
    """Every IP address of `host`, as the system orders them."""
    looking = _resolver.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = looking.result(max(0.0, deadline - time.monotonic()))
    except NotYet:
        looking.cancel()
        raise _too_slow(host) from None
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise FetchError(
                "{host} cannot be looked up: this server may have no network. {instead}", host=host, instead=_INSTEAD
            ) from None
        raise FetchError("There is no host called {host}: check the address.", host=host) from None
    except (OSError, UnicodeError):
        raise FetchError("There is no host called {host}: check the address.", host=host) from None
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def _picture(response: HTTPResponse, host: str, deadline: float) -> bytes:
    """The body of a response that may hold a picture."""
    if response.status != 200:
        status = f"{response.status} {response.reason}".strip()  # some give no reason
        raise FetchError("{host} answers {status}: open the address in a browser to see why.", host=host, status=status)
    kind = response.headers.get_content_type() if "Content-Type" in response.headers else ""
    # A picture of no named type is common enough; `open_picture` looks at the bytes.
    if not kind.startswith("image/") and kind not in ("", "application/octet-stream", "binary/octet-stream"):
        raise FetchError(
            "This address leads to {kind} and not to a picture: copy the address of the picture itself.", kind=kind
        )
    if response.getheader("Content-Encoding", "identity") != "identity":  # none was asked for; and it may grow a lot
        raise FetchError(
            "{host} sends the picture in a second compression, which this server does not unpack. {instead}",
            host=host,
            instead=_INSTEAD,
        )
    too_large = FetchError("This picture has over {count} MB: choose a smaller one.", count=MAX_BYTES // 1_000_000)
    announced = response.length  # None where it is not said
    if (announced or 0) > MAX_BYTES:
        raise too_large
    content = bytearray()
    while chunk := response.read(_CHUNK):
        content += chunk
        if len(content) > MAX_BYTES:
            raise too_large
    if time.monotonic() >= deadline:
        raise _too_slow(host)
    if announced is not None and len(content) < announced:
        raise FetchError("{host} broke off in the middle of the picture: try again.", host=host)
    return bytes(content)


def _too_slow(host: str) -> FetchError:
    return FetchError(
        "{host} took longer than {seconds:.0f} seconds: try again later. {instead}",
        host=host,
        seconds=SECONDS,
        instead=_INSTEAD,
    )
