"""Programs that solve nothing: if one of them passes, the tests test nothing."""

from __future__ import annotations

from collections import Counter

from tasks.python_source import NotRenderable, SourceRenderer
from tasks.record import EncodedValue, Task, TestCase
from tasks.value_encoding import to_text

_CONSTANTS = ("None", "True", "False", "0", "1", "-1", "''", "[]", "()", "{}")
_MAX_CONSTANTS = 6
_MAX_ARGUMENTS = 3


def trivial_solutions(task: Task) -> dict[str, str]:
    """Programs by name: constants, one of the arguments, and the statement's examples by heart."""
    if task.stdio_tests:
        return _whole_programs(task)
    found = {f"constant {text}": _function(task, f"return {text}") for text in _CONSTANTS}
    counts = Counter(to_text(case.expected.value) for case in task.tests if _is_plain(case))
    values = {to_text(case.expected.value): case.expected.value for case in task.tests if _is_plain(case)}
    for number, (text, _) in enumerate(counts.most_common(_MAX_CONSTANTS), 1):
        rendered = _rendered(values[text])
        if rendered:
            found[f"constant {number} of the results"] = _function(task, f"return {rendered[0]}", rendered[1])
    most = max((len(case.arguments) for case in task.tests), default=0)
    for index in range(min(most, _MAX_ARGUMENTS)):
        found[f"argument {index}"] = _function(task, f"return arguments[{index}]")
    for name in sorted({name for case in task.tests for name in case.keyword_arguments})[:_MAX_ARGUMENTS]:
        found[f"argument {name}"] = _function(task, f"return keywords[{name!r}]")
    by_heart = _by_heart(task)
    if by_heart:
        found["examples"] = by_heart
    return found


def _is_plain(case: TestCase) -> bool:
    return case.expected.kind == "returned" and case.expected.source != "pending"


def _function(task: Task, body: str, imports: set[str] | None = None) -> str:
    lines = "".join(f"import {module}\n" for module in sorted(imports or ()))
    return f"{lines}def {task.entry_point}(*arguments, **keywords):\n    {body}\n"


def _rendered(value: EncodedValue) -> tuple[str, set[str]] | None:
    renderer = SourceRenderer()
    try:
        return renderer.render(value), renderer.imports
    except NotRenderable:
        return None


def _by_heart(task: Task) -> str | None:
    """A table of the examples, and the last one's result for all else."""
    examples = [case for case in task.tests if case.origin == "example" and _is_plain(case)]
    renderer = SourceRenderer()
    rows = []
    for case in examples:
        keywords = [f"{name!r}: {{}}" for name in case.keyword_arguments]
        try:
            given = [renderer.render(argument) for argument in case.arguments]
            named = [renderer.render(argument) for argument in case.keyword_arguments.values()]
            result = renderer.render(case.expected.value)
        except NotRenderable:
            continue
        pairs = ", ".join(text.format(value) for text, value in zip(keywords, named, strict=True))
        rows.append(f"    ([{', '.join(given)}], {{{pairs}}}, {result}),\n")
    if not rows:
        return None
    body = (
        "for known, named, result in TABLE:\n"
        "        if repr(([*arguments], keywords)) == repr((known, named)):\n"
        "            break\n"
        "    return result"
    )
    return _function(task, body, renderer.imports) + f"\n\nTABLE = [\n{''.join(rows)}]\n"


def _whole_programs(task: Task) -> dict[str, str]:
    found = {"nothing": "pass\n", "its input": "import sys\nsys.stdout.write(sys.stdin.read())\n"}
    outputs = Counter(test.stdout for test in task.stdio_tests)
    for number, (text, _) in enumerate(outputs.most_common(_MAX_CONSTANTS), 1):
        found[f"output {number} of the tests"] = f"import sys\nsys.stdout.write({text!r})\n"
    return found
