"""Building programs of problem packages, submissions and checkers: in a sandbox, once for each content."""

from __future__ import annotations

import errno
import hashlib
import shutil
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import msgspec

from sandbox.interface import Limits, Mount, Sandbox, SandboxedCommand
from sandbox.interpreter import Interpreter

_SOURCE = "/source"
_HOME = "/program"
_COMPILERS = "/usr/local/bin:/usr/bin:/bin"
_PACKAGES = {
    "gcc": "gcc libc6-dev",
    "g++": "g++",
    "javac": "default-jdk-headless",
    "java": "default-jdk-headless",
}
_LIMITS = Limits(
    wall_seconds=180,
    cpu_seconds=90,
    memory_bytes=4 * 2**30,
    processes=256,
    file_bytes=256 * 2**20,
    output_bytes=128 * 2**20,
    temporary_bytes=512 * 2**20,
)
_JAVA_LIMIT = 64 * 2**30  # of address space, which a Java machine reserves and does not use
_SAID = 2_000


class CannotBuild(RuntimeError):
    """This machine cannot build such programs; the message says what is missing and what to do."""


class DoesNotCompile(ValueError):
    """The program is at fault; the message is the end of what the compiler said."""


@dataclass(frozen=True)
class ProgramSource:
    """A program as text. ``entry`` is the file that is run, the first one where there is none.

    ``language`` is ``c``, ``cpp``, ``java`` or ``python3``. Names of files may lead into folders below.
    """

    language: str
    files: Mapping[str, str]
    entry: str = ""


@dataclass(frozen=True)
class BuiltProgram:
    """What can be run: the folder of this machine that is seen as ``/program``, and the command.

    ``mounts`` is what its language needs besides. A ``virtual_machine`` bounds its memory itself, reserves
    far more address space than it uses, and does not start without ``/proc``.
    """

    folder: Path
    command: tuple[str, ...]
    mounts: tuple[Mount, ...] = ()
    virtual_machine: bool = False


@dataclass
class ProgramBuilder:
    """Builds programs in a sandbox that runs whole commands; what is built already is found again.

    ``cache`` keeps what was built between runs; else it is gone with this object's `close`.
    """

    backend: Sandbox
    interpreter: Interpreter
    cache: Path | None = None
    _own: tempfile.TemporaryDirectory[str] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _faults: dict[str, str] = field(default_factory=dict)

    def close(self) -> None:
        """Remove what was built, unless it is kept."""
        if self._own:
            self._own.cleanup()
            self._own = None

    def build(self, source: ProgramSource) -> BuiltProgram:
        """The program, built unless it was before; raises `CannotBuild` and `DoesNotCompile`."""
        _check_names(source)
        if source.language == "python3":
            command, compile_ = self._python(source), None
        elif source.language in ("c", "cpp"):
            command, compile_ = (f"{_HOME}/program",), _native(source)
        elif source.language == "java":
            command, compile_ = _java(source)
        else:
            raise CannotBuild(
                f"programs in {source.language!r} are not built here: c, cpp, java and python3 are"
            )
        with self._lock:
            folder = self._folder() / _key(source, compile_)
            if folder.name in self._faults:
                raise DoesNotCompile(self._faults[folder.name])
            if not folder.exists():
                try:
                    self._build(source, compile_, folder)
                except DoesNotCompile as error:
                    self._faults[folder.name] = str(error)
                    raise
        if source.language == "java":
            return BuiltProgram(folder, command, _java_settings(), virtual_machine=True)
        return BuiltProgram(folder, command, self.interpreter.mounts)

    def _folder(self) -> Path:
        if self.cache is not None:
            self.cache.mkdir(parents=True, exist_ok=True)
            return self.cache
        if self._own is None:
            self._own = tempfile.TemporaryDirectory(prefix="codex-sft-programs-")
        return Path(self._own.name)

    def _build(self, source: ProgramSource, compile_: _Compilation | None, folder: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="building-", dir=folder.parent) as name:
            made = Path(name) / "made"
            try:
                _write(source, made if compile_ is None else Path(name) / "source")
            except (FileExistsError, IsADirectoryError, NotADirectoryError, UnicodeEncodeError) as error:
                raise DoesNotCompile(f"its files cannot be written: {error}") from error
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG:
                    raise
                raise DoesNotCompile("the name of a file is too long") from error
            if compile_ is not None:
                made.mkdir()
                program = made / compile_.product
                program.write_bytes(self._compile(compile_, Path(name) / "source"))
                program.chmod(0o755)
            made.chmod(0o755)
            made.rename(folder)

    def _compile(self, compile_: _Compilation, source: Path) -> bytes:
        """The compiler's product; it leaves the sandbox through the pipe, so nothing there is writable."""
        script = (
            f"cd /tmp && {compile_.script} >/tmp/said 2>&1 && cat /tmp/product || "
            f"{{ tail -c {_SAID} /tmp/said; exit 1; }}"
        )
        java = compile_.compiler == "javac"
        result = self.backend.run(
            SandboxedCommand(
                arguments=("/bin/sh", "-c", script, "sh", *compile_.arguments),
                limits=replace(_LIMITS, memory_bytes=_JAVA_LIMIT) if java else _LIMITS,
                mounts=(Mount(source, _SOURCE), *(_java_settings() if java else ())),
            )
        )
        if not result.ok:
            said = result.output[-_SAID:].decode(errors="replace").strip()
            raise DoesNotCompile(said if result.ending == "exited" else f"{result.describe()}: {said}")
        return result.output

    def _python(self, source: ProgramSource) -> tuple[str, ...]:
        entry = source.entry or next(iter(source.files))
        # with `site`, which defines exit(): what it would find beyond the standard library is hidden
        return (str(self.interpreter.executable), "-E", "-s", "-B", f"{_HOME}/{entry}")


@dataclass(frozen=True)
class _Compilation:
    compiler: str
    script: str
    arguments: tuple[str, ...]
    product: str = "program"

    @property
    def identity(self) -> list[object]:
        """What tells one compiler from another, without running it."""
        path = Path(_compiler(self.compiler)).resolve()
        about = path.stat()
        return [str(path), about.st_size, about.st_mtime_ns, self.script, self.arguments]


def _compiler(name: str) -> str:
    found = shutil.which(name, path=_COMPILERS)
    if found is None:
        raise CannotBuild(f"`{name}` is not installed (Debian: apt-get install {_PACKAGES[name]})")
    return found


def _native(source: ProgramSource) -> _Compilation:
    endings = (".c",) if source.language == "c" else (".cc", ".cpp", ".cxx", ".c++", ".C", ".c")
    files = tuple(f"{_SOURCE}/{name}" for name in source.files if name.endswith(endings))
    if not files:
        raise DoesNotCompile(f"no file ends as {source.language} does: {', '.join(source.files)}")
    compiler, standard = ("gcc", "gnu17") if source.language == "c" else ("g++", "gnu++20")
    script = f'{_compiler(compiler)} -O2 -w -std={standard} -static -o /tmp/product "$@" -lm'
    return _Compilation(compiler, script, files)


def _java(source: ProgramSource) -> tuple[tuple[str, ...], _Compilation]:
    files = tuple(f"{_SOURCE}/{name}" for name in source.files if name.endswith(".java"))
    entry = source.entry or next(iter(source.files))
    script = (
        f'mkdir /tmp/classes && {_compiler("javac")} -encoding UTF-8 -nowarn -d /tmp/classes "$@" && '
        "jar --create --file /tmp/product -C /tmp/classes ."
    )
    main = PurePosixPath(entry).stem
    command = (
        *(_compiler("java"), "-Xmx1g", "-Xss64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
        *("-cp", f"{_HOME}/program.jar", main),
    )
    return command, _Compilation("javac", script, files, "program.jar")


def _java_settings() -> tuple[Mount, ...]:
    """Debian's Java machine under ``/usr`` finds its security settings through links to here."""
    return tuple(Mount(folder, str(folder)) for folder in sorted(Path("/etc").glob("java-*-openjdk")))


def _key(source: ProgramSource, compile_: _Compilation | None) -> str:
    identity = compile_.identity if compile_ else []
    depends_on = (source.language, sorted(source.files.items()), source.entry, identity)
    try:
        return hashlib.sha256(msgspec.json.encode(depends_on)).hexdigest()
    except UnicodeEncodeError as error:
        raise DoesNotCompile(f"it is no text: {error}") from error


def _check_names(source: ProgramSource) -> None:
    if not source.files:
        raise DoesNotCompile("it has no files")
    for name in (*source.files, source.entry):
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\0" in name:
            raise DoesNotCompile(f"{name!r} is no name of a file below its folder")


def _write(source: ProgramSource, folder: Path) -> None:
    folder.mkdir()
    for name, text in source.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
