"""What the tracer keeps of a call: its arguments as they were, its result, what it changed.

Part of the tracer: it enters foreign environments with it, under the same rules.
"""

from __future__ import annotations

from typing import Any

from codexsft_value_encoding import Encoder, NotEncodable, to_text  # type: ignore[import-not-found]


class NotRecordable(Exception):
    """A part of a call has no encoding; ``part`` names it, ``reason`` is a stable name."""

    def __init__(self, part: str, error: Exception) -> None:
        super().__init__(part)
        self.part = part
        self.reason: str = getattr(error, "reason", type(error).__name__)
        self.detail: str = getattr(error, "detail", "")

    def message(self) -> dict[str, str]:
        """The fields of the line that records the loss."""
        return {"part": self.part, "reason": self.reason, "detail": self.detail[:200]}


class Inputs:
    """The arguments of a call: encoded as they were when it began, and alive for a second look."""

    def __init__(self, arguments: list[Any], keywords: dict[str, Any], values: list[Any]) -> None:
        self.arguments = arguments
        self.keywords = keywords
        self.text: str = to_text([arguments, keywords])
        self.values = values

    def message(self) -> dict[str, Any]:
        """The fields of the line that records the call."""
        return {"arguments": self.arguments, "keyword_arguments": self.keywords}


def capture_inputs(values: list[Any], keywords: dict[str, Any]) -> Inputs:
    """Encode the arguments of a call that begins; raises `NotRecordable`."""
    encoder = Encoder()
    try:
        arguments = [encoder.encode(value) for value in values]
        encoded = {name: encoder.encode(value) for name, value in keywords.items()}
    except (NotEncodable, RecursionError) as error:
        raise NotRecordable("argument", error) from None
    return Inputs(arguments, encoded, values)


def capture_value(value: object) -> Any:
    """Encode what a call returned or yielded; raises `NotRecordable`."""
    try:
        return Encoder().encode(value)
    except (NotEncodable, RecursionError) as error:
        raise NotRecordable("result", error) from None


def arguments_after(inputs: Inputs) -> list[Any] | None:
    """The positional arguments where the call changed any, else None; raises `NotRecordable`."""
    encoder = Encoder()
    try:
        after = [encoder.encode(value) for value in inputs.values]
    except (NotEncodable, RecursionError) as error:
        raise NotRecordable("argument_after_the_call", error) from None
    return after if to_text(after) != to_text(inputs.arguments) else None


def message_text(message: dict[str, Any]) -> bytes:
    """A message as one line of a record file."""
    text: str = to_text(message)
    return text.encode("utf-8", "backslashreplace") + b"\n"
