"""Source distributions of the package index as files, kept between runs; nothing is unpacked here."""

from __future__ import annotations

import shutil
from pathlib import Path

from tasks.arriving import arriving_folder
from tracing.failures import ProjectFailure
from tracing.fetch import fetch
from tracing.project_spec import PackageSpec


def fetch_source_distribution(spec: PackageSpec, downloads: Path) -> Path:
    """The archive of a package, from ``downloads`` if its named version is there; raises `ProjectFailure`.

    The archive's hash is checked against the index's as it arrives, and it is moved into place whole.
    """
    kept = downloads / "sdists" / f"{spec.name}-{spec.version}"
    if spec.version and kept.is_dir():
        return next(kept.iterdir())
    with arriving_folder(kept.parent) as arriving:
        fetched = fetch(spec, arriving)
        if fetched.archive is None or fetched.version is None:
            raise ProjectFailure("fetch", "no_sdist", f"{spec} has no source distribution")
        target = kept.with_name(f"{spec.name}-{fetched.version}")
        shutil.rmtree(target, ignore_errors=True)
        arriving.rename(target)
        return target / fetched.archive.name
