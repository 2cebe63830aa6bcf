"""Python 2 programs as Python 3: the checkers of old archives, which nothing runs any more.

What `fissix` (the library of 2to3) does not know is added: ``file()``, ``cmp()`` and ``__cmp__``, messages of
exceptions, and ``/`` between integers, which rounded down. A translation can be wrong in rarer ways, so it
counts for nothing until the checker has accepted the official answers.
"""

from __future__ import annotations

import ast
import warnings

from scraping.archives.programs import parses_as_python3
from scraping.archives.reading import UnusableProblem
from tasks.syntax_trees import parse_module

_FIXES = (
    "except", "exec", "execfile", "dict", "filter", "funcattrs", "has_key", "idioms", "imports",
    "itertools", "itertools_imports", "long", "map", "methodattrs", "ne", "next", "nonzero",
    "numliterals", "operator", "paren", "print", "raise", "raw_input", "reduce", "repr", "sys_exc",
    "throw", "tuple_params", "unicode", "xrange", "zip",
)  # fmt: skip
_SUPPORT = """\
def _python2_divide(left, right):
    whole = isinstance(left, int) and isinstance(right, int)
    return left // right if whole else left / right


def _python2_cmp(left, right):
    return (left > right) - (left < right)


def _python2_message(error):
    return error.message if hasattr(error, "message") else error.args[0] if len(error.args) == 1 else ""
"""
_COMPARISONS = """\
class _:
    def __lt__(self, other):
        return self.__cmp__(other) < 0

    def __le__(self, other):
        return self.__cmp__(other) <= 0

    def __gt__(self, other):
        return self.__cmp__(other) > 0

    def __ge__(self, other):
        return self.__cmp__(other) >= 0

    def __eq__(self, other):
        return self.__cmp__(other) == 0

    __hash__ = object.__hash__
"""


def to_python3(source: str, name: str) -> str:
    """The program in Python 3; raises `UnusableProblem` (stage ``checker``) where it cannot be translated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fissix.refactor import RefactoringTool

        tool = RefactoringTool([f"fissix.fixes.fix_{fix}" for fix in _FIXES if fix != "idioms"])
        try:
            translated = str(tool.refactor_string(source.rstrip() + "\n", name))
        except Exception as error:  # a parser of foreign text: whatever it trips over is the text's fault
            raise UnusableProblem("python2_checker", f"{name}: {error}"[:300], stage="checker") from error
    if not parses_as_python3(translated):
        raise UnusableProblem("python2_checker", f"{name}: no Python 3 after translation", stage="checker")
    tree = parse_module(translated)
    true_division = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "division" for alias in node.names)
        for node in tree.body
    )
    tree = ast.fix_missing_locations(_Semantics(divides=not true_division).visit(tree))
    docstring = ast.get_docstring(tree, clean=False) is not None
    start = int(docstring) + sum(
        isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body
    )
    tree.body[start:start] = parse_module(_SUPPORT).body
    return ast.unparse(tree) + "\n"


class _Semantics(ast.NodeTransformer):
    """What means something else in Python 3 although it is written alike."""

    def __init__(self, *, divides: bool) -> None:
        self._divides = divides

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.Div) and self._divides:
            return ast.Call(ast.Name("_python2_divide", ast.Load()), [node.left, node.right], [])
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        self.generic_visit(node)
        if isinstance(node.op, ast.Div) and self._divides and isinstance(node.target, ast.Name):
            old = ast.Name(node.target.id, ast.Load())
            value = ast.Call(ast.Name("_python2_divide", ast.Load()), [old, node.value], [])
            return ast.Assign([node.target], value)
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        names = {"file": "open", "cmp": "_python2_cmp", "basestring": "str"}
        if isinstance(node.ctx, ast.Load) and node.id in names:
            return ast.Name(names[node.id], node.ctx)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr="message", ctx=ast.Load()) if name != "self":
                return ast.Call(ast.Name("_python2_message", ast.Load()), [node.value], [])
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        self.generic_visit(node)
        defined = {member.name for member in node.body if isinstance(member, ast.FunctionDef)}
        if "__cmp__" in defined:
            (comparisons,) = parse_module(_COMPARISONS).body
            assert isinstance(comparisons, ast.ClassDef)
            node.body += [
                member
                for member in comparisons.body
                if (member.name if isinstance(member, ast.FunctionDef) else "__hash__") not in defined
            ]
        return node
