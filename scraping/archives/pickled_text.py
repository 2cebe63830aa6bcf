"""A text out of a pickle, without unpickling: only pickles that are nothing but one text are read."""

from __future__ import annotations

import base64
import binascii
import pickletools
import zlib

from scraping.archives.reading import MAX_PROBLEM_BYTES, UnusableProblem

_TEXTS = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE"})
_HARMLESS = frozenset({"PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "PUT", "STOP"})

_MAX_OPERATIONS = 64
"""A text has five or so."""


def compressed_pickled_text(packed: str, limit: int = MAX_PROBLEM_BYTES) -> str:
    """The text in ``base64(zlib(pickle(text)))``; raises `UnusableProblem` for anything else in there.

    ``limit`` is that of the pickle's bytes.
    """
    try:
        compressed = base64.b64decode(packed, validate=True)
        stream = zlib.decompressobj()
        content = stream.decompress(compressed, limit)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise UnusableProblem("malformed", f"no compressed pickle: {error}", stage="tests") from error
    if stream.unconsumed_tail:
        raise UnusableProblem("tests_too_large", f"more than {limit} bytes", stage="tests")
    return pickled_text(content)


def pickled_text(pickled: bytes) -> str:
    """The text that a pickle is; raises `UnusableProblem` where it would build anything else."""
    texts = []
    try:
        for number, (operation, argument, _) in enumerate(pickletools.genops(pickled)):
            if number == _MAX_OPERATIONS:
                raise UnusableProblem("pickled_objects", "there are many operations", stage="tests")
            if operation.name in _TEXTS:
                texts.append(str(argument))
            elif operation.name not in _HARMLESS:
                raise UnusableProblem("pickled_objects", f"the pickle holds {operation.name}", stage="tests")
    except (ValueError, IndexError, OverflowError, EOFError) as error:
        if isinstance(error, UnusableProblem):
            raise
        raise UnusableProblem("malformed", f"no pickle: {error}"[:300], stage="tests") from error
    if len(texts) != 1:
        raise UnusableProblem("pickled_objects", f"{len(texts)} texts in the pickle", stage="tests")
    return texts[0]
