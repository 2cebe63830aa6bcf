"""What the tracer keeps of a call: its arguments as they were, its result, what it changed.

Part of the tracer: it enters foreign environments with it, under the same rules. Arguments that have no
encoding are pickled, a few per function: to the trusted side these are opaque bytes, which only a sandbox
opens, and only where the project is installed.
"""

from __future__ import annotations

import binascii
import io
import os
import re
import sys
import types

from codexsft_encoding.rebuilt_values import (  # type: ignore[import-not-found]
    RebuildingEncoder,
    RecordingEncoder,
)
from codexsft_encoding.structural_encoding import StructuralRecordingEncoder  # type: ignore[import-not-found]
from codexsft_encoding.value_encoding import (  # type: ignore[import-not-found]
    NotEncodable,
    class_name,
    is_opaque,
    to_text,
)

TYPE_CHECKING = False  # the module `typing` would cost each process milliseconds
if TYPE_CHECKING:
    from typing import Any, Callable

_ITERATOR = re.compile(r'\{"\$call":\["(?:itertools:|builtins:(?!getattr))')
_MAX_PICKLED_CALLS = 4
_MAX_PICKLE_ATTEMPTS = 8
_MAX_PICKLE_BYTES = 20_000
_MAX_COMPARED_NODES = 5_000  # of pickled arguments that the call changed
_PICKLED_CHARACTERS_A_NODE = 20


class NotRecordable(Exception):
    """A part of a call has no encoding; ``part`` names it, ``reason`` is a stable name.

    ``nodes`` is how much of it had been encoded when that was found out.
    """

    def __init__(self, part: str, error: Exception, nodes: int = 0) -> None:
        super().__init__(part)
        self.part = part
        self.nodes = nodes
        self.reason: str = getattr(error, "reason", type(error).__name__)
        self.detail: str = getattr(error, "detail", "")

    def message(self) -> dict[str, str]:
        """The fields of the line that records the loss."""
        return {"part": self.part, "reason": self.reason, "detail": self.detail[:200]}


class Inputs:
    """The arguments of a call: recorded as they were when it began, and alive for a second look.

    ``text`` tells calls apart, and is with ``more`` what the line that records the call says of them;
    ``before`` is the encoding of the positional arguments, if they were not only pickled: two pickles tell
    what changed in a tenth of the time. All three are JSON. ``nodes`` is how much was encoded for it, in
    vain or not.
    """

    __slots__ = ("before", "keywords", "more", "nodes", "only_pickled", "text", "values")

    def __init__(
        self, values: list[Any], keywords: dict[str, Any], text: str, before: str | None, nodes: int
    ) -> None:
        self.values = values
        self.keywords = keywords
        self.text = text
        self.more = ""
        self.before = before
        self.nodes = nodes
        self.only_pickled = before is None


class PickleCount:
    """How many calls of a function were pickled, and how often that was tried."""

    def __init__(self) -> None:
        self.attempts = 0
        self.made = 0

    def is_used_up(self) -> bool:
        """Whether no more calls are pickled."""
        return self.made >= _MAX_PICKLED_CALLS or self.attempts >= _MAX_PICKLE_ATTEMPTS


class _ArgumentEncoder(RebuildingEncoder):  # type: ignore[misc]
    """Also encodes functions that no name leads to, by where their source stands and what they enclose."""

    def _dict(self, value: dict[Any, Any], depth: int) -> Any:
        for item in value.values():  # before much is encoded in vain
            if is_opaque(type(item)):
                raise NotEncodable("unsupported_type", class_name(type(item)))
        return super()._dict(value, depth)

    def _referred(self, value: Any, kind: type, depth: int) -> Any:
        try:
            return super()._referred(value, kind, depth)
        except NotEncodable:
            if kind is not types.FunctionType or "__wrapped__" in value.__dict__:
                raise
        self._enter(value)
        code = value.__code__
        cells = value.__closure__ or ()
        try:
            enclosed = {name: cell.cell_contents for name, cell in zip(code.co_freevars, cells)}
        except ValueError as error:  # a variable that is bound later
            raise NotEncodable("not_importable", code.co_name) from error
        tree = {
            "file": code.co_filename,
            "line": code.co_firstlineno,
            "column": _column(code),
            "name": code.co_name,
            "enclosed": {name: self.encode(item, depth + 1) for name, item in enclosed.items()},
            "defaults": [self.encode(item, depth + 1) for item in value.__defaults__ or ()],
        }
        if value.__kwdefaults__:
            raise NotEncodable("not_importable", code.co_name + " with keyword defaults")
        self._open.discard(id(value))
        return {"$function": tree}


def capture_inputs(
    values: list[Any], keywords: dict[str, Any], count: PickleCount, max_characters: int
) -> Inputs:
    """Record the arguments of a call that begins; raises `NotRecordable`.

    What takes more than ``max_characters`` in its encoding is pickled, if it may be.
    """
    max_nodes = max_characters // 2 + 1  # each takes a character and a comma
    encoder = _ArgumentEncoder(max_nodes=max_nodes)
    try:
        arguments = [encoder.encode(value) for value in values]
        encoded = {name: encoder.encode(value) for name, value in keywords.items()}
    except (NotEncodable, RecursionError) as error:
        return _pickle_inputs(values, keywords, count, error, max_nodes - encoder.nodes_left)
    before = to_text(arguments)
    text = f'"arguments":{before},"keyword_arguments":{to_text(encoded)}'
    if len(text) > max_characters:
        too_large = NotEncodable("too_large", "longer than the limit")
        return _pickle_inputs(values, keywords, count, too_large)
    return Inputs(values, keywords, text, before, max_nodes - encoder.nodes_left)


def complete_inputs(inputs: Inputs, count: PickleCount) -> None:
    """Add what is needed of a call that is recorded, still before it goes on."""
    if inputs.only_pickled:
        count.made += 1
        inputs.nodes += len(inputs.text) // _PICKLED_CHARACTERS_A_NODE
    # what may not be able to travel: sources of functions, classes of the project
    elif '"$function"' in inputs.text or '"$object"' in inputs.text:
        pickled = _try_to_pickle(inputs.values, inputs.keywords, count)
        if pickled is not None:
            count.made += 1
            inputs.more = "," + pickled


def capture_outcome(inputs: Inputs, result: object) -> dict[str, Any]:
    """What a call returned. Where that has no encoding, the first replay has to tell."""
    try:
        return {"kind": "returned", "value": capture_value(inputs, result)}
    except NotRecordable as error:
        return {"kind": "returned", "pending": error.reason, "detail": error.detail[:200]}


def capture_value(inputs: Inputs, value: object) -> Any:
    """Encode what a call returned or yielded; raises `NotRecordable`."""
    encoder = StructuralRecordingEncoder() if inputs.only_pickled else RecordingEncoder()
    try:
        return encoder.encode(value)
    except (NotEncodable, RecursionError) as error:
        raise NotRecordable("result", error) from None


def arguments_after(inputs: Inputs) -> list[Any] | None:
    """The positional arguments where the call changed any and that can be told, else None."""
    if inputs.only_pickled:
        try:
            if inputs.text == _pickled_text(_pickle((inputs.values, inputs.keywords))):
                return None
        except Exception:
            return None
        encoder = StructuralRecordingEncoder(max_nodes=_MAX_COMPARED_NODES)
    else:
        encoder = _ArgumentEncoder()
    try:
        after: list[Any] = [encoder.encode(value) for value in inputs.values]
    except (NotEncodable, RecursionError):
        return None
    text = to_text(after)
    if text == inputs.before:
        return None
    if _ITERATOR.search(text) or '"$function"' in text:
        return None  # how far an iterator was read depends on who asks for the result, and when
    return after


def call_text(number: int, inputs: Inputs, outcome: str, looks: str) -> bytes:
    """A recorded call of the function with this number as one line of a record file.

    ``outcome`` is JSON.
    """
    known = f'"call":{number},{inputs.text}{inputs.more}'
    text = f'{{{known},"outcome":{outcome},"shape":{to_text(looks)}}}\n'
    return text.encode("utf-8", "backslashreplace")


def message_text(message: dict[str, Any]) -> bytes:
    """A message as one line of a record file."""
    text: str = to_text(message)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _pickle_inputs(
    values: list[Any], keywords: dict[str, Any], count: PickleCount, error: Exception, nodes: int = 0
) -> Inputs:
    pickled = None
    if not (getattr(error, "detail", "").startswith("__main__:") and _by_value.is_project_run()):
        pickled = _try_to_pickle(values, keywords, count)
    if pickled is None:
        raise NotRecordable("argument", error, nodes)
    return Inputs(values, keywords, pickled, None, nodes)


def _try_to_pickle(values: list[Any], keywords: dict[str, Any], count: PickleCount) -> str | None:
    if count.is_used_up():
        return None
    count.attempts += 1
    try:
        return _pickled_text(_pickle((values, keywords)))
    except Exception:
        return None


def _pickled_text(pickled: bytes) -> str:
    return f'"pickled":"{binascii.b2a_base64(pickled, newline=False).decode()}"'


class _TooLarge(Exception):
    pass


class _BoundedFile(io.BytesIO):
    def write(self, data: Any) -> int:
        if self.tell() + len(data) > _MAX_PICKLE_BYTES:
            raise _TooLarge
        return super().write(data)


def _pickle(value: object) -> bytes:
    cloudpickle = _cloudpickle()
    _by_value.register_new(cloudpickle.register_pickle_by_value)
    file = _BoundedFile()
    cloudpickle.CloudPickler(file, 4).dump(value)
    return file.getvalue()


def _cloudpickle() -> Any:
    """Imported when first needed, for most programs never need it, and from beside this file."""
    name = "codexsft_cloudpickle"
    if name not in sys.modules:
        import importlib.util

        file = os.path.join(os.path.dirname(__file__), name + ".py")
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec and spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
        # else a class has another random name in each process, by which other pickles may find it
        sys.modules[name]._get_or_create_tracker_id = lambda kind: None  # type: ignore[attr-defined]
    return sys.modules[name]


class _ByValue:
    """What of modules that no replay can import is pickled by what it is, and not by its name."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._last: tuple[int, str] = (0, "")
        self.importable: Callable[[str], bool] = lambda file: True

    def is_project_run(self) -> bool:
        """Whether this process runs a file of the project: its classes are doubles of importable ones."""
        file = getattr(sys.modules.get("__main__"), "__file__", None)
        return type(file) is str and self.importable(os.path.abspath(file))

    def register_new(self, register: Callable[[types.ModuleType], None]) -> None:
        last = (len(sys.modules), next(reversed(sys.modules)))
        if last == self._last:
            return
        self._last = last
        for name in sys.modules.keys() - self._seen:
            self._seen.add(name)
            module = sys.modules.get(name)
            file = getattr(module, "__file__", None)
            if name.startswith("codexsft_"):  # is where samples are replayed, wherever it lies here
                continue
            if type(module) is types.ModuleType and type(file) is str and not self.importable(file):
                register(module)


_by_value = _ByValue()


def pickle_by_value_unless(importable: Callable[[str], bool]) -> None:
    """Tell which files' modules can be imported where the project is installed."""
    _by_value.importable = importable


def _column(code: types.CodeType) -> int | None:
    """The first column of a function's own code on its first line, where Python (3.11) knows it."""
    positions: Any = getattr(code, "co_positions", None)
    if positions is None:
        return None
    columns = [column for line, _, column, _ in positions() if line == code.co_firstlineno and column]
    return min(columns, default=None)
