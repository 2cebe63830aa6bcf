"""Names of functions and variables."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraping.input_formats.naming import function_name, variable_name


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Two Sum", "two_sum"),
        ("A. Don't Panic!", "a_dont_panic"),
        ("Sum", "solve_sum"),
        ("3D Printing", "solve_3d_printing"),
        ("lambda", "solve_lambda"),
        ("Ångström's café", "angstroms_cafe"),
        ("日本", "solve"),
        ("", "solve"),
        ("twoSum", "two_sum"),
    ],
)
def test_titles_become_names(title: str, name: str) -> None:
    assert function_name(title) == name


@given(st.text(max_size=100))
def test_every_text_gives_a_name_that_python_takes(text: str) -> None:
    for name in (function_name(text), variable_name(text)):
        assert name.isidentifier() and not keyword.iskeyword(name)
