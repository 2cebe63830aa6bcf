"""Thirteen small manipulations of a text, of which longer ones are chained (Chen et al. 2021, appendix C).

A block is a function whose docstring describes it and whose other lines are its code, so that a reference
solution and its expected outputs come from the same lines. The words are our own.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tasks.syntax_trees import parse_module


def drop_letter_e(s: str) -> str:
    """take out each letter e"""
    s = s.replace("e", "")
    return s


def mark_spaces(s: str) -> str:
    """put an exclamation mark where a space was"""
    s = s.replace(" ", "!")
    return s


def lower(s: str) -> str:
    """make all letters small"""
    s = s.lower()
    return s


def cut_both_ends(s: str) -> str:
    """cut off two characters at each end"""
    s = s[2:-2]
    return s


def drop_vowels(s: str) -> str:
    """leave out the vowels, small and capital"""
    s = "".join(c for c in s if c.lower() not in "aeiou")
    return s


def drop_every_third(s: str) -> str:
    """leave out every third character, beginning with the first one"""
    s = "".join(c for i, c in enumerate(s) if i % 3)
    return s


def keep_first_half(s: str) -> str:
    """keep the first half of the characters, without the middle one if their number is odd"""
    s = s[: len(s) // 2]
    return s


def widen_spaces(s: str) -> str:
    """make three spaces of each space"""
    s = s.replace(" ", "   ")
    return s


def reverse_words(s: str) -> str:
    """put the words in the opposite order, with one space between them"""
    s = " ".join(reversed(s.split()))
    return s


def keep_last_words(s: str) -> str:
    """keep the second half of the words, with the middle one if their number is odd, joined by spaces"""
    words = s.split()
    s = " ".join(words[len(words) // 2 :])
    return s


def follow_with_apples(s: str) -> str:
    """let each word be followed by the word apples, with one space between all words"""
    s = " ".join(word + " apples" for word in s.split())
    return s


def raise_every_other(s: str) -> str:
    """make every other character a capital, beginning with the first one"""
    s = "".join(c if i % 2 else c.upper() for i, c in enumerate(s))
    return s


def drop_sentence_marks(s: str) -> str:
    """leave out full stops, question marks and exclamation marks"""
    s = "".join(c for c in s if c not in ".?!")
    return s


_FUNCTIONS = (
    drop_letter_e,
    mark_spaces,
    lower,
    cut_both_ends,
    drop_vowels,
    drop_every_third,
    keep_first_half,
    widen_spaces,
    reverse_words,
    keep_last_words,
    follow_with_apples,
    raise_every_other,
    drop_sentence_marks,
)


@dataclass(frozen=True)
class BuildingBlock:
    """One manipulation: what it does in words, as code that changes ``s``, and as a function."""

    name: str
    description: str
    code: tuple[str, ...]
    function: Callable[[str], str]


@cache
def building_blocks() -> tuple[BuildingBlock, ...]:
    """All of them, in a fixed order."""
    return tuple(_block(function) for function in _FUNCTIONS)


def apply_blocks(chain: tuple[BuildingBlock, ...], text: str) -> str:
    """What a chain makes of a text."""
    for block in chain:
        text = block.function(text)
    return text


def _block(function: Callable[[str], str]) -> BuildingBlock:
    source = inspect.getsource(function)
    (definition,) = parse_module(source).body
    assert isinstance(definition, ast.FunctionDef)
    lines = source.splitlines()
    code = tuple(line.strip() for line in lines[definition.body[1].lineno - 1 : -1])
    return BuildingBlock(function.__name__, inspect.getdoc(function) or "", code, function)
