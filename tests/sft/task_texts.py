"""Small tasks for tests of training."""

from __future__ import annotations

from typing import Literal

from tasks.record import Evidence, Provenance, Task


def task(
    name: str,
    body: str = "    return x\n",
    *,
    docstring: str = "Return the number that was given.",
    project: str = "one",
    training: Literal["yes", "no", "unknown"] = "unknown",
    prompt: str | None = None,
    kind: Literal["project", "problem", "task_file"] = "project",
    url: str | None = None,
) -> Task:
    """A function ``name`` of a project, or of whatever ``kind`` is."""
    own = f'def {name}(x):\n    """{docstring}"""\n'
    return Task(
        task_id=f"{project}/{name}",
        prompt=own if prompt is None else prompt,
        entry_point=name,
        canonical_solution=body,
        tests=[],
        provenance=Provenance(source_kind=kind, source=project, training=training, url=url),
        evidence=Evidence(documented='"""' in (prompt or own)),
    )


def spread_tasks(count: int) -> list[Task]:
    """Tasks of four projects with programs of their own and lengths of their own."""
    bodies = [
        f"    y = x + {i}\n" + "    y = y * 2\n" * (i % 4) + f"    return y - {i * i}\n" for i in range(count)
    ]
    return [
        task(f"step_{i}", body, docstring="Add and double." + " Then again." * (i % 3), project=f"p{i % 4}")
        for i, body in enumerate(bodies)
    ]
