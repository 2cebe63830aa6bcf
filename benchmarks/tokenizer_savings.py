"""What tokens for runs of spaces save on real code, and what a tokenizer trained on code saves beyond.

Measured on two bodies of code that no tokenizer here was trained on: the standard library, and a fifth of the
projects of this environment. Tokenizers are GPT-2's own merges (--gpt2, a folder with encoder.json and
vocab.bpe), byte-level BPEs of one size trained on prose by GPT-2's splits (as it is, and with white space
collapsed as in texts of the web), and on code; each without and with 24 tokens for runs of 2 to 25 spaces.
"""

from __future__ import annotations

import argparse
import ast
import fnmatch
import functools
import itertools
import json
import os
import random
import re
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from sft.corpus import CorpusFile, judge_file, split_of
from sft.documented_functions import documented_functions
from sft.tokenizer import END, add_whitespace_runs, check_boundaries, measure_tokens, train_tokenizer

_MEASURED_SHARE = 0.2
_PROSE = ("*.rst", "*.md", "*.txt", "METADATA", "LICENSE*", "COPYING*")
_PATHS = sysconfig.get_paths()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--library", type=Path, default=Path(_PATHS["stdlib"]), help="measured")
    parser.add_argument(
        "--projects", type=Path, default=Path(_PATHS["purelib"]), help="trained on and measured"
    )
    parser.add_argument("--gpt2", type=Path, help="folder with encoder.json and vocab.bpe")
    parser.add_argument("--vocabulary", type=int, default=16_384)
    parser.add_argument("--characters", type=int, default=20_000_000, help="of each body of text, at most")
    parser.add_argument("--json", type=Path, help="write the numbers to a file as well")
    options = parser.parse_args()
    library = (file for file in _files(options.library) if "site-packages" not in Path(file.path).parts)
    measured = {
        "standard library": _cut(library, options.characters),
        "projects": _cut(_of_split("validation", options.projects), options.characters),
    }
    training = _cut(_of_split("train", options.projects), options.characters)
    prose = list(_prose([options.projects, options.library], training, options.characters))
    pairs = _pairs(options.gpt2, prose, training, options.vocabulary)
    told = measure(pairs, measured)
    _show(told, {name: sum(map(len, texts)) for name, texts in measured.items()})
    if options.json:
        options.json.write_text(json.dumps(told, indent=1))


def measure(pairs: dict[str, tuple[Any, Any]], bodies: dict[str, list[str]]) -> list[dict[str, Any]]:
    """For each body and tokenizer: characters a token, tokens with runs for each without, broken prompts."""
    told: list[dict[str, Any]] = []
    for body, texts in bodies.items():
        uses = measure_tokens([each for pair in pairs.values() for each in pair], texts)
        rows = [row for text in texts for row in documented_functions(text)]
        for place, (name, pair) in enumerate(pairs.items()):
            without, with_runs = uses[2 * place : 2 * place + 2]
            broken = [check_boundaries(each, rows).broken for each in pair]
            told.append(
                {
                    "body": body,
                    "tokenizer": name,
                    "vocabulary": [without.vocabulary, with_runs.vocabulary],
                    "characters_per_token": [use.characters / use.tokens for use in (without, with_runs)],
                    "tokens": [without.tokens, with_runs.tokens],
                    "ratio": with_runs.tokens / without.tokens,
                    "functions": len(rows),
                    "broken_prompts": broken,
                }
            )
    return told


def _pairs(
    gpt2: Path | None, prose: list[str], code: list[str], vocabulary: int
) -> dict[str, tuple[Any, Any]]:
    """Tokenizers without and with runs, by their names."""
    collapsed = (_as_on_the_web(text) for text in prose)
    size = f"{vocabulary:,}"
    plain = {
        f"prose, collapsed, {size}": _trained(collapsed, vocabulary),
        f"prose as it is, {size}": _trained(prose, vocabulary),
        f"code, GPT-2's splits, {size}": _trained(code, vocabulary),
    }
    if gpt2 is not None:
        plain = {"GPT-2's merges, 50,257": _of_gpt2(gpt2), **plain}
    pairs = {name: (each, add_whitespace_runs(each)) for name, each in plain.items()}
    ours = train_tokenizer(code, vocabulary)
    return {**pairs, f"code, ours, {size}": (ours, ours)}


def _gpt2_splits(model: Any) -> Any:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _trained(texts: Iterable[str], vocabulary: int) -> Any:
    made = _gpt2_splits(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token=END)


def _of_gpt2(folder: Path) -> Any:
    merges = (folder / "vocab.bpe").read_text(encoding="utf-8").splitlines()[1:]
    pairs = [(left, right) for left, _, right in (line.partition(" ") for line in merges if line)]
    vocabulary = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
    made = _gpt2_splits(models.BPE(vocabulary, pairs))
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token=END)


def _of_split(split: str, folder: Path) -> Iterator[CorpusFile]:
    return (file for file in _files(folder) if split_of(file.project, _MEASURED_SHARE) == split)


def _files(folder: Path) -> Iterator[CorpusFile]:
    """Files by the corpus's filters, each text once, in an order of chance."""
    paths = [path for path in _paths_below(folder) if path.suffix == ".py"]
    random.Random(0).shuffle(paths)
    known: set[str] = set()
    for path in paths:
        place = path.relative_to(folder)
        file = judge_file(place.parts[0], str(place), path.read_bytes())
        if isinstance(file, CorpusFile) and file.sha256 not in known:
            known.add(file.sha256)
            yield file


def _cut(files: Iterable[CorpusFile], characters: int) -> list[str]:
    """The first texts, up to so many characters."""
    found: list[str] = []
    for file in files:
        characters -= len(file.text)
        if characters < 0:
            break
        found.append(file.text)
    return found


def _prose(folders: Sequence[Path], code: Sequence[str], characters: int) -> Iterator[str]:
    """Documents and licences of folders, and docstrings of code that nothing is measured on."""
    paths = [path for folder in folders for path in _paths_below(folder) if _is_prose(path.name)]
    written = (path.read_text(encoding="utf-8", errors="replace") for path in paths)
    left = characters
    docstrings = itertools.chain.from_iterable(map(_docstrings, code))
    for text in dict.fromkeys(itertools.chain(written, docstrings)):
        yield text
        left -= len(text)
        if left <= 0:
            return


@functools.cache
def _paths_below(folder: Path) -> tuple[Path, ...]:
    found = (Path(top) / name for top, _, names in os.walk(folder) for name in names)
    return tuple(sorted(path for path in found if path.is_file()))


def _is_prose(name: str) -> bool:
    return any(fnmatch.fnmatchcase(name, kind) for kind in _PROSE)


def _docstrings(text: str) -> Iterator[str]:
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(module):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def _as_on_the_web(text: str) -> str:
    """Lines without indentation, no two spaces together: what is left of a text when a page is read."""
    return "\n".join(re.sub(r"[ \t]+", " ", line).strip() for line in text.splitlines())


def _show(told: list[dict[str, Any]], characters: dict[str, int]) -> None:
    for body, count in characters.items():
        table = Table(
            *("tokenizer", "tokens", "with runs", "with runs / without", "characters/token, with runs"),
            "broken prompts, without / with",
            title=f"{body}: {count:,} characters",
            title_justify="left",
        )
        for each in (each for each in told if each["body"] == body):
            table.add_row(
                each["tokenizer"],
                *(f"{tokens:,}" for tokens in each["tokens"]),
                f"{each['ratio']:.3f}",
                f"{each['characters_per_token'][1]:.2f}",
                " / ".join(f"{broken / max(1, each['functions']):.1%}" for broken in each["broken_prompts"]),
            )
        Console(width=140).print(table)


if __name__ == "__main__":
    main()
