"""The corpus as Beam transforms: projects are read and judged side by side, then made unique and written."""

# no `from __future__ import annotations` here: it would turn Beam's type checks off

import secrets
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from pipelines import __version__
from pipelines.local_runner import local_pipeline
from pipelines.stored_lines import LineWriter, Place, read_place
from sft.corpus import CorpusFile, CorpusFilters, RejectedFile, judge_file, split_of
from sft.corpus_folder import SPLITS, CorpusFolder, CorpusManifest, CorpusShard, Split, UnreadableSource
from sft.corpus_sources import CorpusSource, read_source
from tasks.files import BadFile, write_json, write_json_lines


@dataclass(frozen=True)
class CorpusSetting:
    """What a corpus is made with. ``shards`` is the number of files of each split."""

    output: Path
    filters: CorpusFilters
    validation_share: float
    shards: int


@dataclass(frozen=True)
class _Stored:
    """A file that met the filters, and where its text waits."""

    project: str
    path: str
    sha256: str
    place: Place


class ReadSources(beam.PTransform):
    """`CorpusSource`s to files that meet the filters; ``rejected`` and ``unreadable`` are the others."""

    def __init__(self, setting: CorpusSetting) -> None:
        super().__init__()
        self._setting = setting

    def expand(self, sources: beam.PCollection[CorpusSource]) -> beam.pvalue.DoOutputsTuple:
        return (
            sources
            | "Spread sources" >> beam.Reshuffle()
            | "Read and judge"
            >> beam.ParDo(_ReadSource(self._setting)).with_outputs("rejected", "unreadable", main="stored")
        )


class _ReadSource(beam.DoFn):
    def __init__(self, setting: CorpusSetting) -> None:
        self._setting = setting

    def process(
        self, source: CorpusSource
    ) -> Iterator[
        _Stored
        | TaggedOutput[Literal["rejected"], RejectedFile]
        | TaggedOutput[Literal["unreadable"], UnreadableSource]
    ]:
        filters = self._setting.filters
        stored: list[_Stored] = []
        rejected: list[RejectedFile] = []
        # a name of its own for each trial, since Beam may repeat one
        writer = LineWriter(CorpusFolder(self._setting.output).work / f"{secrets.token_hex(8)}.jsonl")
        try:
            for path, content in read_source(source, filters.max_bytes):
                judged = judge_file(source.project, path, content, filters)
                if isinstance(judged, RejectedFile):
                    rejected.append(judged)
                else:
                    stored.append(_Stored(source.project, path, judged.sha256, writer.append(judged)))
        except (BadFile, OSError) as error:
            yield TaggedOutput("unreadable", UnreadableSource(source.project, source.path, str(error)))
            return
        finally:
            writer.close()
        yield from stored
        for each in rejected:
            yield TaggedOutput("rejected", each)


class KeepOne(beam.PTransform):
    """Of files with the same text the first by project and path; the others leave by ``rejected``."""

    def expand(self, stored: beam.PCollection[_Stored]) -> beam.pvalue.DoOutputsTuple:
        return (
            stored
            | "Name digest" >> beam.Map(_with_digest)
            | "Gather by digest" >> beam.GroupByKey()
            | "Keep one" >> beam.ParDo(_keep_one).with_outputs("rejected", main="kept")
        )


def _with_digest(file: _Stored) -> tuple[str, _Stored]:
    return file.sha256, file


def _keep_one(
    element: tuple[str, Iterable[_Stored]],
) -> Iterator[_Stored | TaggedOutput[Literal["rejected"], RejectedFile]]:
    first, *others = sorted(element[1], key=lambda file: (file.project, file.path))
    yield first
    for other in others:
        detail = f"the same as {first.project}: {first.path}"
        yield TaggedOutput("rejected", RejectedFile(other.project, other.path, "duplicate", detail))


def _with_shard(file: _Stored, setting: CorpusSetting) -> tuple[tuple[Split, int], _Stored]:
    split = split_of(file.project, setting.validation_share)
    return (split, int(file.sha256[:8], 16) % setting.shards), file


def _write_shard(
    element: tuple[tuple[Split, int], Iterable[_Stored]], setting: CorpusSetting
) -> tuple[CorpusShard, frozenset[str]]:
    """The shard, and whose files are in it."""
    (split, number), files = element
    ordered = sorted(files, key=lambda file: file.sha256)
    target = CorpusFolder(setting.output).shard(split, number)
    characters = 0

    def texts() -> Iterator[CorpusFile]:
        nonlocal characters
        for file in ordered:
            read = read_place(file.place, CorpusFile)
            characters += len(read.text)
            yield read

    write_json_lines(target, texts())
    projects = frozenset(file.project for file in ordered)
    return CorpusShard(target.name, split, len(ordered), characters), projects


def run_corpus(sources: list[CorpusSource], setting: CorpusSetting, *, workers: int) -> CorpusManifest:
    """Make a corpus on this machine, in a folder that gets its manifest last."""
    folder = CorpusFolder(setting.output)
    folder.manifest_file.unlink(missing_ok=True)
    for split in SPLITS:
        for old in folder.path.glob(f"{split}-*.jsonl.gz"):
            old.unlink()
    shutil.rmtree(folder.work, ignore_errors=True)
    with local_pipeline(workers) as pipeline:
        read = pipeline | "Sources" >> beam.Create(sources) | "Read sources" >> ReadSources(setting)
        unique = read.stored | "Make unique" >> KeepOne()
        shards = (
            unique.kept
            | "Choose shard" >> beam.Map(_with_shard, setting)
            | "Gather by shard" >> beam.GroupByKey()
            | "Write shard" >> beam.Map(_write_shard, setting)
        )
        rejected = (read.rejected, unique.rejected) | "All rejected" >> beam.Flatten()
        _ = (
            pipeline
            | "Once" >> beam.Create([None])
            | "Write manifest"
            >> beam.Map(
                _write_manifest,
                setting=setting,
                sources=len(sources),
                shards=beam.pvalue.AsList(shards),
                rejected=beam.pvalue.AsList(rejected),
                unreadable=beam.pvalue.AsList(read.unreadable),
            )
        )
    shutil.rmtree(folder.work)
    return folder.manifest()


def _write_manifest(
    _: None,
    setting: CorpusSetting,
    sources: int,
    shards: list[tuple[CorpusShard, frozenset[str]]],
    rejected: list[RejectedFile],
    unreadable: list[UnreadableSource],
) -> None:
    folder = CorpusFolder(setting.output)
    rejected = sorted(rejected, key=lambda file: (file.project, file.path))
    write_json_lines(folder.rejected_file, rejected)
    written = sorted((shard for shard, _ in shards), key=lambda shard: shard.name)
    projects: dict[Split, set[str]] = {split: set() for split in SPLITS}
    for shard, of_shard in shards:
        projects[shard.split] |= of_shard
    kept = sum(shard.files for shard in written)
    manifest = CorpusManifest(
        tool_version=__version__,
        filters=setting.filters,
        validation_share=setting.validation_share,
        sources=sources,
        unreadable=sorted(unreadable, key=lambda source: source.path),
        files_read=kept + len(rejected),
        files_kept=kept,
        rejected=dict(sorted(Counter(file.reason for file in rejected).items())),
        projects={split: len(names) for split, names in projects.items()},
        shards=written,
    )
    write_json(folder.manifest_file, manifest)
