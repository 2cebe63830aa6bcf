"""Workers with a project installed: samples take its place, and nothing that it does breaks a worker."""

from __future__ import annotations

import base64
import importlib.util
import pickle
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle.cloudpickle
import pytest

from sandbox.interface import SandboxUnavailable
from sandbox.sample_jobs import SampleLimits, values_job
from sandbox.samples import SampleRun, run_samples
from sandbox.verdicts import Judgement, Verdict, judge
from sandbox.worker_pool import WorkerPool
from sandbox.worker_start import WorkerSettings
from tasks.record import Expected, Provenance, Task, TestCase

_LIMITS = SampleLimits(cpu_seconds=4, wall_seconds=30.0, memory_bytes=2 * 2**30)
_FILES = {
    "pkg/__init__.py": "from pkg.plain import double\n",
    "pkg/plain.py": """
        FACTOR = 2
        def double(x):
            return x * FACTOR
        def twice_doubled(x):
            return double(double(x))
        class Box:
            def __init__(self, value):
                self.value = value
            def __eq__(self, other):
                return True
            __hash__ = None
        def box(x, by=1):
            return Box(x * by)
        """,
    "pkg/decorated.py": """
        import functools

        def logged(function):
            @functools.wraps(function)
            def wrapper(*arguments):
                return ["logged", function(*arguments)]
            return wrapper

        def unnamed(function):
            return lambda *arguments: ["unnamed", function(*arguments)]

        class Registered:
            def __init__(self, function):
                self.function = function
            def __call__(self, *arguments):
                return ["registered", self.function(*arguments)]

        class Slotted:
            __slots__ = ("function",)
            def __init__(self, function):
                self.function = function
            def __call__(self, *arguments):
                return ["slotted", self.function(*arguments)]

        @logged
        def by_wraps(x):
            return x + 1

        @functools.lru_cache(maxsize=None)
        def by_cache(x):
            return x + 1

        @Registered
        def by_class(x):
            return x + 1

        @Slotted
        def by_slots(x):
            return x + 1

        class Listed:
            def __init__(self, function):
                self.functions = [(function,)]
            def __call__(self, *arguments):
                return ["listed", self.functions[0][0](*arguments)]

        @Listed
        def by_list(x):
            return x + 1

        @functools.partial
        def by_partial(x):
            return x + 1

        @unnamed
        def by_lambda(x):
            return x + 1

        @logged
        @unnamed
        @functools.lru_cache(maxsize=None)
        def by_several(x):
            return x + 1

        @functools.singledispatch
        def by_type(x):
            return x + 1
        """,
    "raises.py": "raise RuntimeError('at import')\n",
    "exits.py": "import sys\nsys.exit(3)\n",
    "prints.py": "import os, sys\nprint('x' * 100_000)\nos.write(1, b'y' * 1000)\nos.write(2, b'z' * 1000)\n",
    "threads.py": """
        import threading
        def wait(event=threading.Event()):
            event.wait()
        threading.Thread(target=wait, daemon=True).start()
        """,
    "closes.py": "import sys\nsys.stdin = sys.stdout = sys.stderr = None\n",
    "clears.py": "import sys\nsys.path.clear()\n",
    "dies.py": "import os\nos._exit(1)\n",
    "good.py": "def f(x):\n    return [x]\n",
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed") / "packages"
    for name, text in _FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
    # as the output folder of a run may lie anywhere, but a sample's user has to come there
    for path in [folder, *folder.parents[:2]]:
        path.chmod(0o755)
    return folder


def _task(name: str, *cases: TestCase) -> Task:
    provenance = Provenance("project", "p")
    function = name.partition(":")[2]
    return Task("p/f", "", function, "", list(cases), provenance, environment="p-1.0", replaces=name)


def _returns(arguments: list[Any], value: Any, pickled: str | None = None) -> TestCase:
    return TestCase(arguments, {}, Expected("returned", value), pickled=pickled)


def _run(
    pool: WorkerPool, packages: Path, program: str, task: Task, *modules: str, hash_seed: int = 0
) -> SampleRun:
    settings = WorkerSettings(hash_seed, limits=_LIMITS, packages=(packages,), modules=modules)
    (run,) = run_samples(pool, values_job(task, _LIMITS), [textwrap.dedent(program)], settings)
    return run


def _judge(pool: WorkerPool, packages: Path, program: str, task: Task, *modules: str) -> Judgement:
    return judge(task.tests, _run(pool, packages, program, task, *modules))


def test_a_program_uses_its_project(pool: WorkerPool, packages: Path) -> None:
    program = "from pkg.plain import FACTOR\ndef double(x):\n    return x * FACTOR\n"
    assert _judge(pool, packages, program, _task("pkg.plain:double", _returns([4], 8)), "pkg").detail == ""


@pytest.mark.parametrize(
    "program",
    [
        "from pkg.plain import double as original\ndef double(x):\n    return original(x)\n",
        "import pkg\ndef double(x):\n    return pkg.double(x)\n",
        "def double(x):\n    from pkg.plain import double\n    return double(x)\n",
        "from pkg import plain\ndef double(x):\n    return plain.double(x)\n",
    ],
)
def test_a_sample_that_calls_the_implementation_calls_itself(
    pool: WorkerPool, packages: Path, program: str
) -> None:
    judgement = _judge(pool, packages, program, _task("pkg.plain:double", _returns([4], 8)), "pkg")
    assert judgement.verdict is Verdict.ERROR
    assert "RecursionError" in judgement.detail


def test_the_project_calls_the_sample(pool: WorkerPool, packages: Path) -> None:
    program = """
        from pkg.plain import twice_doubled
        def double(x):
            return x if x > 9 else twice_doubled(x + 10)
        """
    task = _task("pkg.plain:double", _returns([1], 11))
    assert _judge(pool, packages, program, task, "pkg").detail == ""


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("by_wraps", ["logged", 5]),
        ("by_cache", 5),
        ("by_class", ["registered", 5]),
        ("by_slots", ["slotted", 5]),
        ("by_partial", 5),
        ("by_list", ["listed", 5]),
        ("by_lambda", ["unnamed", 5]),
        ("by_several", ["logged", ["unnamed", 5]]),
        ("by_type", 5),
    ],
)
def test_decorated_functions_are_found(
    quick_pool: WorkerPool, packages: Path, name: str, result: Any
) -> None:
    """What its decorators made of it calls the sample, which must give 5 for 4, not 1 more than 1."""
    program = f"def {name}(x):\n    from pkg.decorated import {name} as decorated\n"
    program += "    return decorated(4) if x == 1 else 5\n"
    task = _task(f"pkg.decorated:{name}", _returns([1], result))
    assert _judge(quick_pool, packages, program, task, "pkg").detail == ""


def test_a_replaced_function_takes_whatever_the_sample_takes(quick_pool: WorkerPool, packages: Path) -> None:
    program = """
        def box(*x, **y):
            from pkg.plain import box
            return box(1, by=3, to=4) if x == (0,) else [x, y]
        """
    result = [{"$tuple": [1]}, {"by": 3, "to": 4}]
    task = _task("pkg.plain:box", _returns([0], [{"$tuple": [1]}, {"by": 3, "to": 4}]))
    assert _run(quick_pool, packages, program, task, "pkg").outcomes[0].value == result


@pytest.mark.parametrize("name", ["pkg.plain:absent", "no_module:f", "raises:f"])
def test_where_there_is_nothing_to_replace_the_sample_runs(
    quick_pool: WorkerPool, packages: Path, name: str
) -> None:
    function = name.partition(":")[2]
    task = _task(name, _returns([1], 2))
    assert _judge(quick_pool, packages, f"def {function}(x):\n    return x + 1\n", task).detail == ""


def test_results_are_compared_by_structure_whatever_their_equality_says(
    quick_pool: WorkerPool, packages: Path
) -> None:
    program = "from pkg.plain import Box\ndef box(x):\n    return Box(x)\n"
    right = {"$object": ["pkg.plain:Box", {"value": 1}]}
    wrong = {"$object": ["pkg.plain:Box", {"value": 2}]}
    assert _judge(quick_pool, packages, program, _task("pkg.plain:box", _returns([1], right))).detail == ""
    judgement = _judge(quick_pool, packages, program, _task("pkg.plain:box", _returns([1], wrong)))
    assert judgement.verdict is Verdict.FAILED


@pytest.mark.parametrize("module", ["raises", "exits", "prints", "threads", "closes", "clears"])
def test_a_project_that_misbehaves_when_imported_leaves_its_worker_usable(
    pool: WorkerPool, packages: Path, module: str
) -> None:
    task = _task("good:f", _returns([1], [1, 1]), _returns([2], [2, 2]))
    program = "def f(x):\n    return [x, x]\n"
    for _ in range(2):
        assert _judge(pool, packages, program, task, module, "good").detail == ""


def test_a_project_that_ends_the_worker_is_named_as_unusable(quick_pool: WorkerPool, packages: Path) -> None:
    task = _task("good:f", _returns([1], 1))
    with pytest.raises(SandboxUnavailable):
        _run(quick_pool, packages, "def f(x):\n    return x\n", task, "dies")


class _Calls:
    """Pickled as a call of any function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.called = function, arguments

    def __reduce__(self) -> Any:
        return self.called


def _pickler() -> Any:
    """What the tracer brings along, under the name that it has there and in workers."""
    spec = importlib.util.spec_from_file_location(
        "codexsft_cloudpickle", str(cloudpickle.cloudpickle.__file__)
    )
    assert spec
    assert spec.loader
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _pickled(*arguments: Any) -> str:
    return base64.b64encode(_PICKLER.dumps((list(arguments), {}), 4)).decode()


_PICKLER = _pickler()


def test_pickled_arguments_are_opened_beside_the_project(pool: WorkerPool, packages: Path) -> None:
    names: dict[str, Any] = {"__name__": "tests_of_the_project"}
    exec("def add(x):\n    return x + 2\n", names)  # noqa: S102 - a function of no module there
    case = _returns([], [6, 1], pickled=_pickled(names["add"], [1]))
    program = "def good(function, items):\n    return [function(4), *items]\n"
    assert _judge(pool, packages, program, _task("good:good", case)).detail == ""


def _hostile(escaped: str) -> Iterator[tuple[str, str]]:
    import os
    import shutil

    yield "runs a command", _pickled(_Calls(os.system, f"touch {escaped}; echo > {escaped}"))
    yield "writes a file", _pickled(_Calls(open, escaped, "w"))
    yield "deletes files", _pickled(_Calls(shutil.rmtree, str(Path(escaped).parent), True))
    yield "exits", _pickled(_Calls(os._exit, 0))
    yield "kills", _pickled(_Calls(os.kill, 0, 9))
    yield "raises", _pickled(_Calls(eval, "1/0"))
    yield "runs forever", _pickled(_Calls(exec, "while True: pass"))
    yield "takes memory", _pickled(_Calls(bytes, 2**40))
    yield (
        "writes results",
        _pickled(
            _Calls(os.write, 3, b'{"kind": "returned", "value": 1}\n{"kind": "returned", "value": 1}\n')
        ),
    )
    yield "is none", base64.b64encode(b"no pickle").decode()
    yield "is no base64", "no base64"
    yield "is of another shape", base64.b64encode(pickle.dumps(5)).decode()


@pytest.mark.parametrize("kind", [kind for kind, _ in _hostile("/x/y")])
def test_hostile_pickles_stay_in_the_sandbox_and_give_a_verdict(
    pool: WorkerPool, packages: Path, kind: str, tmp_path: Path
) -> None:
    tmp_path.chmod(0o777)
    kept = tmp_path / "kept"
    kept.write_text("")
    escaped = tmp_path / "escaped"
    pickled = dict(_hostile(str(escaped)))[kind]
    task = _task("good:f", _returns([], 1, pickled=pickled), _returns([1], 7))
    judgement = _judge(pool, packages, "def f(x):\n    return 0\n", task, "good")
    assert judgement.verdict not in (Verdict.PASSED, Verdict.INFRASTRUCTURE), judgement
    assert kept.exists()
    assert not escaped.exists()
    harmless = _task("good:f", _returns([1], 0))
    assert _judge(pool, packages, "def f(x):\n    return 0\n", harmless, "good").detail == ""
