"""The shifted clock, in processes of every Python that can be found."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import sandbox.inside.shifted_clock
from tests.tasks.test_python38 import VERSIONS, interpreter

_FILE = Path(str(sandbox.inside.shifted_clock.__file__))
_DAYS = 400 * 86_400
_PROGRAM = """
import datetime, functools, importlib.util, json, sys, time
spec = importlib.util.spec_from_file_location("shifted_clock", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)

def readings():
    partial = functools.partial(time.time)
    return {
        "time": time.time(),
        "time_ns": time.time_ns() / 1e9,
        "partial": list(map(lambda read: read(), [partial]))[0],
        "now": datetime.datetime.now().timestamp(),
        "aware": datetime.datetime.now(datetime.timezone.utc).timestamp(),
        "today": datetime.datetime.combine(datetime.date.today(), datetime.time()).timestamp(),
        "realtime": time.clock_gettime(time.CLOCK_REALTIME),
        "monotonic": time.monotonic(),
        "perf_counter": time.perf_counter(),
        "process_time": time.process_time(),
        "thread_time": time.thread_time(),
        "boot": time.clock_gettime(time.CLOCK_MONOTONIC_RAW),
    }

before = readings()
module.shift_clock(int(sys.argv[2]))
after = readings()
try:
    time.clock_gettime(99)
    error = None
except OSError as caught:
    error = caught.errno
time.sleep(0.001)
print(json.dumps([{name: after[name] - before[name] for name in before}, error]))
"""
_OF_DAY = {"time", "time_ns", "partial", "now", "aware", "realtime"}
_OTHER = {"monotonic", "perf_counter", "process_time", "thread_time", "boot"}


@pytest.mark.parametrize("seconds", [_DAYS, -3_000 * 86_400, 1])
@pytest.mark.parametrize("version", VERSIONS)
def test_the_time_of_day_moves_and_other_clocks_do_not(version: str, seconds: int) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    done = subprocess.run(
        [str(python), "-I", "-B", "-c", _PROGRAM, str(_FILE), str(seconds)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"TZ": "UTC"},
    )
    assert done.returncode == 0, done.stderr
    moved, error = json.loads(done.stdout)
    for name in _OF_DAY:
        # between the readings a busy machine may have done something else for a while
        assert seconds - 1 <= moved[name] < seconds + 30, name
    for name in _OTHER:
        assert 0 <= moved[name] < 30, name
    assert moved["today"] % 86_400 == 0
    assert abs(moved["today"] - seconds) <= 86_400 + 30
    assert error is not None, "the errors of the kernel arrive"


def test_a_machine_without_instructions_of_its_own_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "vax")
    with pytest.raises(OSError, match="vax"):
        sandbox.inside.shifted_clock.shift_clock(1)
