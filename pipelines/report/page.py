"""The report's page: one HTML file that asks for nothing from anywhere, and in which all text is text."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from docstring_gen.grading_text import highlight_styles, highlighted, visible
from pipelines.build_folder import BuildFolder, BuildManifest, StageTimes
from pipelines.build_tables import ITEMS
from pipelines.report.content import ReportContent, final_tasks, read_report_content
from pipelines.report.history import save_build
from tasks.files import read_json, write_text

_SHOWN_REASONS = 10
_SHOWN_ROWS = 60


def write_report(folder: BuildFolder) -> Path:
    """Draw the report of a build from what is in its folder; raises `BadFile` where there is none.

    A finished build is kept, to be compared with the next one.
    """
    if folder.manifest.exists():
        manifest = read_json(folder.manifest, BuildManifest)
        times = read_json(folder.times, dict[str, StageTimes]) if folder.times.exists() else {}
        tasks = final_tasks(folder, manifest.stages)
        if tasks and tasks.exists():
            finished_at = max((entry.finished_at for entry in times.values()), default="")
            save_build(folder, manifest, tasks, finished_at)
    write_text(folder.report, report_page(read_report_content(folder)))
    return folder.report


def report_page(content: ReportContent) -> str:
    """The page. Its policy admits its own style sheet, by digest, and nothing else."""
    environment = Environment(
        loader=PackageLoader("pipelines.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {
        "code": highlighted,
        "number": _number,
        "share": _share,
        "seconds": _seconds,
        "name": _name,
        "costs": _costs,
    }
    styles = resources.files("pipelines.report").joinpath("templates/report.css").read_text(encoding="utf-8")
    styles = f"\n{styles}{highlight_styles()}"
    digest = base64.b64encode(hashlib.sha256(styles.encode()).digest()).decode()
    return environment.get_template("report.html").render(
        report=content,
        styles=Markup(styles),
        style_digest=Markup(digest),
        items=ITEMS,
        shown_reasons=_SHOWN_REASONS,
        shown_rows=_SHOWN_ROWS,
    )


def _shown(value: object) -> object:
    """What stands in the page: texts with nothing hidden in them."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _number(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"


def _share(part: float, whole: float) -> str:
    if not whole:
        return "-"
    return "<1%" if 0 < part / whole < 0.005 else f"{part / whole:.0%}"


def _seconds(value: float) -> str:
    """A duration as people say it."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, seconds = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def _name(value: str) -> Markup:
    """A name of ours, which may be broken after each underscore and colon."""
    return escape(visible(value)).replace("_", Markup("_<wbr>")).replace(":", Markup(":<wbr>"))


def _costs(costs: dict[str, float]) -> str:
    """Costs by their kinds: ``cpu_seconds.strength`` is told as ``processor seconds: strength ...``."""
    kinds: dict[str, list[str]] = {}
    for name, amount in costs.items():
        kind, _, part = name.replace("cpu_", "processor_").replace("_", " ").partition(".")
        if amount:
            kinds.setdefault(kind, []).append(f"{part} {_number(amount)}".strip())
    return "; ".join(f"{kind}: {', '.join(parts)}" for kind, parts in kinds.items())
