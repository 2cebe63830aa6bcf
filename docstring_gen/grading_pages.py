"""The pages for grading by hand (Chen et al. 2021, §5): one docstring at a time, blind, by the keyboard."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Error as SQLiteError
from typing import Any
from urllib.parse import parse_qs, quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from docstring_gen.grading_access import LoopbackAccess, cookie_name
from docstring_gen.grading_results import KS, grading_results
from docstring_gen.grading_store import CATEGORIES, MAX_NOTE, Category, GradeStore
from docstring_gen.grading_text import highlight_styles, highlighted, visible

_GRADER = re.compile(r"\w[\w .@+-]{0,39}")
_AFTER_A_FORM = 303


class BadGrader(ValueError):
    """A grader's name is not usable; the message says what is."""


@dataclass(frozen=True)
class Choice:
    """A category as the page offers it."""

    category: Category
    key: str
    label: str
    rule: str


CHOICES = (
    Choice(
        "correct",
        "1",
        "Correct",
        "it tells exactly what the code does: nobody could write other code from it",
    ),
    Choice(
        "missing_detail",
        "2",
        "Missing detail",
        "what it tells is true, but it leaves out something that matters",
    ),
    Choice("invented_problem", "3", "Invented problem", "it tells of another problem, or something untrue"),
    Choice(
        "copies_code", "4", "Copies the code", "it repeats the code, in Python or word for word: not correct"
    ),
    Choice("other", "5", "Other", "anything else that is not correct, such as no text at all"),
)


def grader_name(name: str) -> str:
    """A grader's name as it is kept; raises `BadGrader`."""
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    if not _GRADER.fullmatch(name):
        raise BadGrader(
            f"{name[:60]!r} is no name for a grader: up to 40 letters, digits, spaces, or any of . @ + - _, "
            "the first a letter or digit"
        )
    return name


def grading_app(store: GradeStore, token: str, port: int, graders: Sequence[str] = ()) -> Starlette:
    """The application, for those who have the token. ``graders`` are the only ones, if there are any."""
    pages = _Pages(store, token, port, [grader_name(name) for name in graders])
    of_grader = "/grader/{grader}"
    return Starlette(
        routes=[
            Route("/", pages.start),
            Route("/graders", pages.choose, methods=["POST"]),
            Route(of_grader, pages.next_item),
            Route(f"{of_grader}/undo", pages.undo, methods=["POST"]),
            Route(f"{of_grader}/finished", pages.finished),
            Route(f"{of_grader}/{{position:int}}", pages.item),
            Route(f"{of_grader}/{{position:int}}", pages.grade, methods=["POST"]),
            Route("/results", pages.results),
            Route("/static/highlight.css", pages.highlight),
            Mount("/static", StaticFiles(packages=[("docstring_gen", "grading_static")])),
        ],
        middleware=[Middleware(LoopbackAccess, token=token, port=port)],
        exception_handlers={HTTPException: pages.refused, SQLiteError: pages.not_kept},
    )


class _Pages:
    def __init__(self, store: GradeStore, token: str, port: int, graders: list[str]) -> None:
        self._store = store
        self._token = token
        self._cookie = cookie_name(port)
        self._graders = graders
        self._templates = Environment(
            loader=PackageLoader("docstring_gen", "grading_templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"visible": visible, "highlighted": highlighted, "grader_url": _url}
        self._templates.globals |= {
            "choices": CHOICES,
            "labels": {each.category: each.label for each in CHOICES},
        }
        self._styles = highlight_styles()
        self._orders: dict[str, list[int]] = {}

    def _page(self, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        return HTMLResponse(self._templates.get_template(template).render(context), status)

    async def start(self, request: Request) -> Response:
        """Who grades? With the token, the page that keeps it."""
        if "token" in request.query_params:
            follow = _url(self._graders[0]) if len(self._graders) == 1 else "/"
            # a page, not a redirection: after a link from elsewhere, browsers would not send the cookie on
            response = self._page("arrived.html", follow=follow)
            response.set_cookie(self._cookie, self._token, path="/", httponly=True, samesite="strict")
            return response
        return self._start()

    def _start(self, problem: str = "", status: int = 200) -> Response:
        total = len(self._store.items)
        names = self._graders or self._store.graders()
        progress = [(name, len(self._store.standing(name))) for name in names]
        return self._page(
            "start.html", status, progress=progress, total=total, free=not self._graders, problem=problem
        )

    async def choose(self, request: Request) -> Response:
        """A name was given."""
        form = await _form(request)
        try:
            return _see(_url(self._grader(form.get("name", ""))))
        except BadGrader as error:
            return self._start(str(error), 422)

    async def next_item(self, request: Request) -> Response:
        """To the first docstring that has no grade yet."""
        return self._after(self._known(request), 0)

    async def item(self, request: Request) -> Response:
        """A docstring beside its code and examples."""
        grader = self._known(request)
        position, item_id = self._place(request, grader)
        order, standing = self._order(grader), self._store.standing(grader)
        item = self._store.items[item_id]
        history = self._store.history(item_id, grader)
        last = max(standing.values(), key=lambda grade: grade.grade_id, default=None)
        of_task = [other for other in order if self._store.items[other].key.task_id == item.key.task_id]
        return self._page(
            "item.html",
            grader=grader,
            position=position,
            total=len(order),
            graded=len(standing),
            item=item,
            current=standing.get(item_id),
            history=history,
            note=history[-1].note if history else "",
            last=last,
            last_position=order.index(last.item_id) + 1 if last else 0,
            # the original would tell of the task's other docstrings that are still to be graded
            original=item.original_docstring if all(other in standing for other in of_task) else None,
            max_note=MAX_NOTE,
        )

    async def grade(self, request: Request) -> Response:
        """Keep a grade, then show the next docstring."""
        grader = self._known(request)
        position, item_id = self._place(request, grader)
        form = await _form(request)
        category = next((each for each in CATEGORIES if each == form.get("category")), None)
        note = form.get("note", "").replace("\r\n", "\n").strip()
        if category is None:
            raise HTTPException(422, "No such category. Nothing was kept: go back and choose again.")
        if len(note) > MAX_NOTE:
            raise HTTPException(422, f"A note has at most {MAX_NOTE} characters. Nothing was kept: go back.")
        self._store.grade(item_id, grader, category, note)
        return self._after(grader, position)

    async def undo(self, request: Request) -> Response:
        """Withdraw the last grade and show its docstring again."""
        grader = self._known(request)
        withdrawn = self._store.withdraw_last(grader)
        if withdrawn is None:
            return self._after(grader, 0)
        return _see(f"{_url(grader)}/{self._order(grader).index(withdrawn.item_id) + 1}")

    async def finished(self, request: Request) -> Response:
        """All is graded, or is not."""
        grader = self._known(request)
        graded, total = len(self._store.standing(grader)), len(self._store.items)
        return self._page("finished.html", grader=grader, graded=graded, total=total)

    async def results(self, request: Request) -> Response:
        """pass@k and agreement."""
        return self._page("results.html", results=grading_results(self._store), ks=KS)

    async def highlight(self, request: Request) -> Response:
        """The colours of code."""
        return Response(self._styles, media_type="text/css")

    async def refused(self, request: Request, error: Exception) -> Response:
        """What there is not, or what a form lacks."""
        assert isinstance(error, HTTPException)
        return self._page("problem.html", error.status_code, problem=error.detail)

    async def not_kept(self, request: Request, error: Exception) -> Response:
        """The disk is full, say."""
        return self._page(
            "problem.html",
            507,
            problem=f"Nothing was kept ({error}). Go back and try again when that is mended.",
        )

    def _grader(self, name: str) -> str:
        grader = grader_name(name)
        if self._graders and grader not in self._graders:
            raise BadGrader(f"{grader} is not among the graders that --grader named")
        return grader

    def _known(self, request: Request) -> str:
        given = request.path_params["grader"]
        try:
            grader = self._grader(given)
        except BadGrader as error:
            raise HTTPException(404, str(error)) from error
        if grader != given:
            raise HTTPException(404, "No such grader.")
        return grader

    def _order(self, grader: str) -> list[int]:
        if grader not in self._orders:
            self._orders[grader] = self._store.order(grader)
        return self._orders[grader]

    def _place(self, request: Request, grader: str) -> tuple[int, int]:
        position, order = request.path_params["position"], self._order(grader)
        if not 1 <= position <= len(order):
            raise HTTPException(404, f"There are {len(order)} docstrings; this is none of them.")
        return position, order[position - 1]

    def _after(self, grader: str, position: int) -> Response:
        """To the next docstring without a grade, from this place on and then from the beginning."""
        order, standing = self._order(grader), self._store.standing(grader)
        for index in (*range(position, len(order)), *range(position)):
            if order[index] not in standing:
                return _see(f"{_url(grader)}/{index + 1}")
        return _see(f"{_url(grader)}/finished")


def _url(grader: str) -> str:
    return f"/grader/{quote(grader, safe='')}"


def _see(address: str) -> RedirectResponse:
    return RedirectResponse(address, _AFTER_A_FORM)


async def _form(request: Request) -> dict[str, str]:
    if (
        request.headers.get("content-type", "").partition(";")[0].strip()
        != "application/x-www-form-urlencoded"
    ):
        raise HTTPException(415, "This is no form of the grading page.")
    body = await request.body()
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=10)
    except ValueError as error:
        raise HTTPException(400, "This is no form of the grading page.") from error
    return {name: values[-1] for name, values in fields.items()}
