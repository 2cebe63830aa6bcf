"""How a warm worker is started: its command, its files, its settings."""

from __future__ import annotations

import functools
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cloudpickle.cloudpickle

import sandbox.inside
import tasks.rebuilt_values
import tasks.scalar_encoding
import tasks.structural_encoding
import tasks.value_decoding
import tasks.value_encoding
from sandbox.interface import Limits, Mount, Sandbox, SandboxedCommand
from sandbox.interpreter import Interpreter
from sandbox.sample_jobs import SampleLimits
from sandbox.system_calls import WORKER_WORDS, sample_filter

_ENCODING = (
    tasks.scalar_encoding,
    tasks.value_encoding,
    tasks.value_decoding,
    tasks.rebuilt_values,
    tasks.structural_encoding,
)
_HOME = "/opt/codex-sft"
_PROGRAM = "import sys; sys.path[0] = {!r}; from sandbox.inside.worker import main; main()"
_FOREVER = 10_000_000
_WORKER_BYTES = 512 * 2**20
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_PRELOAD = ("math", "typing", "re", "collections", "itertools", "functools", "string", "random", "json")
_WARM_UP = '''
from typing import Any, Dict, List, Optional, Tuple
import math, collections, itertools, functools, re, string

def f(numbers: List[int], text: str = "a b") -> Dict[str, Tuple[int, ...]]:
    """Uses what most samples use, so that their processes find it in memory."""
    counts = collections.Counter(word.lower() for word in text.split())
    ordered = sorted(set(numbers), key=lambda number: (-number, str(number)))
    found: Dict[str, Tuple[int, ...]] = {}
    for index, (word, count) in enumerate(counts.items()):
        found[f"{word}{index:02d}"] = tuple(ordered[index : index + count])
        assert count > 0, "never"
    while len(ordered) > 2 and sum(ordered) % 2 == 0:
        ordered.pop()
    try:
        found["none"] = (int(math.sqrt(max(ordered))), abs(min(ordered)), round(2.5 / 3) ** 2)
    except (ValueError, TypeError) as error:
        raise KeyError(str(error)) from error
    return {key: value for key, value in found.items() if re.match("[a-z]+", key)}
'''


@dataclass(frozen=True)
class WorkerSettings:
    """What all samples of a worker share. Forks share the hash seed and the addresses of objects, so
    a rerun needs another worker with another seed.

    ``clock_shift`` moves the time of day by so many seconds. ``packages`` are folders of this machine
    from which samples can import, ``modules`` what the worker imports before the first of them, and
    ``interpreter`` the Python that they need, if it is not the pool's.
    """

    hash_seed: int = 0
    time_zone: str = "UTC"
    limits: SampleLimits = field(default_factory=SampleLimits)
    locale: str = "C.UTF-8"
    clock_shift: int = 0
    folder: str = "/"
    umask: int = 0o022
    packages: tuple[Path, ...] = ()
    modules: tuple[str, ...] = ()
    interpreter: Interpreter | None = None


def settings_to_send(backend: Sandbox, settings: WorkerSettings, processor: int | None) -> dict[str, Any]:
    """What a worker is told first."""
    return {
        "result_bytes": settings.limits.result_bytes,
        "private_folder": "/tmp" if backend.private_folder else None,
        "processor": processor if backend.host_processors else None,
        "preload": _PRELOAD,
        "random_seed": settings.hash_seed,
        "warm_up": _warm_up_jobs(),
        "system_calls": _filter_for(backend),
        "stand_ins": WORKER_WORDS,
        "clock_shift": settings.clock_shift,
        "folder": settings.folder,
        "umask": settings.umask,
        "packages": [str(folder) for folder in settings.packages],
        "modules": settings.modules,
    }


def worker_command(
    backend: Sandbox, interpreter: Interpreter, settings: WorkerSettings, processor: int | None
) -> SandboxedCommand:
    """The sandboxed command that a worker is."""
    limits = settings.limits
    staged = Path(_staged(tempfile.gettempdir()).name)
    home = _HOME if backend.own_root else str(staged)
    return SandboxedCommand(
        # -S: no site-packages, so nothing but the standard library can be imported
        arguments=(str(interpreter.executable), "-S", "-s", "-c", _PROGRAM.format(home)),
        limits=Limits(
            wall_seconds=0,
            cpu_seconds=_FOREVER,  # of the worker; each sample sets its own
            memory_bytes=limits.memory_bytes,
            processes=limits.threads,
            file_bytes=limits.file_bytes,
            open_files=limits.open_files,
            temporary_bytes=limits.private_bytes,
            total_memory_bytes=limits.memory_bytes + _WORKER_BYTES,
        ),
        mounts=(
            *interpreter.mounts,
            Mount(staged, home),
            *(Mount(folder, str(folder)) for folder in settings.packages),
        ),
        hidden=interpreter.packages,
        environment={
            "PYTHONHASHSEED": str(settings.hash_seed),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TZ": settings.time_zone,
            "LC_ALL": settings.locale,
            "LANG": settings.locale,
            # else Python takes UTF-8 whatever the locale says
            **({"PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"} if settings.locale == "C" else {}),
            **(_ONE_THREAD if settings.packages else {}),
            **({"HOME": "/tmp"} if backend.private_folder else {}),
        },
        samples_only=True,
        processor=processor,
    )


def _filter_for(backend: Sandbox) -> str:
    if backend.name == "none":
        return ""
    return sample_filter(own_files=backend.private_folder).decode("latin-1")


@functools.cache
def _staged(where: str) -> tempfile.TemporaryDirectory[str]:
    """The worker and the value encoding, as packages of their own without their neighbours."""
    staged = tempfile.TemporaryDirectory(prefix="codex-sft-worker-", dir=where)
    folder = Path(staged.name)
    inside = Path(str(sandbox.inside.__file__)).parent
    shutil.copytree(inside, folder / "sandbox/inside", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tasks").mkdir()
    for module in (tasks, *_ENCODING):
        shutil.copy(str(module.__file__), folder / "tasks")
    shutil.copy(str(cloudpickle.cloudpickle.__file__), folder / "codexsft_cloudpickle.py")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return staged


def _warm_up_jobs() -> list[dict[str, object]]:
    arguments: list[list[object]] = [[[3, 1, 2]], [["x", {"$tuple": [1.5]}]]]  # the second call fails
    keywords: list[dict[str, object]] = [{"text": "a b a"}, {}]
    calls = [
        {"arguments": given, "keyword_arguments": named, "iterate": None}
        for given, named in zip(arguments, keywords, strict=True)
    ]
    job: dict[str, object] = {
        "entry_point": "f",
        "test_helpers": "",
        "watch_clock": False,
        "watch_branches": None,
        "check": None,
        "structural": False,
        "replaces": None,
        "calls": calls,
        "program": _WARM_UP,
    }
    return [job] * 3
