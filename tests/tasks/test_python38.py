"""The files that run in foreign interpreters: same text everywhere from Python 3.8 on."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import tasks.rebuilt_values
import tasks.scalar_encoding
import tasks.structural_encoding
import tasks.value_decoding
import tasks.value_encoding
from tasks.rebuilt_values import RebuildingEncoder
from tasks.structural_encoding import StructuralResultEncoder
from tasks.value_encoding import encode, to_text
from tests.tasks.fixed_values import fixed_values
from tests.tasks.rebuilt_samples import rebuilt_values, structured_values

ROOT = Path(__file__).parents[2]
VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
MODULES = (
    tasks.scalar_encoding,
    tasks.value_encoding,
    tasks.value_decoding,
    tasks.rebuilt_values,
    tasks.structural_encoding,
)
FILES = [Path(str(module.__file__)) for module in MODULES]

_ENCODE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from tasks.value_encoding import encode, to_text
from tests.tasks.fixed_values import fixed_values
print(json.dumps({name: to_text(encode(value)) for name, value in fixed_values().items()}))
"""
_DECODE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from tasks.value_decoding import MalformedEncoding, decode
from tasks.value_encoding import encode, resolve_import, to_text
import tests.tasks.fixed_values
texts = {}
for name, text in json.load(sys.stdin).items():
    try:
        texts[name] = to_text(encode(decode(json.loads(text), resolve_import)))
    except MalformedEncoding as error:
        texts[name] = repr(error)
print(json.dumps(texts))
"""
_REBUILD = """
import json, sys
sys.path.insert(0, sys.argv[1])
from tasks.rebuilt_values import RebuildingEncoder
from tasks.value_decoding import decode
from tasks.value_encoding import resolve_import, to_text
from tests.tasks.rebuilt_samples import rebuilt_values
texts = {name: to_text(RebuildingEncoder().encode(value)) for name, value in rebuilt_values().items()}
for name, text in texts.items():
    again = to_text(RebuildingEncoder().encode(decode(json.loads(text), resolve_import)))
    assert again == text, (name, text, again)
print(json.dumps(texts))
"""
_DESCRIBE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from tasks.structural_encoding import StructuralRecordingEncoder, StructuralResultEncoder
from tasks.value_encoding import to_text
from tests.tasks.rebuilt_samples import structured_values
described = StructuralResultEncoder
texts = {name: to_text(described().encode(value)) for name, value in structured_values().items()}
for name, value in structured_values().items():
    assert to_text(StructuralRecordingEncoder().encode(value)) == texts[name], name
print(json.dumps(texts))
"""


@cache
def interpreter(version: str) -> Path | None:
    """An interpreter of that version which runs: a pyenv shim on the PATH may only complain."""
    installed = sorted(Path.home().glob(f".pyenv/versions/{version}*/bin/python"))
    on_path = shutil.which(f"python{version}")
    for candidate in [*installed, *([Path(on_path)] if on_path else [])]:
        command = [str(candidate), "-I", "-c", "import sys; print(*sys.version_info[:2], sep='.')"]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        if found.stdout.strip() == version:
            return candidate
    return None


def run(version: str, script: str, request: object = None) -> dict[str, str]:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    finished = subprocess.run(
        [str(python), "-I", "-B", "-c", script, str(ROOT)],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    texts: dict[str, str] = json.loads(finished.stdout)
    return texts


def texts_made_here(version: str) -> dict[str, str]:
    texts = {name: to_text(encode(value)) for name, value in fixed_values().items()}
    if version == "3.8":  # it has no zoneinfo
        return {name: text for name, text in texts.items() if "Europe/Berlin" not in text}
    return texts


@pytest.mark.parametrize("version", VERSIONS)
def test_values_have_the_same_text(version: str) -> None:
    assert run(version, _ENCODE) == texts_made_here(version)


@pytest.mark.parametrize("version", VERSIONS)
def test_text_made_here_is_decoded_there(version: str) -> None:
    texts = texts_made_here(version)
    assert run(version, _DECODE, texts) == texts


@pytest.mark.parametrize("version", VERSIONS)
def test_what_calls_make_anew_has_the_same_text_and_is_made_again(version: str) -> None:
    texts = {name: to_text(RebuildingEncoder().encode(value)) for name, value in rebuilt_values().items()}
    assert run(version, _REBUILD) == texts


@pytest.mark.parametrize("version", VERSIONS)
def test_objects_have_the_same_description(version: str) -> None:
    texts = {
        name: to_text(StructuralResultEncoder().encode(value)) for name, value in structured_values().items()
    }
    assert run(version, _DESCRIBE) == texts


def test_a_named_zone_is_malformed_where_there_are_none() -> None:
    texts = run("3.8", _DECODE, {"zone": '{"$timezone":"Europe/Berlin"}'})
    assert "MalformedEncoding" in texts["zone"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_grammar_is_that_of_python38(file: Path) -> None:
    ast.parse(file.read_text(), feature_version=(3, 8))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_only_the_standard_library_is_imported(file: Path) -> None:
    modules = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level < 2
            modules.add(f"tasks.{node.module}" if node.level else str(node.module))
    foreign = {name for name in modules if name.partition(".")[0] not in sys.stdlib_module_names}
    assert foreign <= {module.__name__ for module in MODULES}
