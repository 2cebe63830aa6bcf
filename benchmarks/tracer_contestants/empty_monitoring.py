"""What monitoring costs that does nothing, but is called for every call, return and exception."""

from __future__ import annotations

import sys
from typing import Any


def start() -> None:
    """Take the place of our tracer."""
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined]
    monitoring.use_tool_id(4, "empty")
    events = monitoring.events
    for event in (events.PY_START, events.PY_RETURN, events.PY_UNWIND):
        monitoring.register_callback(4, event, lambda *arguments: None)
    monitoring.set_events(4, events.PY_START | events.PY_RETURN | events.PY_UNWIND)
