"""MonkeyType with its own defaults, on the whole test run."""

from __future__ import annotations

import atexit
import sys


def start() -> None:
    """Take the place of our tracer."""
    from monkeytype.config import DefaultConfig
    from monkeytype.tracing import CallTracer

    config = DefaultConfig()
    logger = config.trace_logger()
    atexit.register(logger.flush)
    sys.setprofile(
        CallTracer(
            logger=logger,
            max_typed_dict_size=config.max_typed_dict_size(),
            code_filter=config.code_filter(),
            sample_rate=config.sample_rate(),
        )
    )
