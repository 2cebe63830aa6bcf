"""A task folder for lm-evaluation-harness, whose samples are graded in the sandbox of codex-sft."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from filters.well_formed import STOP_SEQUENCES
from pipelines.exports.tables import TableRow
from tasks.files import write_json_lines, write_text

_DATA = "test.jsonl"
_CODE = '''\
"""Reads the tasks of this folder and grades completions of them, in the sandbox of codex-sft."""

from pathlib import Path

from evaluation.reward import reward


def read_tasks(**settings):
    from datasets import Dataset

    return {"test": Dataset.from_json(str(Path(__file__).with_name("test.jsonl")))}


def grade(doc, results):
    """pass@1 over the completions of a task; one that could not be judged counts neither way."""
    completions = results[0] if isinstance(results[0], list) else results
    graded = [each for each in reward(completions, [doc["tests"]] * len(completions)) if each is not None]
    if not graded:
        raise RuntimeError(f"{doc['task_id']}: no completion could be judged; see codex-sft doctor")
    return {"pass@1": sum(graded) / len(graded)}
'''
_README = """\
# {name}

```console
pip install lm-eval codex-sft
lm_eval --include_path PATH/OF/THIS/FOLDER --tasks {name} --model hf --model_args pretrained=MODEL
```

Completions run in the sandbox of codex-sft, never in the harness's process. `codex-sft doctor` tells whether
it works on a machine.
"""


class _Function:
    """A name that the harness looks up in the code beside the task."""

    def __init__(self, name: str) -> None:
        self.name = name


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(
    _Function, lambda dumper, function: dumper.represent_scalar("!function", function.name, style="")
)


def write_lm_eval_task(folder: Path, name: str, rows: Iterable[TableRow]) -> None:
    """Write the task's description, its code and its data."""
    write_json_lines(folder / _DATA, (_document(each.row) for each in rows))
    description = yaml.dump(_description(name), Dumper=_Dumper, sort_keys=False)
    write_text(folder / f"{name}.yaml", description)
    write_text(folder / "grading.py", _CODE)
    write_text(folder / "README.md", _README.format(name=name))


def _document(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "metadata"}


def _description(name: str) -> dict[str, Any]:
    return {
        "task": name,
        "custom_dataset": _Function("grading.read_tasks"),
        "output_type": "generate_until",
        "test_split": "test",
        "doc_to_text": "{{prompt}}",
        "doc_to_target": "",
        "target_delimiter": "",
        "process_results": _Function("grading.grade"),
        "metric_list": [{"metric": "pass@1", "aggregation": "mean", "higher_is_better": True}],
        "generation_kwargs": {"until": list(STOP_SEQUENCES), "max_gen_toks": 1024, "do_sample": False},
        "repeats": 1,
        "num_fewshot": 0,
        "metadata": {"version": 1.0},
    }
