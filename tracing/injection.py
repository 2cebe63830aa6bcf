"""How the tracer gets into every Python process of a project's test run."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cloudpickle.cloudpickle

import tasks.rebuilt_values
import tasks.scalar_encoding
import tasks.structural_encoding
import tasks.value_encoding
from sandbox.interface import Mount
from sandbox.interpreter import Interpreter
from tracing import test_paths
from tracing.failures import ProjectFailure
from tracing.project_modules import SOURCE_ROOT, ProjectModules
from tracing.recordings import MAX_CASE_CHARACTERS, MAX_CASES
from tracing.workspace import PYTHON, RECORDS, TOOLS, Workspace

Tracer = Literal["auto", "setprofile", "monitoring"]
"""The hook: ``sys.monitoring`` (Python 3.12 and later), ``sys.setprofile``, or the first where it exists."""

MAX_CALLS = 400
"""After so many calls a function is no longer recorded, whether its inputs differed or not."""

_INJECTED = Path(__file__).with_name("injected")
_ENCODING = (
    tasks.scalar_encoding,
    tasks.value_encoding,
    tasks.rebuilt_values,
    tasks.structural_encoding,
)
_FOLDER = f"{TOOLS}/tracer"
_PACKAGE = "codexsft_encoding"
_START = "encodings.py"
_IS_TRACED = "import sys; sys.exit('codexsft_tracer' not in sys.modules)"
_COMPILE = """
import compileall, py_compile, sys
folder, source, compiled, shown = sys.argv[1:]
compileall.compile_dir(folder, quiet=2)
py_compile.compile(source, compiled, shown, doraise=True)
"""


@dataclass(frozen=True)
class TracerSettings:
    """What is traced, and by which hook. ``libraries`` adds functions of installed packages."""

    hook: Tracer = "auto"
    methods: bool = True
    libraries: bool = False


def tracer_mounts(workspace: Workspace, settings: TracerSettings = TracerSettings()) -> tuple[Mount, ...]:
    """The tracer's files and its configuration, as a test run sees them, and what starts it.

    Python reads its ``encodings`` package at every start, in every environment made from one interpreter
    and with every option. A copy that starts the tracer takes its place; a new file could not be
    mounted, for the interpreter's folder is read-only. Raises `ProjectFailure`.
    """
    modules = ProjectModules(workspace.source, workspace.site_packages)
    folder = workspace.root / "tracer"
    workspace.clear(folder)
    workspace.clear(folder / _PACKAGE)  # what is compiled goes there as well
    copy_tracer(folder)
    configuration = {
        "project_root": SOURCE_ROOT,
        "packages": sorted(modules.top_level_names()),
        "test_paths": {
            "names": sorted(test_paths.FILE_NAMES),
            "prefixes": test_paths.FILE_PREFIXES,
            "suffixes": test_paths.FILE_SUFFIXES,
            "folders": sorted(test_paths.FOLDER_NAMES),
        },
        "records": RECORDS,
        "max_inputs": MAX_CASES,
        "max_calls": MAX_CALLS,
        "max_characters": MAX_CASE_CHARACTERS,
        "tracer": settings.hook,
        "methods": settings.methods,
        "libraries": settings.libraries,
    }
    # a module, for each process reads it, and loading a JSON parser would take most of its start
    (folder / "codexsft_configuration.py").write_text(f"CONFIGURATION = {configuration!r}\n")
    encodings = _encodings_of(workspace.interpreter)
    start = folder / _START
    start.write_bytes(encodings.read_bytes() + (_INJECTED / "interpreter_start.py").read_bytes())
    compiled = _compile(workspace, folder, encodings)
    cached = encodings.parent / "__pycache__" / f"__init__.{compiled.suffixes[0][1:]}.pyc"
    return (
        Mount(folder, _FOLDER),
        Mount(start, str(encodings)),
        *((Mount(compiled, str(cached)),) if cached.is_file() and compiled.is_file() else ()),
    )


def copy_tracer(folder: Path) -> None:
    """Put the tracer's modules into a folder, with a package of the encoding and what pickles for it.

    In that package the modules of ``tasks`` have the names that they have there.
    """
    for file in _INJECTED.glob("codexsft_*.py"):
        shutil.copy(file, folder)
    shutil.copy(str(cloudpickle.cloudpickle.__file__), folder / "codexsft_cloudpickle.py")
    package = folder / _PACKAGE
    package.mkdir(exist_ok=True)
    for module in (tasks, *_ENCODING):
        shutil.copy(str(module.__file__), package)


def _compile(workspace: Workspace, folder: Path, encodings: Path) -> Path:
    """Compile the tracer as the project's Python does, once for all its processes."""
    tag = f"cpython-{workspace.interpreter.short_version.replace('.', '')}"
    compiled = f"encodings.{tag}.pyc"
    workspace.run(
        "test",
        *(str(workspace.interpreter.executable), "-I", "-S", "-c", _COMPILE),
        *(_FOLDER, f"{_FOLDER}/{_START}", f"{_FOLDER}/{compiled}", str(encodings)),
        mounts=(Mount(folder, _FOLDER, writable=True),),
    )
    return folder / compiled


def check_tracer_starts(workspace: Workspace, mounts: tuple[Mount, ...]) -> None:
    """Raise `ProjectFailure` if the environment's Python does not start the tracer."""
    if not workspace.run("test", PYTHON, "-c", _IS_TRACED, mounts=mounts).ok:
        raise ProjectFailure(
            "test",
            "not_traced",
            f"Python {workspace.interpreter.version_text} does not start the tracer",
            workspace.log("test"),
        )


def _encodings_of(interpreter: Interpreter) -> Path:
    """The file that the interpreter reads first, whatever its options."""
    for library in ("lib", "lib64"):
        file = interpreter.prefix / library / f"python{interpreter.short_version}" / "encodings/__init__.py"
        if file.is_file():
            return file.resolve()
    raise ProjectFailure(
        "test",
        "not_traced",
        f"the standard library of {interpreter.executable} is not in {interpreter.prefix}",
    )
