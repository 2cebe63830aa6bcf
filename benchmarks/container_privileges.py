"""Takes away what Docker takes away from root in a container, then becomes another program.

    python container_privileges.py PROFILE CAPABILITIES PROGRAM ...

PROFILE is Docker's system call profile (``seccomp/default.json`` of github.com/moby/profiles), CAPABILITIES
those that are left. Run inside the root folder, by its Python, as root.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import pyseccomp

DOCKERS = (
    "audit_write chown dac_override fowner fsetid kill mknod net_bind_service net_raw setfcap setgid setpcap"
    " setuid sys_chroot"
)
"""Capabilities that Docker leaves by default."""

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def refuse_calls(profile: dict[str, Any], capabilities: list[str]) -> None:
    """Load a profile for this process and all it starts, as root without `no_new_privs`, as Docker does."""
    rules = pyseccomp.SyscallFilter(_action(profile["defaultAction"], profile.get("defaultErrnoRet")))
    rules.set_attr(pyseccomp.Attr.CTL_NNP, 0)
    here = {
        "caps": {f"CAP_{name.upper()}" for name in capabilities},
        "arches": {_ARCHITECTURES[os.uname().machine]},
    }
    for entry in profile["syscalls"]:
        needed, unless = entry.get("includes") or {}, entry.get("excludes") or {}
        if not (
            set(needed.get("caps", ())) <= here["caps"]
            and ("arches" not in needed or here["arches"] & set(needed["arches"]))
            and not any(here[kind] & set(unless.get(kind, ())) for kind in here)
        ):
            continue
        action = _action(entry["action"], entry.get("errnoRet"))
        told = [
            pyseccomp.Arg(
                each["index"],
                getattr(pyseccomp, each["op"].removeprefix("SCMP_CMP_")),
                each["value"],
                each.get("valueTwo", 0),
            )
            for each in entry.get("args") or ()
        ]
        for name in entry["names"]:
            try:
                number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
            except OSError:
                continue  # of another architecture, or of a later kernel than the library knows
            if number >= 0:
                rules.add_rule(action, number, *told)
    rules.load()


def _action(name: str, error: int | None) -> int:
    if name == "SCMP_ACT_ALLOW":
        return int(pyseccomp.ALLOW)
    if name == "SCMP_ACT_ERRNO":
        return int(pyseccomp.ERRNO(error or 1))
    raise ValueError(f"{name}: not an action of Docker's profile")


def main() -> None:
    """Confine this process and become the program of the arguments."""
    profile, capabilities, *program = sys.argv[1:]
    kept = capabilities.split()
    refuse_calls(json.loads(profile), kept)
    bounding = ",".join(["-all", *(f"+{name}" for name in kept)])
    os.execvp("setpriv", ["setpriv", f"--bounding-set={bounding}", "--inh-caps=-all", *program])


if __name__ == "__main__":
    main()
