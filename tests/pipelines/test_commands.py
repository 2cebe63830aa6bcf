from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest

from pipelines.commands import COMMANDS, main

_HEAVY = ("apache_beam", "torch", "transformers", "numpy", "scipy", "datasketch", "httpx", "rich")
_HELP = """
import json, sys
from click.testing import CliRunner
from pipelines.commands import main
result = CliRunner().invoke(main, sys.argv[2:])
loaded = [name for name in json.loads(sys.argv[1]) if name in sys.modules]
print(json.dumps([result.exit_code, result.output, loaded]))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["no-such-command"]])
def test_what_concerns_no_command_imports_none(arguments: list[str]) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", _HELP, json.dumps(_HEAVY), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    status, output, loaded = json.loads(shown.stdout)
    assert (status, loaded) == (2 if arguments == ["no-such-command"] else 0, []), output


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_is_where_the_table_says_and_its_summary_is_its_own(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.name == name
    assert " ".join((command.help or "").split()).startswith(COMMANDS[name].summary)


def test_a_command_beside_the_table_would_be_lost_so_it_is_refused() -> None:
    with pytest.raises(TypeError, match="table"):
        main.add_command(click.Command("other"))
