"""Decoders are made one at a time, whatever thread asks first."""

from __future__ import annotations

import subprocess
import sys

_MANY_THREADS = """
import dataclasses, json, sys, threading
from tasks.json_decoders import converted, json_decoder

sys.setswitchinterval(1e-7)
text = json.dumps({"x": {f"a{i}": i for i in range(15)}})
for turn in range(60):
    inner = dataclasses.make_dataclass(f"Inner{turn}", [(f"a{i}", int | None) for i in range(15)])
    outer = dataclasses.make_dataclass(f"Outer{turn}", [("x", inner)])
    together = threading.Barrier(6)

    def read():
        together.wait()
        assert json_decoder(outer).decode(text).x.a3 == 3
        assert converted(json.loads(text), outer).x.a4 == 4

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print("all read")
"""


def test_threads_that_meet_at_a_class_do_not_end_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", _MANY_THREADS], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "all read\n"), done.stderr[-2000:]
