"""Solutions in LeetCode's form: a class ``Solution``, one of whose methods is what the problem asks for."""

from __future__ import annotations

import ast
from collections.abc import Collection

from scraping.archives.python_signature import parsed, signature_of
from scraping.archives.reading import UnusableProblem
from scraping.problem import Signature
from tasks.syntax_trees import parse_module


def signature_of_class(
    source: str, *, entry: str | None = None, names: Collection[str] = (), starter_code: str | None = None
) -> Signature:
    """The signature of the asked-for method, as a function's, without ``self``.

    It is the one named ``entry``, or the only public one, or the one whose parameters are called
    ``names``. A body that was left out of a stub is no fault. Raises `UnusableProblem`.
    """
    tree = parsed(_completed(source), "solution")
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    if "Solution" not in classes:
        reason = "design_class" if set(classes) - {"ListNode", "TreeNode", "Node"} else "no_solution_class"
        raise UnusableProblem(reason, ", ".join(classes), stage="function")
    methods = [node for node in classes["Solution"].body if isinstance(node, ast.FunctionDef)]
    public = [method for method in methods if not method.name.startswith("_")]
    found = [method for method in public if method.name == entry] if entry else public
    if len(found) > 1 and names:
        found = [
            method for method in found if {argument.arg for argument in method.args.args[1:]} == set(names)
        ]
    if any(method.name == "__init__" for method in methods) or len(found) != 1:
        detail = ", ".join(method.name for method in public)
        raise UnusableProblem("ambiguous_entry_point", detail, stage="function")
    return signature_of(found[0], "snippet", method=True, starter_code=starter_code)


def _completed(source: str) -> str:
    """A stub whose last method has no body, with one."""
    try:
        parse_module(source)
    except SyntaxError:
        last = source.rstrip().splitlines()[-1:] or [""]
        return source.rstrip() + "\n" + " " * (len(last[0]) - len(last[0].lstrip()) + 4) + "pass\n"
    return source
