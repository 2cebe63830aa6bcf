"""Problems that ask for a function already: their reference, verified on their calls."""

from __future__ import annotations

import ast
import builtins
import symtable
import textwrap
from collections import Counter
from dataclasses import replace

from scraping.answer_checkers import comparator
from scraping.input_formats.function_problem import (
    FunctionProblem,
    WrappedProgram,
    is_python,
    is_slow,
    origin_of,
)
from scraping.input_formats.naming import variable_name
from scraping.input_formats.needed_statements import needed_statements, public_names
from scraping.input_formats.verification import Runner, passed
from scraping.problem import Problem, ProblemRejection, Signature, rejected
from tasks.record import TestCase
from tasks.syntax_trees import parse_module

_IMPLIED_MODULES = ("typing", "collections", "heapq", "bisect", "itertools", "functools", "math", "string")
"""From which sites import for their solutions everything that these use."""


def native_parts(program: str, signature: Signature) -> tuple[str, str, str] | None:
    """What comes before the function, the line that begins it, and its body without a docstring.

    A method of ``class Solution`` is called by a function of the signature's name. None where the program
    defines neither.
    """
    try:
        module = parse_module(program)
    except (SyntaxError, ValueError, RecursionError):
        return None
    lines = program.splitlines(keepends=True)
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name == signature.name:
            return _function_parts(program, lines, module, node)
    for node in module.body:
        if isinstance(node, ast.ClassDef) and node.name == "Solution":
            names = [each.name for each in node.body if isinstance(each, ast.FunctionDef)]
            if signature.name in names:
                return _method_parts(program, signature)
    return None


def _function_parts(
    program: str, lines: list[str], module: ast.Module, function: ast.FunctionDef
) -> tuple[str, str, str] | None:
    statements = function.body
    documented = ast.get_docstring(function) is not None
    if documented and len(statements) == 1:
        return None
    begin = statements[1] if documented else statements[0]
    last_of_header = statements[0].lineno - 1
    if begin.lineno == function.lineno or not lines[begin.lineno - 1][: begin.col_offset].isspace():
        return None  # all on one line
    start = min([function.lineno, *(each.lineno for each in function.decorator_list)])
    header = "".join(lines[start - 1 : last_of_header])
    body = "".join(lines[begin.lineno - 1 : function.end_lineno])
    rest = "".join(lines[: start - 1]) + "".join(lines[function.end_lineno or 0 :])
    prelude = _implied_imports(program) + rest.strip("\n")
    return prelude + "\n\n\n" if prelude.strip() else "", header, body if body.endswith("\n") else body + "\n"


def _method_parts(program: str, signature: Signature) -> tuple[str, str, str]:
    names = [variable_name(each.name) for each in signature.parameters]
    typed = [
        f"{name}: {each.type}" if each.type else name
        for name, each in zip(names, signature.parameters, strict=True)
    ]
    returns = f" -> {signature.returns}" if signature.returns else ""
    header = f"def {signature.name}({', '.join(typed)}){returns}:\n"
    stub = header + "    pass\n"
    named = {node.id for node in ast.walk(parse_module(stub)) if isinstance(node, ast.Name)}
    needed = needed_statements(program, {"Solution", *named})
    statements = "\n\n".join(needed.others)
    call = f"return Solution().{signature.name}({', '.join(names)})\n"
    body = textwrap.indent(f"{statements}\n\n{call}", "    ", lambda line: bool(line.strip()))
    imports = "".join(line + "\n" for line in needed.imports)
    imports += _implied_imports("\n\n".join([imports, statements, stub]))
    return imports + "\n\n" if imports else "", header, body


def _implied_imports(program: str) -> str:
    """Import statements for what a program uses and nothing defines."""
    missing = _undefined(program)
    found: dict[str, list[str]] = {}
    for name in sorted(missing):
        if name in _IMPLIED_MODULES:
            found.setdefault(name, [])
            continue
        module = next((each for each in _IMPLIED_MODULES if name in public_names(each)), None)
        if module:
            found.setdefault(module, []).append(name)
    lines = [f"from {module} import {', '.join(names)}" for module, names in found.items() if names]
    lines += [f"import {module}" for module, names in found.items() if not names]
    return "".join(line + "\n" for line in sorted(lines))


def _undefined(program: str) -> set[str]:
    try:
        top = symtable.symtable(program, "program", "exec")
    except SyntaxError:
        return set()
    defined = {
        each.get_name() for each in top.get_symbols() if each.is_assigned() or each.is_imported()
    } | set(dir(builtins))
    used: set[str] = set()
    tables = [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        used |= {
            each.get_name()
            for each in table.get_symbols()
            if each.is_referenced() and (each.is_global() or table is top)
        }
    return used - defined


def native_function(problem: Problem, runner: Runner) -> FunctionProblem | ProblemRejection:
    """A problem with a signature of its own, if its reference has the expected outcomes."""
    signature = problem.signature
    if signature is None:
        return rejected(problem, "function", "no_signature")
    if problem.checker.kind == "pending":
        return rejected(problem, "checker", "several_answers", "; ".join(problem.checker.evidence))
    tests, dropped = _cases(problem)
    if not tests:
        return rejected(problem, "tests", "no_tests", str(dropped))
    solutions = [
        (each, native_parts(each.code, signature))
        for each in problem.solutions
        if is_python(each) and not is_slow(each)
    ]
    left_out = Counter("no_python_3" for each in problem.solutions if not is_python(each))
    left_out.update("too_slow" for each in problem.solutions if is_python(each) and is_slow(each))
    left_out.update("no_such_function" for _, parts in solutions if parts is None)
    faults: list[str] = []
    for solution, parts in solutions:
        if solution.claimed != "accepted" or parts is None:
            continue
        prelude, header, body = parts
        verified = _verified(runner, prelude + header + body, signature.name, tests)
        if isinstance(verified, str):
            faults.append(f"{solution.name}: {verified}")
            continue
        others = [
            WrappedProgram(each.name, "".join(found), each.claimed)
            for each, found in solutions
            if found is not None and each is not solution
        ]
        return FunctionProblem(
            problem.problem_id,
            signature,
            prelude,
            header,
            body,
            solution.name,
            verified,
            other_accepted=[each for each in others if each.claimed == "accepted"],
            wrong=[each for each in others if each.claimed != "accepted"],
            not_wrapped=dict(left_out),
            dropped_tests=dropped,
        )
    if faults:
        return rejected(problem, "reference", "reference_fails", "; ".join(faults))
    return rejected(problem, "reference", "no_python_reference", str(dict(left_out)))


def _verified(runner: Runner, module: str, name: str, tests: list[TestCase]) -> list[TestCase] | str:
    """The cases, if the reference has all their outcomes, or what it has otherwise.

    Types count, also where the source compares numbers by value, unless the reference has another one.
    """
    strict = [replace(case, comparator=replace(case.comparator, numbers_by_value=False)) for case in tests]
    judgement = runner.judged(module, name, strict)
    if not passed(judgement) and strict != tests and judgement.differences:
        pairs = zip(strict, tests, judgement.differences, strict=True)
        strict = [lax if difference else case for case, lax, difference in pairs]
        judgement = runner.judged(module, name, strict)
    return strict if passed(judgement) else judgement.detail


def _cases(problem: Problem) -> tuple[list[TestCase], dict[str, int]]:
    kept: list[TestCase] = []
    dropped: Counter[str] = Counter()
    how = comparator(problem.checker)
    for test in problem.tests:
        if test.case is None or test.truncated:
            dropped["truncated" if test.truncated else "no_call"] += 1
            continue
        case = replace(test.case, origin=origin_of(test))
        # what a case says of itself prevails; results of a function are no tokens
        if case.comparator.kind == "exact" and how.kind in ("float_tolerance", "unordered", "set"):
            by_value = case.comparator.numbers_by_value
            case = replace(case, comparator=replace(how, numbers_by_value=by_value))
        kept.append(case)
    return kept, dict(dropped)
