"""The environment's settings for HTTP, proxies and certificates, in spellings that httpx refuses.

    mend()      # of this process: ALL_PROXY=socks://... becomes socks5://..., for example
    unusable()  # the names of the variables that httpx still refuses

httpx reads all of them for every request, and raises over one that does not concern it.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import re
import ssl

PROXIES = tuple(name for kind in ("http", "https", "all") for name in (f"{kind}_proxy", f"{kind.upper()}_PROXY"))
NO_PROXY = ("no_proxy", "NO_PROXY")
CERTIFICATES = "SSL_CERT_FILE"
KEY_LOG = "SSLKEYLOGFILE"  # for Wireshark; some virus scanners leave it behind, with a file that nobody may write

# Desktop settings export socks://.  A proxy that speaks nothing but SOCKS 4 is then one that cannot be reached.
_SOCKS = re.compile(r"^socks(?:4a?)?://", re.IGNORECASE)


def mend() -> None:
    """Respell what httpx refuses, and leave out what it cannot use at all, for this process and those it starts."""
    for name in PROXIES:
        if said := os.environ.get(name):
            os.environ[name] = _SOCKS.sub("socks5://", said.strip())
    bypass()
    said = os.environ.get(CERTIFICATES, "")
    if said and not _has_certificates(said):
        logging.warning("%s is %s, which is no file of certificates: the usual ones count.", CERTIFICATES, said)
        del os.environ[CERTIFICATES]
    said = os.environ.get(KEY_LOG, "")
    if said and not _can_be_written(said):
        logging.warning("%s is %s, which cannot be written: no keys are logged.", KEY_LOG, said)
        del os.environ[KEY_LOG]


def bypass(*hosts: str) -> None:
    """Ask `hosts` without a proxy, beside those that no_proxy or NO_PROXY names.

    Both spellings, since a program reads one or the other, and they must agree.
    """
    known = [host for name in NO_PROXY for host in _hosts(name) if _is_readable(host)] + [*hosts]
    value = "*" if "*" in known else ",".join(dict.fromkeys(known))  # which urllib takes as "all" only when alone
    if value or any(name in os.environ for name in NO_PROXY):
        os.environ.update(dict.fromkeys(NO_PROXY, value))


def unusable() -> list[str]:
    """The names of the variables that httpx refuses."""
    found = [name for name in PROXIES if (said := os.environ.get(name)) and not _is_proxy(said)]
    found += [name for name in NO_PROXY if not all(map(_is_readable, _hosts(name)))]
    for name, is_fine in ((CERTIFICATES, _has_certificates), (KEY_LOG, _can_be_written)):
        if (said := os.environ.get(name)) and not is_fine(said):
            found.append(name)
    return found


def _hosts(name: str) -> list[str]:
    return [host.strip() for host in os.environ.get(name, "").split(",") if host.strip()]


def _is_readable(host: str) -> bool:
    """Whether httpx understands an entry of no_proxy: it makes a web address of it."""
    import httpx  # here, for `import lenet` must not load it

    try:
        httpx.URL(host if "://" in host else f"all://[{host}]" if _is_ipv6(host) else f"all://*{host}")
    except httpx.InvalidURL:
        return False
    return True


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host.split("/")[0])
    except ValueError:
        return False
    return True


def _is_proxy(said: str) -> bool:
    import httpx

    try:
        httpx.Proxy(said if "://" in said else f"http://{said}")
    except (ValueError, httpx.InvalidURL):
        return False
    return True


def _has_certificates(path: str) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError:  # which an ssl.SSLError is too
        return False
    return True


def _can_be_written(path: str) -> bool:
    try:
        with open(path, "ab"):  # as OpenSSL opens it
            return True
    except OSError:
        return False
