"""The house rules that can be checked: floors, where Beam and torch may be, lengths, names."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_FLOORS = {
    "tasks": 1,
    "sandbox": 2,
    "sampling": 2,
    "tracing": 3,
    "scraping": 3,
    "filters": 3,
    "evaluation": 3,
    "sft": 4,
    "docstring_gen": 4,
    "pipelines": 5,
}
_SAME_FLOOR_ALLOWED = {("docstring_gen", "sft")}
_ENCODING = (
    "tasks/scalar_encoding.py",
    "tasks/value_encoding.py",
    "tasks/value_decoding.py",
    "tasks/rebuilt_values.py",
    "tasks/structural_encoding.py",
)
_FILES = sorted(file for package in _FLOORS for file in (_ROOT / package).rglob("*.py"))


def _imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


def _name(file: Path) -> str:
    return str(file.relative_to(_ROOT))


@pytest.mark.parametrize("file", _FILES, ids=_name)
def test_a_package_imports_only_from_lower_floors(file: Path) -> None:
    package = file.relative_to(_ROOT).parts[0]
    for imported in _imports(file) & _FLOORS.keys() - {package}:
        lower = _FLOORS[imported] < _FLOORS[package]
        assert lower or (package, imported) in _SAME_FLOOR_ALLOWED, f"{_name(file)} imports {imported}"


@pytest.mark.parametrize("file", _FILES, ids=_name)
def test_beam_and_torch_stay_in_their_rooms(file: Path) -> None:
    package = file.relative_to(_ROOT).parts[0]
    imported = _imports(file)
    assert "apache_beam" not in imported or package == "pipelines"
    assert "torch" not in imported or package in ("sft", "docstring_gen", "sampling")


@pytest.mark.parametrize("file", _FILES, ids=_name)
def test_modules_are_short_and_named_after_their_subject(file: Path) -> None:
    assert file.read_text().count("\n") <= 400
    assert file.stem not in ("utils", "helpers", "common", "manager", "misc")
    assert ast.get_docstring(ast.parse(file.read_text())), "a module says in one line what it is"


def test_what_enters_other_processes_needs_nothing_but_the_standard_library() -> None:
    import sys

    inside = [_name(file) for file in (_ROOT / "sandbox/inside").glob("*.py")]
    inside += [_name(file) for file in (_ROOT / "tracing/inside").glob("*.py")]
    injected = [_name(file) for file in (_ROOT / "tracing/injected").glob("codexsft_*.py")]
    assert {"sandbox/inside/worker.py", "tracing/inside/index_relay.py"} <= set(inside)
    assert "tracing/injected/codexsft_tracer.py" in injected
    own = {
        "tasks",
        "sandbox",
        "codexsft_encoding",
        "codexsft_configuration",
        *(Path(name).stem for name in injected),
    }
    for name in (*_ENCODING, *injected, *inside):
        assert _imports(_ROOT / name) <= set(sys.stdlib_module_names) | own


def test_what_enters_samples_needs_nothing_of_ours_but_itself_and_the_value_encoding() -> None:
    allowed = ("sandbox.inside", *(name[:-3].replace("/", ".") for name in _ENCODING))
    for file in (_ROOT / "sandbox/inside").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("sandbox", "tasks")):
                assert (node.module or "").startswith(allowed), f"{_name(file)} imports {node.module}"


@pytest.mark.parametrize("file", _FILES, ids=_name)
def test_seccomp_stays_in_its_module(file: Path) -> None:
    assert ("pyseccomp" in _imports(file)) == (_name(file) == "sandbox/system_calls.py")


def test_transforms_keep_their_type_hints_at_run_time() -> None:
    with_transforms = [file for file in _FILES if "apache_beam" in _imports(file)]
    assert _ROOT / "pipelines" / "trace_pipeline.py" in with_transforms
    for file in with_transforms:
        assert "\nfrom __future__ import annotations" not in file.read_text(), _name(file)
