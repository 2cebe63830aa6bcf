"""TeX formulas in plain ASCII."""

from __future__ import annotations

import re

_TEX = re.compile(
    r"\\(?P<command>[A-Za-z]+)\*?|\\(?P<symbol>.)|(?P<script>[_^])|(?P<open>\{)|(?P<close>\})"
    r"|(?P<space>[\s~]+)|(?P<other>.)",
    re.DOTALL,
)
_SYMBOLS = {
    "le": "<=", "leq": "<=", "leqslant": "<=", "leqq": "<=", "lt": "<", "ge": ">=", "geq": ">=",
    "geqslant": ">=", "geqq": ">=", "gt": ">", "ne": "!=", "neq": "!=", "ll": "<<", "gg": ">>",
    "cdot": "*", "times": "*", "ast": "*", "star": "*", "div": "/", "pm": "+-", "mp": "-+",
    "ldots": "...", "dots": "...", "cdots": "...", "vdots": "...", "ddots": "...", "dotsc": "...",
    "dotsb": "...", "to": "->", "rightarrow": "->", "longrightarrow": "->", "mapsto": "->", "gets": "<-",
    "leftarrow": "<-", "leftrightarrow": "<->", "Rightarrow": "=>", "implies": "=>", "iff": "<=>",
    "Leftrightarrow": "<=>", "equiv": "==", "approx": "~=", "sim": "~", "simeq": "~=", "mid": "|",
    "vert": "|", "lvert": "|", "rvert": "|", "Vert": "||", "lVert": "||", "rVert": "||", "colon": ":",
    "infty": "infinity", "in": "in", "notin": "not in", "ni": "contains", "subset": "subset of",
    "subseteq": "subset of", "cup": "union", "cap": "intersection", "setminus": "\\", "emptyset": "{}",
    "varnothing": "{}", "forall": "for all", "exists": "there is", "land": "and", "wedge": "and",
    "lor": "or", "vee": "or", "lnot": "not", "neg": "not", "oplus": "xor", "bigoplus": "xor",
    "bmod": "mod", "pmod": "mod", "lfloor": "floor(", "rfloor": ")", "lceil": "ceil(", "rceil": ")",
    "langle": "<", "rangle": ">", "lbrace": "{", "rbrace": "}", "lbrack": "[", "rbrack": "]",
    "backslash": "\\", "circ": "o", "prime": "'", "degree": " degrees", "quad": " ", "qquad": " ",
    "ell": "l", "dag": "+", "dagger": "+", "prod": "product", "int": "integral", "angle": "angle",
    "parallel": "||", "perp": "perpendicular to", "triangle": "triangle", "And": "&", "textbackslash": "\\",
    "textasciitilde": "~", "textasciicircum": "^", "lq": "'", "rq": "'", "dollar": "$",
}  # fmt: skip
_WORDS = re.compile(
    "min|max|gcd|lcm|log|ln|lg|exp|sin|cos|tan|arcsin|arccos|arctan|lim|sup|inf|det|dim|deg|arg|"
    "sum|mod|alpha|beta|gamma|delta|epsilon|varepsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|"
    "pi|rho|sigma|tau|upsilon|phi|varphi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Phi|"
    "Psi|Omega"
)
_SPACED = re.compile("cap|cup|in|notin|ni|mid|land|lor|wedge|vee|bmod|subset|subseteq|oplus|setminus")
_UNWRAPPED = re.compile(
    "text|textrm|textit|textbf|texttt|textsf|textnormal|textsc|mathrm|mathbf|mathit|mathsf|mathtt|"
    "mathcal|mathbb|mathfrak|mathscr|mathop|operatorname|boldsymbol|bm|bf|rm|it|tt|mbox|hbox|emph|"
    "underline|textup|overline|bar|hat|vec|tilde|widehat|boxed|displaystyle|textstyle|limits|"
    "nolimits|left|right|big|Big|bigg|Bigg|bigl|bigr|Bigl|Bigr|biggl|biggr|middle|rm|sf|cal|"
    "mathopen|mathclose|mathbin|mathrel|mathord|ensuremath|scriptstyle|small|large|normalsize"
)
_DROPPED_WITH_ARGUMENT = re.compile("begin|end|label|tag|hspace|vspace|textcolor|color|phantom")
_COMPARISON = re.compile(
    r"[ \t]*(<=>|<=|>=|!=|<->|<-|->|=>|==|~=|(?<!<)<(?![<=-])|(?<![->=])>(?![>=]))[ \t]*"
)


def script(mark: str, text: str, following: str = "") -> str:
    """``text`` raised (mark ``^``) or lowered (``_``), in braces where it is no single word or number.

    ``following`` is what stands after it, which must not become part of it.
    """
    text = text.strip()
    if not text:
        return ""
    if re.fullmatch(r"[^\W_]+|[-+]\d+|[^\w\s{}^]", text) and not re.match(r"[\w^]", following):
        return mark + text
    return f"{mark}{{{text}}}"


def plain_tex(tex: str) -> str:
    r"""A formula in plain ASCII: ``1 \le a_i \le 10^{5}`` is ``1 <= a_i <= 10^5``.

    A command without a counterpart keeps its backslash.
    """
    tex = re.sub(r"(?<=\d)(?:\\[,;: ]|\{,\})\s*(?=\d{3}(?!\d))", "", tex)
    text = _Formula(tex).sequence()
    text = _COMPARISON.sub(r" \1 ", text)
    text = re.sub(r"(?<=[\w)}\]|]) *\*(?=[ \w({\[|\\-])", " * ", text)
    text = re.sub(r" +(?=[\^)])|(?<=\() +", "", text)
    return re.sub(r"[ \t]+", " ", text).strip()


class _Formula:
    """Reads a formula's tokens one after the other and writes them plainly."""

    def __init__(self, tex: str) -> None:
        self._tokens = [(match.lastgroup or "", match[match.lastgroup or 0]) for match in _TEX.finditer(tex)]
        self._next = 0

    def sequence(self) -> str:
        """The text up to the brace that closes this group, or to the end."""
        text, after_command = "", False
        while self._next < len(self._tokens):
            kind, value = self._take()
            if kind == "close":
                break
            part = self._rendered(kind, value)
            # a command's backslash kept its name apart from letters beside it
            if text[-1:].isalnum() and part[:1].isalnum() and (after_command or kind == "command"):
                text += " "
            text += part
            after_command = kind == "command" and not _UNWRAPPED.fullmatch(value) if part else after_command
        return text

    def _take(self) -> tuple[str, str]:
        self._next += 1
        return self._tokens[self._next - 1]

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("", "")

    def _argument(self) -> str:
        while self._peek()[0] == "space":
            self._take()
        if self._next == len(self._tokens):
            return ""
        return self._rendered(*self._take())

    def _optional_argument(self) -> str:
        if self._peek()[1] != "[":
            return ""
        text = ""
        self._take()
        while self._next < len(self._tokens) and self._peek()[1] != "]":
            text += self._rendered(*self._take())
        self._next += 1
        return text

    def _rendered(self, kind: str, value: str) -> str:
        if kind == "command":
            return self._command(value)
        if kind == "symbol":
            return {",": " ", ";": " ", ":": " ", "!": "", " ": " ", "\\": "\n", "|": "||"}.get(value, value)
        if kind == "open":
            return self.sequence()
        if kind == "script":
            return self._script(value)
        return " " if kind == "space" else value

    def _script(self, mark: str) -> str:
        text = self._argument().strip()
        if mark == "^" and text in ("st", "nd", "rd", "th"):
            return "-" + text
        if text in ("o", "'", "''"):
            return {"o": " degrees"}.get(text, text)
        kind, following = self._peek()
        return script(mark, text, following[:1] if kind in ("other", "script") else "")

    def _command(self, name: str) -> str:
        if name in _SYMBOLS:
            text = _SYMBOLS[name]
            if name == "pmod":
                return f"(mod {self._argument()})"
            return f" {text} " if _SPACED.fullmatch(name) else text
        if _WORDS.fullmatch(name):
            return name
        if name in ("frac", "dfrac", "tfrac", "cfrac"):
            return f"{_operand(self._argument())}/{_operand(self._argument())}"
        if name in ("binom", "dbinom", "tbinom"):
            return f"C({self._argument()}, {self._argument()})"
        if name == "sqrt":
            degree = self._optional_argument()
            return f"{_operand(self._argument())}^(1/{degree})" if degree else f"sqrt({self._argument()})"
        if _DROPPED_WITH_ARGUMENT.fullmatch(name):
            self._argument()
            return ""
        if name in ("left", "right") and self._peek() == ("other", "."):
            self._take()
        return "" if _UNWRAPPED.fullmatch(name) else f"\\{name}"


def _operand(text: str) -> str:
    text = text.strip()
    return text if re.fullmatch(r"[\w.]+|\(.*\)", text) else f"({text})"
