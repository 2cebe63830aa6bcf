"""Choosing a backend by trying it: the strongest that works on this machine, or a refusal."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sandbox.bubblewrap import Bubblewrap
from sandbox.gvisor import GVisor
from sandbox.interface import Sandbox, SandboxUnavailable
from sandbox.landlock import Landlock
from sandbox.self_test import check_for_commands, check_for_samples

Purpose = Literal["projects", "samples"]
"""Whole projects need files, processes and, while they are built, a network; samples need nothing."""

BACKENDS: tuple[tuple[str, Callable[[], Sandbox]], ...] = (
    ("gvisor", GVisor.find),
    ("bubblewrap", Bubblewrap.find),
    ("landlock", Landlock.find),
)
"""Name and constructor of each backend, the strongest first."""

_CHECKS: dict[Purpose, Callable[[Sandbox], str | None]] = {
    "projects": check_for_commands,
    "samples": check_for_samples,
}

_HOW_TO = """\
Nothing that could run untrusted code safely works on this machine, so nothing was run.
  Debian/Ubuntu:  apt-get install bubblewrap
  user namespaces must be allowed: sysctl kernel.unprivileged_userns_clone=1,
  and on Ubuntu 24.04+ also kernel.apparmor_restrict_unprivileged_userns=0 (or run as root)
  in a container: --privileged, or at least --cap-add SYS_ADMIN --cap-add NET_ADMIN and
  --security-opt seccomp=unconfined
`codex-sft doctor` shows what was tried."""


@dataclass(frozen=True)
class Trial:
    """What came of trying a backend: ``sandbox`` where it works, and in either case why."""

    name: str
    sandbox: Sandbox | None
    explanation: str


def try_backends(purpose: Purpose) -> list[Trial]:
    """Try every backend for real."""
    return [_try(name, find, purpose) for name, find in BACKENDS]


@functools.lru_cache(maxsize=8)
def select_sandbox(purpose: Purpose, wanted: str = "auto") -> Sandbox:
    """The strongest backend that passed its trial, or the wanted one; raises `SandboxUnavailable`."""
    candidates = [(name, find) for name, find in BACKENDS if wanted in ("auto", name)]
    trials = []
    for name, find in candidates:
        trial = _try(name, find, purpose)
        if trial.sandbox is not None:
            return trial.sandbox
        trials.append(trial)
    tried = "\n".join(f"  tried {trial.name}: {trial.explanation}" for trial in trials)
    raise SandboxUnavailable(f"{_HOW_TO}\n{tried}")


def _try(name: str, find: Callable[[], Sandbox], purpose: Purpose) -> Trial:
    try:
        sandbox = find()
        problem = _CHECKS[purpose](sandbox)
    except (SandboxUnavailable, OSError) as error:
        return Trial(name, None, str(error))
    if problem:
        return Trial(name, None, problem)
    return Trial(name, sandbox, "works: no host files, no network, no privileges, limits hold")
