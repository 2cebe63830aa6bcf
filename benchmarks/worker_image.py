"""The worker image without a container engine: the Dockerfile's own steps, in a Debian made by debootstrap.

    sudo python -m benchmarks.worker_image build /var/tmp/worker
    sudo python -m benchmarks.worker_image run --confined default.json /var/tmp/worker codex-sft doctor

In place of the image that FROM names there is Debian with its Python and Beam; the ENTRYPOINT, Beam's
starter, is missing. Needs root, debootstrap and the package index.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.container_privileges import DOCKERS
from benchmarks.dockerfile_steps import (
    Step,
    base_image,
    build_context,
    copied_files,
    read_steps,
    surroundings_before,
)

_ROOT = Path(__file__).parents[1]
_DOCKERFILE = _ROOT / "deploy" / "dataflow" / "Dockerfile"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PACKAGES = "python3,python3-dev,python3-venv,python3-pip,python-is-python3,ca-certificates"

_ENTER = """
set -e
root=$1; prepare=$2; shift 2
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t proc proc "$root/proc"
touch "$root/etc/resolv.conf" "$root/etc/hosts"
mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
mount --bind /etc/hosts "$root/etc/hosts"
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$root${2%/*}"; touch "$root$2"; fi
    mount --bind "$1" "$root$2"; shift 2
done
shift
cd "$root"
pivot_root . .
umount -l .
exec /bin/sh -c "$prepare"' exec "$@"' sh "$@"
"""
"""Makes a folder the root of a mount namespace, as container engines do; bubblewrap needs that it is one."""

_MASK = """
for path in acpi asound interrupts kcore keys latency_stats sched_debug scsi timer_list timer_stats; do
    if [ -d /proc/$path ]; then mount -t tmpfs -o ro,size=0 tmpfs /proc/$path
    elif [ -e /proc/$path ]; then mount --bind /dev/null /proc/$path; fi
done
for path in bus fs irq sys; do
    mount --bind /proc/$path /proc/$path
    mount -o remount,bind,ro /proc/$path
done
"""
"""What of /proc Docker hides and makes read-only. Where it is so, the kernel refuses a new one to those who
have no more than a user namespace."""

_CONFINE = Path(__file__).with_name("container_privileges.py")


@dataclass(frozen=True)
class Confinement:
    """What a container engine leaves to root: its system call profile, and capabilities."""

    profile: Path
    capabilities: str = DOCKERS

    def confining(self, command: list[str]) -> list[str]:
        """A command that gives the rest up and becomes the given one."""
        return ["python3", "-c", _CONFINE.read_text(), self.profile.read_text(), self.capabilities, *command]


def run_inside(
    root: Path,
    command: list[str],
    environment: dict[str, str],
    binds: list[tuple[str, str]],
    confinement: Confinement | None = None,
) -> int:
    """Run a command with a folder as the root of namespaces of its own; what it ends with."""
    if confinement:
        command = confinement.confining(command)
    done = subprocess.run(
        [
            *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts"),
            *("/bin/sh", "-c", _ENTER, "sh", str(root), _MASK if confinement else ""),
            *(word for bind in binds for word in bind),
            *("--", "env", "-i", *(f"{name}={value}" for name, value in environment.items()), *command),
        ],
        check=False,
    )
    return done.returncode


def make_base(root: Path, image: str, environment: dict[str, str], binds: list[tuple[str, str]]) -> None:
    """Debian with Python and the Beam of an image's tag, which takes the place of the image."""
    version = image.rpartition(":")[2]
    _tell(f"in place of FROM {image}: Debian bookworm, its Python, apache-beam {version}")
    subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", str(root)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    for marker in root.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        marker.unlink()  # the image's Python is pip's own, and not Debian's
    command = ["pip", "install", "--quiet", f"apache-beam[gcp]=={version}"]
    if run_inside(root, command, {"PATH": _PATH, "PIP_NO_CACHE_DIR": "1", **environment}, binds):
        raise click.ClickException(f"{shlex.join(command)} failed")


def carry_out(
    root: Path, steps: list[Step], step: Step, given: dict[str, str], binds: list[tuple[str, str]]
) -> None:
    """Do a RUN or COPY. Raises `click.ClickException` if it fails."""
    before = surroundings_before(steps, step)
    if step.name == "COPY":
        for source, target in copied_files(step, build_context(_ROOT)):
            place = root / target.relative_to("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(_ROOT / source, place)
    elif step.name == "RUN":
        variables = {"PATH": _PATH, "HOME": "/root", **before.variables, **given}
        if run_inside(root, [*before.shell, step.text], variables, binds):
            raise click.ClickException(f"{_DOCKERFILE.name}:{step.line}: RUN {step.text}: it failed")


@click.group()
def main() -> None:
    """The steps of the worker image's Dockerfile, without a container engine."""
    if os.geteuid() != 0:
        raise click.UsageError("root is needed for debootstrap and for a root of one's own")


_environment = click.option("--environment", "-e", multiple=True, metavar="NAME=VALUE")
_bind = click.option("--bind", "-b", multiple=True, metavar="HERE:THERE", help="A file or folder to show.")
_folder = click.argument("root", type=click.Path(path_type=Path, resolve_path=True))


@main.command()
@_environment
@_bind
@_folder
def build(root: Path, environment: tuple[str, ...], bind: tuple[str, ...]) -> None:
    """Make a root folder by the Dockerfile's steps; one that is there is taken for the base."""
    steps = read_steps(_DOCKERFILE)
    given, binds = _pairs(environment, "="), list(_pairs(bind, ":").items())
    if not root.exists():
        make_base(root, base_image(steps), given, binds)
    for step in steps:
        if step.name in ("RUN", "COPY"):
            before, started = _bytes_below(root), time.monotonic()
            _tell(f"line {step.line}: {step.name} {step.text}")
            carry_out(root, steps, step, given, binds)
            grown = (_bytes_below(root) - before) / 2**20
            _tell(f"line {step.line}: done in {time.monotonic() - started:.0f} s, {grown:+.0f} MiB")
    _tell("pip check")
    if run_inside(root, ["pip", "check"], {"PATH": _PATH}, []):
        raise click.ClickException("installed packages contradict each other")
    _tell("not carried out: FROM (a stand-in), " + ", ".join(s.name for s in steps if s.name == "ENTRYPOINT"))


@main.command(context_settings={"allow_interspersed_args": False})
@click.option(
    "--confined",
    metavar="PROFILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="With the privileges of a container: Docker's seccomp/default.json (github.com/moby/profiles).",
)
@click.option("--capability", "-c", multiple=True, help="Left to it besides Docker's own, as sys_admin.")
@_environment
@_bind
@_folder
@click.argument("command", nargs=-1, type=click.UNPROCESSED, required=True)
def run(
    root: Path,
    command: tuple[str, ...],
    environment: tuple[str, ...],
    bind: tuple[str, ...],
    confined: Path | None,
    capability: tuple[str, ...],
) -> None:
    """Run a command in a root folder that `build` made."""
    steps = read_steps(_DOCKERFILE)
    kept = surroundings_before(steps, steps[-1]).environment
    variables = {"PATH": _PATH, "HOME": "/root", **kept, **_pairs(environment, "=")}
    confinement = Confinement(confined, " ".join([DOCKERS, *capability])) if confined else None
    sys.exit(run_inside(root, list(command), variables, list(_pairs(bind, ":").items()), confinement))


def _pairs(words: tuple[str, ...], separator: str) -> dict[str, str]:
    for word in words:
        if separator not in word:
            raise click.UsageError(f"{word!r} has no {separator!r}")
    return dict(word.split(separator, 1) for word in words)


def _bytes_below(root: Path) -> int:
    """What files below a folder take, on the folder's own disk."""
    done = subprocess.run(["du", "-sx", "-B1", str(root)], capture_output=True, text=True, check=False)
    return int(done.stdout.split()[0])


def _tell(text: str) -> None:
    click.echo(f"--- {text}", err=True)


if __name__ == "__main__":
    main()
