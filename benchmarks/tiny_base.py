"""Packs a trained base model as the one that codex-sft ships, with its card; `make tiny-base` runs it last.

The weights become bfloat16. The corpus is compared with what the loop tests: nothing is shipped that saw it.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
from collections import Counter
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from sft.base_record import BaseRecord, write_base_record
from sft.base_training import BaseResult, BaseRun
from sft.corpus_folder import SPLITS, CorpusFolder
from sft.corpus_overlap import corpus_overlaps
from sft.tiny_base import TINY_BASE, base_projects
from sft.tiny_base.card import BaseCard, file_digest
from tasks.files import read_json, read_json_lines, write_json, write_text
from tasks.record import Task


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="the folder of codex-sft train base")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--held-out", type=Path, nargs="+", required=True, help="files of tasks")
    parser.add_argument("-o", "--output", type=Path, default=TINY_BASE)
    arguments = parser.parse_args()
    pack(arguments.run, CorpusFolder(arguments.corpus), arguments.held_out, arguments.output)


def pack(run: Path, corpus: CorpusFolder, held_out: list[Path], output: Path) -> None:
    """Write the model into ``output``; raises `SystemExit` if a held-out task is in the corpus."""
    tasks = [task for file in held_out for task in read_json_lines(file, Task)]
    files = (file for split in SPLITS for file in corpus.files(split))
    overlaps = corpus_overlaps(files, tasks)
    for overlap in overlaps:
        print(f"{overlap.task_id} is in {overlap.project}/{overlap.path} by its {overlap.layer}")
    if overlaps:
        raise SystemExit(f"{len(overlaps)} of the corpus's functions are held-out tasks")
    base, result = read_json(run / "run.json", BaseRun), read_json(run / "result.json", BaseResult)
    shutil.rmtree(output, ignore_errors=True)
    model = AutoModelForCausalLM.from_pretrained(run / "model", dtype=torch.bfloat16)
    model.save_pretrained(output)
    AutoTokenizer.from_pretrained(run / "model").save_pretrained(output)
    write_base_record(output, BaseRecord(base.settings.preset, base.settings.learning_rate))
    card = BaseCard(
        weights_sha256=file_digest(output / "model.safetensors"),
        tokenizer_sha256=file_digest(output / "tokenizer.json"),
        corpus_sha256=base.corpus_sha256,
        projects=hashlib.sha256("\n".join(base_projects()).encode()).hexdigest(),
        parameters=result.parameters,
        steps=result.steps,
        tokens=result.tokens,
        corpus_tokens=result.train.tokens,
        corpus_files=result.train.documents,
        validation_loss=result.validation_loss,
        seconds=result.seconds,
        seed=base.settings.seed,
        versions=base.versions,
        compared_tasks=len(tasks),
        overlaps=len(overlaps),
    )
    write_json(output / "card.json", card)
    write_text(output / "README.md", _readme(card, base, corpus))
    print(f"{sum(file.stat().st_size for file in output.iterdir()):,} bytes: {output}")


def _readme(card: BaseCard, base: BaseRun, corpus: CorpusFolder) -> str:
    settings = base.settings
    manifest = corpus.manifest()
    origins = (
        "snippets" if file.project.startswith("snippets") else "projects" for file in corpus.files("train")
    )
    kept = Counter(origins)
    projects = base_projects().items()
    rows = "\n".join(f"| {name.removeprefix('pypi:')} | {licence} |" for name, licence in projects)
    made_by = ", ".join(f"{name} {version}" for name, version in card.versions.items())
    return f"""# The tiny base model of codex-sft

A language model for Python of {card.parameters:,} parameters (Llama, preset {settings.preset}), so that
sampling, filtering, fine-tuning and evaluation can be run by anybody, on a CPU and without a model hub. It is
of no use for anything else: it writes code that nobody checked.

- from scratch: {card.steps} steps of {settings.batch_tokens} tokens, {card.tokens:,} tokens in all, peak
  rate {settings.learning_rate:g}, seed {card.seed}, {settings.precision}
- it took {card.seconds:,.0f} seconds on a CPU that others worked on as well
- loss on projects held out of its training: {card.validation_loss:.4f} nats a token
- corpus: {card.corpus_files:,} files, {card.corpus_tokens:,} tokens (SHA-256 {card.corpus_sha256})
  - {kept["projects"]:,} files of the projects below
  - {kept["snippets"]:,} of snippets that chain the building blocks of `codex-sft building-blocks`; a
    quarter of their functions have no docstring, two fifths a body that does not do what the docstring says
  - {manifest.files_read - manifest.files_kept:,} files more were left out by the corpus's filters
- {card.compared_tasks} held-out tasks of `codex-sft loop` were looked for in it, by trees and docstrings:
  {card.overlaps} found
- weights in bfloat16 (SHA-256 {card.weights_sha256})
- made by {made_by}; `make tiny-base` makes it again

| project | licence |
|---|---|
{rows}

Licence of the weights: Apache-2.0, as far as weights have one. The projects' files are not in this folder.
"""


if __name__ == "__main__":
    main()
