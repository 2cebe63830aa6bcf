"""Run one sandboxed command, described as JSON on standard input, and report how it ended as JSON.

The tests start this file as a process of its own: as another user, or to kill it while it waits.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from sandbox.bubblewrap import Bubblewrap
from sandbox.interface import CommandResult, Limits, Mount, SandboxedCommand


def to_json(command: SandboxedCommand) -> str:
    """The description of a command that `main` reads."""
    fields = dataclasses.asdict(command)
    fields["mounts"] = [[str(mount.source), mount.target, mount.writable] for mount in command.mounts]
    fields["stdin"] = command.stdin.decode("latin-1")
    fields["log"] = str(command.log) if command.log else None
    return json.dumps(fields)


def result_from_json(text: str) -> CommandResult:
    """What `main` printed."""
    fields: dict[str, Any] = json.loads(text)
    return CommandResult(**{**fields, "output": fields["output"].encode("latin-1")})


def main() -> None:
    fields: dict[str, Any] = json.load(sys.stdin)
    result = Bubblewrap.find().run(
        SandboxedCommand(
            **{
                **fields,
                "arguments": tuple(fields["arguments"]),
                "limits": Limits(**fields["limits"]),
                "mounts": tuple(
                    Mount(Path(source), target, writable) for source, target, writable in fields["mounts"]
                ),
                "stdin": fields["stdin"].encode("latin-1"),
                "log": Path(fields["log"]) if fields["log"] else None,
            }
        )
    )
    print(json.dumps({**dataclasses.asdict(result), "output": result.output.decode("latin-1")}))


if __name__ == "__main__":
    main()
