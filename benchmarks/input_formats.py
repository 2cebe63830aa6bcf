"""Input formats: for how many problems is the structure right?

Reads recorded formats with their sample inputs, and the recorded answers of a public predictor
(atcoder-tools), which has a structure for 88.5 % of them. A structure of ours counts as right if it reads
every sample completely and

- agrees with the recorded one in names, dimensions and ranges, where there is one;
- else has every range tied to numbers that the input gives before (or to the length of a text). These are
  written to a file, for a person to judge.

For problems of Google's competitions, whose formats are told in sentences, it is counted for how many some
structure reads every official input.

    make input-formats DATA=../shared/data/problems
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scraping.archives.google_archive import read_google_archive
from scraping.input_formats.expressions import Atom, Expression, Length, Variable
from scraping.input_formats.format_search import formats_of
from scraping.input_formats.solving import Unreadable, read_format
from scraping.input_formats.structure import Composite, InputFormat, Line, Node, Repeat, Value
from scraping.problem import Problem

if sys.version_info >= (3, 12):
    import tarfile
else:
    from backports import tarfile

_GOOGLE = "google_coding_competitions_38_packages.tar.gz"
_ANSWER = re.compile(r"(\S+)\s+(OK|No result)\s*(.*)")
_PART = re.compile(r"\((Singular|Parallel|TwoDimensional): ([^|)]+?)(?: \| (.+?) to (.+?))?\)[,\]]")
_TYPE = re.compile(r"\('([^']*)', <class '(\w+)'>\)")


@dataclass(frozen=True)
class Shape:
    """A name with its dimensions, and for one dimension its first and last index."""

    name: str
    dimensions: int
    first: str = ""
    last: str = ""


@dataclass(frozen=True)
class Judged:
    """One recorded format with what came of it; ``detail`` shows both structures."""

    name: str
    text: str
    recorded: bool
    verdict: str
    detail: str


def main() -> None:
    arguments = _arguments()
    begin = time.process_time()
    judged = list(judged_formats(arguments.data / "atcoder_formats"))
    _print_table(judged, time.process_time() - begin)
    listed = [
        f"## {each.name}: {each.verdict}\n{each.detail}\n{each.text.rstrip()}\n"
        for each in sorted(judged, key=lambda each: each.name)
        if each.verdict != "agrees"
    ]
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text("\n".join(listed))
    print(f"all that does not simply agree: {arguments.output}")
    print("\nGoogle's packages, by where the format is told that reads all their inputs:")
    for origin, count in _google_origins(arguments.data / _GOOGLE).most_common():
        print(f"{origin}: {count}")


def _google_origins(archive: Path) -> Counter[str]:
    """How many packages have a format that reads all inputs, by its origin."""
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        for problem in read_google_archive(Path(folder)):
            if isinstance(problem, Problem):
                read = next(formats_of(problem, [test.input for test in problem.tests]), None)
                found[read.origin if read else "none: text to text"] += 1
    return found


def judged_formats(data: Path) -> Iterator[Judged]:
    """Every recorded format of the folder, judged by its recorded answer."""
    answers = dict(_answers(data / "format_prediction_answer.txt"))
    with gzip.open(data / "atcoder_formats_and_sample_inputs.jsonl.gz", "rt") as lines:
        for line in lines:
            record = json.loads(line)
            recorded = answers[record["id"]]
            verdict, detail = _verdict(read_format(record["format"], record["sample_inputs"]), recorded)
            yield Judged(record["id"], record["format"], recorded is not None, verdict, detail)


def _verdict(found: InputFormat | Unreadable, recorded: str | None) -> tuple[str, str]:
    if isinstance(found, Unreadable):
        return f"no structure: {found.reason}", found.detail
    ours = sorted(_shapes(found.nodes, ()), key=repr)
    shown = "ours:     " + "; ".join(map(_shown, ours))
    if recorded is None:
        untied = [shape for shape in ours if shape.last == "?"]
        return ("read, a length is not given" if untied else "read, to be judged"), shown
    theirs = sorted(_recorded_shapes(recorded), key=repr)
    shown += "\nrecorded: " + "; ".join(map(_shown, theirs))
    if ours != theirs:
        return "disagrees", shown
    types = {_plain(name): kind for name, kind in _TYPE.findall(recorded)}
    own = {_plain(name): str(kind) for name, kind in found.types.items()}
    if types != own:
        different = [
            f"{name}: {own.get(name)}, not {types[name]}" for name in types if types[name] != own.get(name)
        ]
        return "agrees, but for types", shown + "\n" + "; ".join(different)
    return "agrees", shown


def _shapes(nodes: tuple[Node, ...], loops: tuple[Repeat, ...]) -> Iterator[Shape]:
    for node in nodes:
        if isinstance(node, Value):
            name = _plain(node.name)
            if len(loops) == 1:
                (loop,) = loops
                last = "?" if loop.count is None else _text(loop.first + loop.count - Expression.number(1))
                yield Shape(name, 1, _text(loop.first), last)
            else:
                yield Shape(name, len(loops), last="?" if any(loop.count is None for loop in loops) else "")
        elif isinstance(node, Composite):
            yield from _shapes(node.parts, loops)
        elif isinstance(node, Line):
            yield from _shapes(node.items, loops)
        elif isinstance(node, Repeat):
            inside = loops if node.joined == "characters" and node.count is not None else (*loops, node)
            yield from _shapes(node.body, inside)


def _recorded_shapes(recorded: str) -> Iterator[Shape]:
    for kind, names, first, last in _PART.findall(recorded.partition("] [")[0] + "]"):
        for name in names.split(","):
            if kind == "Parallel":
                yield Shape(_plain(name), 1, _canonical(first), _canonical(last))
            else:
                yield Shape(_plain(name), 0 if kind == "Singular" else 2)


def _canonical(text: str) -> str:
    """An expression of the recorded answers in the order in which ours are written."""
    total: Expression = Expression()
    for sign, product in re.findall(r"([+-]?)([^+-]+)", text.replace("(", "").replace(")", "")):
        term = Expression.number(-1 if sign == "-" else 1)
        for factor in product.split("*"):
            plain = _plain(factor.strip())
            number = plain.isdecimal()
            term = term * (Expression.number(int(plain)) if number else Expression.atom(Variable(plain)))
        total = total + term
    return _text(total)


def _text(expression: Expression) -> str:
    def show(atom: Atom) -> str:
        if isinstance(atom, Variable):
            return _plain(atom.name) + "".join(f"[{_text(index)}]" for index in atom.indices)
        return f"|{atom.name}|" if isinstance(atom, Length) else "i"

    return expression.text(show)


def _plain(name: str) -> str:
    return re.sub(r"[^\w]|_", "", name)


def _shown(shape: Shape) -> str:
    span = f" {shape.first}..{shape.last}" if shape.dimensions == 1 else ""
    return f"{shape.name}{'[]' * shape.dimensions}{span}"


def _answers(path: Path) -> Iterator[tuple[str, str | None]]:
    for line in path.read_text().splitlines():
        match = _ANSWER.fullmatch(line)
        if not match:
            sys.exit(f"{path}: a line is no recorded answer: {line[:80]!r}")
        yield match[1], match[3] if match[2] == "OK" else None


def _print_table(judged: list[Judged], seconds: float) -> None:
    counts = Counter((each.recorded, each.verdict) for each in judged)
    total = len(judged)
    print("| recorded answer | ours | formats | share |\n|---|---|---:|---:|")
    for (recorded, verdict), count in sorted(counts.items(), reverse=True):
        print(f"| {'yes' if recorded else 'none'} | {verdict} | {count} | {count / total:.1%} |")
    agree = sum(count for (_, verdict), count in counts.items() if verdict.startswith("agrees"))
    read = counts[False, "read, to be judged"]
    print(f"\n{total} formats in {seconds:.1f} s of processor time")
    print(f"agree with the recorded structure: {agree} ({agree / total:.1%})")
    print(f"and read completely where none is recorded: {agree + read} ({(agree + read) / total:.1%})")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder of recorded problems")
    parser.add_argument("--output", type=Path, default=Path("runs/input_formats/to_judge.txt"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
