"""Programs that run other programs."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import CANARY, attack
from tests.sandbox.attacks.processes import SURVIVOR_PROBE

_attack = partial(attack, "processes")
_DENIED = ("failed", "error", "crashed")

ATTACKS = (
    _attack(
        "starts a shell",
        "def f(number): return (os.system or posix.system)('sleep 20 & echo passed')",
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "spawns a program",
        """
        def f(number):
            return attempt(posix.posix_spawn, "/bin/sleep", ["attack-left", "20"], {}) and None
        """,
        *_DENIED,
        probe=SURVIVOR_PROBE,
    ),
    _attack(
        "runs a program and returns what it prints",
        """
        import importlib, subprocess
        def f(number):
            command = ["/bin/sh", "-c", "setsid sleep 20 >/dev/null 2>&1 & id; cat /etc/passwd"]
            return importlib.reload(subprocess).run(command, stdout=-1, timeout=5).stdout
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "uses worker processes",
        """
        import multiprocessing, time
        def f(number):
            context = multiprocessing.get_context("fork")
            os.fork = posix.fork
            processes = [context.Process(target=time.sleep, args=(20,)) for _ in range(3)]
            for process in processes: process.start()
            return number
        """,
        *_DENIED,
        "timeout",
        probe=CANARY,
    ),
    _attack(
        "uses a pool of processes and answers from it",
        """
        import concurrent.futures
        def g(number): return "passed"
        def f(number):
            os.fork = posix.fork
            with concurrent.futures.ProcessPoolExecutor(2) as pool: return pool.submit(g, number).result()
        """,
        *_DENIED,
        "timeout",
        probe=CANARY,
    ),
    _attack(
        "takes a terminal of its own",
        """
        def f(number):
            process, handle = posix.forkpty()
            if process == 0: posix.execv("/bin/sleep", ["sleep", "20"])
            return number
        """,
        *_DENIED,
        probe=CANARY,
    ),
    _attack(
        "runs a program from memory",
        """
        def f(number):
            handle = system_call("memfd_create", b"attack", 0)
            with open("/bin/true", "rb") as program: attempt(os.write, handle, program.read())
            attempt(posix.execve, handle, ["true"], {})
            return number
        """,
        *_DENIED,
    ),
    _attack(
        "runs a program that it has written",
        """
        def f(number):
            path = "/tmp/attack-program"
            with open(path, "w") as file: file.write("#!/bin/sh\\nexit 0\\n")
            os.open(path, os.O_RDONLY)
            attempt(posix.chmod, path, 0o4755)
            attempt(posix.execv, path, [path])
            return number
        """,
        *_DENIED,
    ),
    _attack(
        "runs a program with more rights than its own",
        """
        def f(number):
            for program in ("su", "mount", "passwd", "newgrp", "fusermount3", "ping"):
                attempt(posix.execv, f"/usr/bin/{program}", [program, "--help"])
            return number
        """,
        *_DENIED,
    ),
)
