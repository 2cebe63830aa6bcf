"""A small corpus of our own making: functions of a few shapes, in projects."""

from __future__ import annotations

from pathlib import Path

from sft.corpus import CorpusFile, CorpusFilters, judge_file
from sft.corpus_folder import SPLITS, CorpusFolder, CorpusManifest, CorpusShard
from tasks.files import write_json, write_json_lines

_VERBS = ("add", "take", "scale", "shift", "join", "count")


def source_text(number: int) -> str:
    """A module with two documented functions, one of them nested deeper."""
    verb = _VERBS[number % len(_VERBS)]
    return (
        f"def {verb}_{number}(values, other={number}):\n"
        f'    """{verb.title()} the values and {number}."""\n'
        "    total = 0\n"
        "    for value in values:\n"
        f"        if value != {number % 7}:\n"
        "            total += value * other\n"
        "    return total\n"
        "\n\n"
        f"def {verb}_all(rows):\n"
        f'    """{verb.title()} each row."""\n'
        "\n"
        "    # row by row\n"
        f"    return [{verb}_{number}(row) for row in rows]\n"
    )


def small_corpus(folder: Path, files: int = 60) -> CorpusFolder:
    """A corpus as ``codex-sft corpus`` leaves it, with every sixth file for validation."""
    made = CorpusFolder(folder)
    shards = []
    for split in SPLITS:
        kept = [
            judge_file(f"project{number}", "a.py", source_text(number).encode())
            for number in range(files)
            if (number % 6 == 0) == (split == "validation")
        ]
        texts = [file for file in kept if isinstance(file, CorpusFile)]
        write_json_lines(made.shard(split, 0), texts)
        characters = sum(len(file.text) for file in texts)
        shards.append(CorpusShard(made.shard(split, 0).name, split, len(texts), characters))
    manifest = CorpusManifest(
        tool_version="test",
        filters=CorpusFilters(),
        validation_share=1 / 6,
        sources=files,
        unreadable=[],
        files_read=files,
        files_kept=files,
        rejected={},
        projects={"train": shards[0].files, "validation": shards[1].files},
        shards=shards,
    )
    write_json(made.manifest_file, manifest)
    return made
