"""The thresholds that apply where a recipe does not say otherwise, and those of the paper."""

from __future__ import annotations

from filters.licences import PERMISSIVE
from filters.recipe import Recipe, Threshold

PAPER = Recipe(
    {
        "undecided": Threshold("samples.decision", one_of=["kept", "dropped"]),
        "sampled_reference_fails": Threshold("samples.reason", one_of=["sample_passes", "no_sample_passes"]),
        "no_sample_passes": Threshold("samples.passed", minimum=1),
    }
)
"""The filter of Chen et al. 2021, §4.3; and what could not be decided is not kept."""

DEFAULT = Recipe(
    {
        "undocumented": Threshold("text.documented", one_of=[True]),
        "docstring_faults": Threshold("text.docstring_faults", only=["missing", "no_arguments"]),
        "licence_not_allowed": Threshold("text.licence", licences=sorted(PERMISSIVE)),
        "prompt_too_long": Threshold("text.prompt_characters", maximum=20_000),
        "solution_too_long": Threshold("text.solution_lines", maximum=120),
        "too_complex": Threshold("text.decisions", maximum=40),
        "tests_too_long": Threshold("text.test_characters", maximum=500_000),
        "duplicate": Threshold("duplicates.kind", one_of=["none"]),
        "contaminated": Threshold("contamination.layers", none_of=["text", "tree", "behaviour"]),
        "unstable": Threshold("stability.axes", only=[], unknown="keep"),
        "reference_fails": Threshold("strength.reference_passes", one_of=[True]),
        "weak_tests": Threshold("strength.mutation_score", minimum=0.5, unknown="keep"),
        "trivial_solution_passes": Threshold("strength.trivial_passed", only=[]),
        **PAPER.thresholds,
        "unstable_samples": Threshold("samples.unstable_axes", only=[], unknown="keep"),
    }
)
"""``missing`` is `undocumented`'s. Unknown are the stability of tasks without recorded calls, and the
mutation score of solutions in which nothing can be changed."""
