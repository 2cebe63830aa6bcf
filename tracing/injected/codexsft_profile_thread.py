"""The profile function of one thread: which one it needs now, and putting it back when it is lost.

Part of the tracer: it enters foreign environments with it, under the same rules.

When a profile function raises, as each does that is called at the limit of recursion, the interpreter
drops it without a word. Two things put it back. The collector of cycles calls us; it runs while the
traceback of a deep recursion is made. And where it does not run, the function's own end tells, before
Python 3.12: its last reference was the interpreter's, and with it goes a fuse, whose end sends this
process a signal that is ignored by default. The handler runs at the program's next call that returns;
on Python 3.11 the traceback holds the function, so that it runs when the exception has been handled.
"""

from __future__ import annotations

import _signal
import io
import sys
import threading
from _functools import partial
from _thread import get_ident
from _weakref import ref
from types import FunctionType

TYPE_CHECKING = False  # `typing`, and `signal` with its enumerations, would cost each process milliseconds
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable

    from codexsft_recorder import Call  # type: ignore[import-not-found]

    Profile = Callable[[FrameType, str, Any], None]

_SIGNAL = _signal.SIGURG
_CHANGES_ARE_CHEAP = _HAS_FUSES = sys.version_info < (3, 12)


class ProfiledThread:
    """The calls of one thread that have begun, and the profile function that it needs now."""

    def __init__(self, make_profiles: Callable[[ProfiledThread], tuple[Profile, Profile]]) -> None:
        self.open_calls: dict[int, Call] = {}
        self._idle, self._busy = make_profiles(self)
        self._is_busy = True
        self._identity = get_ident()
        self._pause: tuple[object, object] | None = None
        self._has_fuse = _HAS_FUSES and threading.current_thread() is threading.main_thread()

    def arm(self) -> None:
        """Set the profile function for the calls that are open."""
        _disarm()
        self._pause = None
        self._is_busy = bool(self.open_calls) or not _CHANGES_ARE_CHEAP
        model: Any = self._busy if self._is_busy else self._idle
        profile = FunctionType(model.__code__, model.__globals__, "profile", None, model.__closure__)
        if self._has_fuse:
            profile.__dict__["fuse"] = _Fuse()
        sys.setprofile(profile)

    def pause(self, frame: FrameType) -> None:
        """Hear of nothing until the object is gone whose method begins to run in this frame."""
        if sys.version_info < (3, 9):  # should that not happen, the collector has to put an end to it
            return

        def go_on(gone: object) -> None:
            if get_ident() == self._identity and self._pause is not None:
                self.arm()

        self._pause = (frame.f_code, ref(frame.f_locals["self"], go_on))
        _disarm()
        sys.setprofile(None)

    def is_paused(self) -> bool:
        """Whether the method is still running for which there was a pause."""
        if self._pause is None:
            return False
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code is not self._pause[0]:
            frame = frame.f_back
        return frame is not None

    def choose(self) -> None:
        """Change the profile function where calls have begun or ended."""
        if _CHANGES_ARE_CHEAP and self._is_busy != bool(self.open_calls):
            self.arm()


class _Fuse(io.RawIOBase):
    """Sends the signal when it goes, in C alone: at the limit of recursion nothing else can run.

    A stream closes itself at its end, and says nothing where even that fails.
    """

    def __init__(self) -> None:
        self.close = partial(_signal.raise_signal, _SIGNAL)  # type: ignore[method-assign]


def watch_fuses(put_back: Callable[[], None]) -> None:
    """Call ``put_back`` in the main thread soon after the profile function of it was dropped."""
    try:
        if _signal.getsignal(_SIGNAL) == _signal.SIG_DFL:
            _signal.signal(_SIGNAL, lambda number, frame: put_back())
    except ValueError:
        pass  # not the main interpreter: the collector has to do


def _disarm() -> None:
    fuse = getattr(sys.getprofile(), "__dict__", {}).get("fuse")
    if type(fuse) is _Fuse:
        fuse.close = None  # type: ignore[assignment, method-assign]
