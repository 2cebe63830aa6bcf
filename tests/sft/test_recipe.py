from __future__ import annotations

from pathlib import Path

import pytest

from sft.recipe import read_recipe
from tasks.files import BadFile

_LEAST = """\
model = "base"
seed = 3

[data]
tasks = ["kept/tasks.jsonl"]

[rate]
base = 6e-4

[budget]
passes = 10
"""


def test_the_defaults_are_the_papers(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    recipe = read_recipe(_written(tmp_path, _LEAST))
    assert recipe.model == str(tmp_path / "base")
    assert recipe.data.tasks == [str(tmp_path / "kept/tasks.jsonl")]
    assert (recipe.rate.base, recipe.rate.ratio, recipe.rate.warm_up_steps) == (6e-4, 0.1, 175)
    adam = recipe.adam
    assert (adam.beta1, adam.beta2, adam.epsilon, adam.weight_decay) == (0.9, 0.95, 1e-8, 0.1)
    assert (recipe.batch.layout, recipe.adapter, recipe.machine.activation_checkpointing) == (
        "packed",
        None,
        False,
    )


def test_a_model_that_is_no_folder_is_one_of_the_hub(tmp_path: Path) -> None:
    assert read_recipe(_written(tmp_path, _LEAST.replace('"base"', '"openai/small"'))).model == "openai/small"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("base = 6e-4", 'base = "fast"', "8: rate.base: Expected `float`, got `str`"),
        ("base = 6e-4", "base = 0", "8: rate.base: Expected `float` > 0.0"),
        ('model = "base"\n', "", "1: model: this setting is needed"),
        ("base = 6e-4", "base = 1\nratoi = 1", "9: rate.ratoi: no such setting; is ratio meant?"),
        ("seed = 3", "sede = 3", "2: sede: no such setting; is seed meant?"),
        ("seed = 3", "adam.beta2 = 2", "2: adam.beta2: Expected `float` < 1.0"),
        ("seed = 3", "adapter = {rnk = 3}", "2: adapter.rnk: no such setting; is rank meant?"),
        ("[budget]", "[bugdet]", "10: bugdet: no such setting; is budget meant?"),
        ('tasks = ["kept/tasks.jsonl"]', "tasks = [\n  1,\n]", "5: data.tasks: Expected `str`, got `int`"),
        ("passes = 10", "", "10: budget: give either tokens or passes"),
        ("passes = 10", "passes = 1\ntokens = 1", "10: budget: give either tokens or passes"),
        (
            "seed = 3",
            '[batch]\npositions = "by_column"',
            "3: batch.positions: only the layout 'paper' has columns to count",
        ),
    ],
)
def test_mistakes_are_told_with_line_and_key(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    file = _written(tmp_path, _LEAST.replace(old, new, 1))
    with pytest.raises(BadFile) as raised:
        read_recipe(file)
    assert str(raised.value) == f"{file}:{complaint}"


def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="line 8"):
        read_recipe(_written(tmp_path, _LEAST.replace("6e-4", "six")))
    with pytest.raises(BadFile, match=r"absent\.toml"):
        read_recipe(tmp_path / "absent.toml")


def _written(folder: Path, text: str) -> Path:
    file = folder / "recipe.toml"
    file.write_text(text)
    return file
