"""The texts of a data set repository: its card, and whom its rows are owed to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import yaml

from pipelines import __version__
from pipelines.exports.options import SPLITS, Split

UNKNOWN_LICENCE = "no licence known"

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_ON_THE_HUB = {
    "Apache-2.0": "apache-2.0",
    "BSD-2-Clause": "bsd-2-clause",
    "BSD-3-Clause": "bsd-3-clause",
    "CC-BY-4.0": "cc-by-4.0",
    "CC0-1.0": "cc0-1.0",
    "ISC": "isc",
    "MIT": "mit",
    "Unlicense": "unlicense",
}
"""What the hub calls licences; of others it has no name that is sure."""

_EXAMPLE = """\
```python
from datasets import load_dataset

rows = load_dataset("PATH OR NAME", "sft", split="train")
```"""

_CONFIGS = {
    "sft": "`prompt` and `completion`: a function from its signature and docstring (supervised fine-tuning)",
    "humaneval": "the same functions in HumanEval's form, with `test` to execute",
    "docstring": "`prompt` and `completion`: from a function's code to its docstring",
    "rl": "`prompt`, and in `tests` what `evaluation.reward` of codex-sft grades completions by",
    "samples": "recorded completions of the prompts, with the verdict on each",
    "rejected": "every candidate that became no row, with `stage` and `reason`",
}


@dataclass(frozen=True, order=True)
class Attribution:
    """One project or site at one version, and its terms."""

    license: str
    source: str
    version: str
    url: str
    copyright: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Attribution:
        """That of a row by its columns of provenance."""
        licence = row["license"] or UNKNOWN_LICENCE
        return cls(licence, *(row[name] or "" for name in ("source", "version", "url", "copyright")))


@dataclass(frozen=True)
class CardFacts:
    """What a card tells: rows by config and split, rows of ``sft`` by licence, and the configs in order."""

    name: str
    counts: Mapping[tuple[str, Split], int]
    licences: Counter[str | None]
    configs: list[str]


def card_text(facts: CardFacts) -> str:
    """The card (README.md), with the metadata that the hub reads before it."""
    front = yaml.safe_dump(_metadata(facts), sort_keys=False, allow_unicode=True)
    return f"---\n{front}---\n{_body(facts)}"


def attributions_text(attributions: Collection[Attribution]) -> str:
    """The NOTICE: every source by licence, with its copyright lines. Sites name a problem's own page."""
    lines = [
        "The rows of this data set are parts of the projects and problems below, under their own terms.",
        "The column `license` of a row has its SPDX expression; the texts of licences are at",
        "https://spdx.org/licenses/. A row's `copyright` and `url` are those of its source.",
    ]
    for licence, of_licence in groupby(sorted(attributions), lambda each: each.license):
        lines += ["", licence, "-" * len(licence)]
        by_source: defaultdict[tuple[str, str], list[Attribution]] = defaultdict(list)
        for each in of_licence:
            by_source[each.source, each.version].append(each)
        for (source, version), found in by_source.items():
            lines += ["", " ".join(filter(None, (source, version)))]
            lines += sorted({f"  {text}" for each in found for text in (each.url, each.copyright) if text})
    return "\n".join(lines) + "\n"


def _metadata(facts: CardFacts) -> dict[str, Any]:
    known = [licence for licence in facts.licences if facts.licences[licence]]
    one = _ON_THE_HUB.get(known[0] or "") if len(known) == 1 else None
    rows = sum(facts.counts.values())
    metadata: dict[str, Any] = {"pretty_name": facts.name, "license": one or "other"}
    if one is None:
        metadata |= {"license_name": "per-row", "license_link": "NOTICE"}
    metadata |= {
        "language": ["code"],
        "tags": ["python", "code-generation", "unit-tests", "codex-sft"],
        "task_categories": ["text-generation"],
        "annotations_creators": ["machine-generated"],
        "size_categories": [next((name for most, name in _SIZES if rows < most), "n>1M")],
        "configs": [
            {
                "config_name": config,
                **({"default": True} if config == "sft" else {}),
                "data_files": [
                    {"split": split, "path": f"data/{config}/{split}-*.parquet"}
                    for split in SPLITS
                    if (config, split) in facts.counts
                ],
            }
            for config in facts.configs
        ],
    }
    return metadata


def _body(facts: CardFacts) -> str:
    table = [f"| config | {' | '.join(SPLITS)} | what |", f"|---|{'---|' * len(SPLITS)}---|"]
    for config in facts.configs:
        counts = " | ".join(str(facts.counts.get((config, split), 0)) for split in SPLITS)
        table.append(f"| `{config}` | {counts} | {_CONFIGS[config]} |")
    known = Counter({licence or UNKNOWN_LICENCE: count for licence, count in facts.licences.items() if count})
    licences = [f"| {name} | {count} |" for name, count in sorted(known.items())]
    parts = [
        f"# {facts.name}",
        f"Executable Python tasks by codex-sft {__version__}. Every reference solution passes its tests.",
        "\n".join(table),
        _EXAMPLE,
        "Tasks of one project or contest are in one split, and so are tasks whose programs are the same or "
        "nearly so; a task is in the same split in every config.",
    ]
    if licences:
        parts += [
            "## Licences",
            "Rows keep the terms of where they are from: the columns `license`, `copyright`, `source`, "
            "`version` and `url`. All sources are in `NOTICE`.",
            "\n".join(["| licence | rows of `sft` |", "|---|---|", *licences]),
        ]
    return "\n\n".join(parts) + "\n"
