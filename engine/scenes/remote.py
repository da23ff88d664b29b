"""Rasters that lie on servers: what GDAL calls them, what may be told of their addresses, and why they fail.

An address may hold a secret: a signature or token behind its question mark, a password before its host. What stands for
a raster everywhere, in scenes, messages, reports and results, is its address without; the whole address is known to
`Scene.openings` alone, and used at one place, where the raster is opened.
"""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

HTTP, S3 = "/vsicurl/", "/vsis3/"
REMOTE = (HTTP, S3)
"""What the path of a raster on a server begins with, for GDAL (its page on virtual file systems)."""
# What stays as it is in an address: what RFC 3986 reserves, and what is escaped already.
_SAFE = "%/:=&?~#+!$,;'@()*[]"
_QUERY = re.compile(r"((?:https?|s3|ftp)://)(?:[^\s/'\"@]*@)?([^\s'\"?]*)\?[^\s'\"]*", re.IGNORECASE)
# The same behind a file's name alone, as GDAL 3.10 tells it: "B04.TIF?sig=…, band 1: IReadBlock failed".
_BARE_QUERY = re.compile(r"(\.\w{2,5}|(?=\?[^\s'\"?]+=))\?[^\s'\"]*?([,.;:)]*)(?=[\s'\"]|$)")
_PASSWORD = re.compile(r"((?:https?|s3|ftp)://)[^\s/'\"@]*@", re.IGNORECASE)
# As GDAL tells it: "HTTP response code: 403", "HTTP error code : 403", "HTTP response code on https://…: 403".
_CODE = re.compile(r"\b(?:response|error) code(?: on \S+)?\s*:\s*([1-5]\d\d)\b", re.IGNORECASE)
# In what it says of S3, without a status, of a login that is missing or refused, and of what is not there.
_REFUSED = ("access denied", "accessdenied", "invalidcredentials", "invalidaccesskeyid", "aws_secret_access_key")
_ABSENT = ("nosuchkey", "nosuchbucket", "does not exist")
# In what it says where bytes did not come, or not in time.
_CUT = ("read or write failed", "read error", "not recognized", "too slow", "timed out", "timeout")
_LOGGERS = ("rasterio", "rasterio._env", "rasterio._err", "rasterio._base", "rasterio._io", "rasterio.env")
OPTIONS = {
    # GDAL asks again after 1, 2, 4 and 8 s, give or take, where a server is busy (429, 5xx) or says nothing.
    "GDAL_HTTP_MAX_RETRY": "4",
    "GDAL_HTTP_RETRY_DELAY": "1",
    "GDAL_HTTP_CONNECTTIMEOUT": "20",
    # A transfer that gives less than 1000 bytes a second for 30 s is given up.
    "GDAL_HTTP_LOW_SPEED_TIME": "30",
    "GDAL_HTTP_LOW_SPEED_LIMIT": "1000",
}
"""GDAL's settings for servers, each used where the user has not set it."""
AT_OPENING = {
    # Header and index of tiles of a full scene in one request; GDAL's own 16 KB would need several.
    "GDAL_INGESTED_BYTES_AT_OPEN": "65536",
}
"""Likewise, while a raster on a server is opened."""
PAUSES = (1.0, 3.0)
"""Seconds to wait before each further try to read what was cut off, which GDAL itself does not ask for again."""


def is_remote(path: str) -> bool:
    """Tell whether the path of a raster is on a server."""
    return path.startswith(REMOTE)


def is_address(href: str) -> bool:
    """Tell whether a reference names a server, by its scheme or as GDAL does."""
    return href.lower().startswith(("http://", "https://", "s3://")) or is_remote(href)


def placed(href: str) -> tuple[str, str]:
    """Return what stands for a raster on a server, and what rasterio opens: the same where there is no secret.

    Parameters
    ----------
    href
        Of `is_address`.

    Raises
    ------
    ValueError
        It names no file of a server; says why in a few words, without what may be secret.
    """
    for prefix, scheme in ((S3, "s3://"), (HTTP, "")):
        if href.startswith(prefix):
            href = scheme + href[len(prefix) :]
    try:
        parts = urlsplit(href)
        host = parts.hostname
    except ValueError as error:
        raise ValueError("is no address") from error
    scheme = parts.scheme.lower()
    if not host or parts.path in ("", "/") or scheme not in ("http", "https", "s3"):
        raise ValueError(f"is no address of a file ({without_secrets(href)})")
    if scheme == "s3":
        if "@" in parts.netloc:
            raise ValueError(f"has a login in its address ({without_secrets(href)}), which S3 takes from elsewhere")
        # Names of objects stand in such addresses as they are.
        path = f"{S3}{parts.netloc}{href.split('://', 1)[1][len(parts.netloc) :]}"
        return path, path
    where = f"{parts.netloc.rpartition('@')[2]}{quote(parts.path, _SAFE)}"
    whole = f"{HTTP}{scheme}://{parts.netloc}{quote(parts.path, _SAFE)}"
    whole += f"?{quote(parts.query, _SAFE)}" if parts.query else ""
    return f"{HTTP}{scheme}://{where}", whole


def address(path: str) -> str:
    """Return the address of a raster on a server, for messages."""
    return f"s3://{path[len(S3) :]}" if path.startswith(S3) else without_secrets(path[len(HTTP) :])


def last_name(href: str) -> str:
    """Return the name of the file that a reference ends in, "" if it ends in none."""
    path = href if href.lower().startswith("s3://") else re.split(r"[?#]", href, maxsplit=1)[0]
    name = path.replace("\\", "/").rpartition("/")[2]
    return unquote(name) if "://" in href else name


def without_secrets(text: str) -> str:
    """Return a text without what stands behind question marks, and as passwords, in the addresses and names in it."""
    return _PASSWORD.sub(r"\1", _BARE_QUERY.sub(r"\1\2", _QUERY.sub(r"\1\2", text)))


class _Discreet(logging.Filter):
    """Takes secrets out of what is logged."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change a record in place; keep it."""
        text = record.getMessage()
        told = without_secrets(text)
        if told != text:
            record.msg, record.args = told, ()
        return True


@lru_cache(maxsize=1)
def keep_secrets() -> None:
    """Let rasterio log no secret of an address; once a process."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_Discreet())


def code_of(reason: str) -> int | None:
    """Return the status that a server answered with, as GDAL tells it; None if it tells none."""
    found = _CODE.search(reason)
    return int(found[1]) if found else None


def is_final(reason: str) -> bool:
    """Tell whether to ask again is of no use: the server said no, and did not fail."""
    code, text = code_of(reason), reason.lower()
    if code is None:
        return any(word in text for word in (*_REFUSED, *_ABSENT, "range downloading not supported"))
    return 400 <= code < 500 and code not in (408, 425, 429)


def what_to_do(path: str, reason: str) -> tuple[str, str]:
    """Return what went wrong with a raster on a server, as the rest of a sentence on it, and what to do about it.

    Parameters
    ----------
    path
        Of the raster, without secrets.
    reason
        In GDAL's words.
    """
    code, text = code_of(reason), reason.lower()
    if code in (404, 410) or (code is None and any(word in text for word in _ABSENT)):
        return f"is not at {address(path)}{_told(code)}", "get the item anew, as the file may have moved"
    if code in (401, 403, 407, 409) or any(word in text for word in _REFUSED):
        return f"may not be read at {address(path)}{_told(code)}", _credentials(path)
    if code == 429:
        return f"was asked for too often at {address(path)} (429)", "wait, or use fewer threads (WORKERS)"
    if code is not None and code >= 500:
        return f"cannot be had from {address(path)}, whose server fails ({code})", "try again later"
    if "range downloading not supported" in text:
        return f"can only be had whole from {address(path)}, whose server gives no parts of files", "download it"
    if "could not resolve" in text or "couldn't connect" in text or "failed to connect" in text:
        return (
            f"cannot be reached at {address(path)} ({without_secrets(reason)})",
            "check the connection, and GDAL_HTTP_PROXY if there is a proxy",
        )
    if not any(word in text for word in _CUT):
        return f"cannot be read from {address(path)} ({without_secrets(reason)})", "try again, or download it"
    return (
        f"came in part only, or too slowly, from {address(path)}",
        "try again, allow more time (GDAL_HTTP_LOW_SPEED_TIME), or download it",
    )


def _told(code: int | None) -> str:
    return f" ({code})" if code is not None else ""


def _credentials(path: str) -> str:
    """Return what to set where a server refuses; see docs/cloud.md."""
    host = address(path).split("://", 1)[1].split("/", 1)[0].lower()
    if path.startswith(S3):
        payer = " and AWS_REQUEST_PAYER=requester" if host.startswith(("usgs-landsat", "sentinel-s2")) else ""
        return f"set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY{payer} before QGIS starts"
    if host.endswith(".blob.core.windows.net"):
        return "sign the item anew, as the signature in its addresses is missing or has expired"
    if host.endswith(("earthdatacloud.nasa.gov", "earthdata.nasa.gov")):
        return (
            "log in to Earthdata: set GDAL_HTTP_NETRC_FILE, GDAL_HTTP_COOKIEFILE and GDAL_HTTP_COOKIEJAR, or a token "
            "in GDAL_HTTP_HEADERS, before QGIS starts"
        )
    if host.endswith("usgs.gov"):
        return (
            "USGS wants a login there: set AWS_REQUEST_PAYER=requester and credentials of AWS before QGIS starts, and "
            "the copy on S3 is taken"
        )
    return (
        "sign the item anew if its addresses are signed, as signatures expire, or set what the server asks for "
        "(GDAL_HTTP_HEADERS, GDAL_HTTP_COOKIEFILE, GDAL_HTTP_USERPWD) before QGIS starts"
    )
