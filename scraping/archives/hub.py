"""Data sets of the Hugging Face hub, through the `datasets` library (extra ``hub``).

This alone fetches, since the user named the data set, under the terms that they accepted there. Data sets
that the hub has as a loading script are taken from its own conversion to Parquet, since scripts are
programs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from scraping.archives.apps import apps_problems, taco_problems
from scraping.archives.code_contests import code_contests_problems
from scraping.archives.leetcode_dataset import leetcode_dataset_problems
from scraping.archives.livecodebench import livecodebench_problems
from scraping.archives.open_r1_codeforces import open_r1_codeforces_problems
from scraping.archives.tables import TableRow, rows_of_dataset
from scraping.problem import Problem, ProblemRejection

_Reader = Callable[[Iterable[TableRow]], Iterator[Problem | ProblemRejection]]
DATASETS: dict[str, _Reader] = {
    "deepmind/code_contests": code_contests_problems,
    "codeparrot/apps": apps_problems,
    "BAAI/TACO": taco_problems,
    "open-r1/codeforces": open_r1_codeforces_problems,
    "newfacade/LeetCodeDataset": leetcode_dataset_problems,
    "livecodebench/code_generation_lite": livecodebench_problems,
}
_LOADING_SCRIPTS = ("codeparrot/apps", "BAAI/TACO", "livecodebench/code_generation_lite")


def read_hub(name: str, split: str = "train") -> Iterator[Problem | ProblemRejection]:
    """Stream the problems of a data set of the hub; raises ``KeyError`` for one whose columns are not known.

    Raises ``ImportError`` without the extra, and what `datasets` raises where the hub cannot be asked.
    """
    read = DATASETS[name]
    from datasets import load_dataset

    revision = "refs/convert/parquet" if name in _LOADING_SCRIPTS else None
    dataset = load_dataset(name, split=split, streaming=True, revision=revision)
    yield from read(rows_of_dataset(dataset, name))
