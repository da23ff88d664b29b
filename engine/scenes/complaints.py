"""What GDAL complains of while it decodes, without failing: pixels that it made up where the data ran out.

rasterio hands GDAL's warnings to Python's logging and goes on; whoever reads a raster here listens.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

# Where rasterio logs what GDAL says: until 1.3 in rasterio/_env.pyx, from 1.4 on also in _err.pyx while it reads.
_LOGGERS = ("rasterio._env", "rasterio._err")
# Of the messages of libtiff's decoders and libjpeg that mean lost or invented pixels, in lower case; others, such as
# notes on unknown tags, mean nothing for the pixels.
_MEANS_DAMAGE = ("decode", "lack of data", "buffer overrun", "corrupt", "premature end", "not enough data")
_heard = threading.local()


class _Ear(logging.Handler):
    """Keeps the messages of threads that listen."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        messages: list[str] | None = getattr(_heard, "messages", None)
        if messages is not None:
            messages.append(record.getMessage())


@lru_cache(maxsize=1)
def _listening() -> None:
    """Let rasterio's messages be heard; once a process."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(handler, _Ear) for handler in logger.handlers):
            logger.addHandler(_Ear(logging.WARNING))


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Collect what GDAL says of damaged data in this thread meanwhile; the list is filled at the end."""
    _listening()
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not logger.isEnabledFor(logging.WARNING):
            # A script may have silenced all of rasterio; unheard, made-up pixels would count as read.
            logger.setLevel(logging.WARNING)
    damage: list[str] = []
    _heard.messages = []
    try:
        yield damage
    finally:
        damage += [text for text in _heard.messages if any(word in text.lower() for word in _MEANS_DAMAGE)]
        _heard.messages = None
