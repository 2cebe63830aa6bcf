"""Elements that threads take as they get free: none waits for a long one, and failures end the run."""

import threading
from collections.abc import Iterator
from typing import Literal

import apache_beam as beam
import pytest
from apache_beam.pvalue import TaggedOutput
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.typehints.decorators import TypeCheckError

from pipelines.local_runner import pipeline_on
from pipelines.runner_choice import Runner
from pipelines.side_by_side import Crew, SideBySide

_PATIENCE = 60.0
"""Seconds until an element that waits for others in vain gives up, and the test fails."""


class Meeting:
    """What the elements of a run tell each other; they are in threads of this process."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.left = 0
        self.began: list[int] = []
        self.set_up = 0
        self.torn_down = 0
        self.threads: set[int] = set()


_meetings: dict[str, Meeting] = {}


@pytest.fixture
def meeting(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a meeting, by which pickled work finds it."""
    _meetings[request.node.name] = Meeting()
    yield request.node.name
    del _meetings[request.node.name]


class _Work(beam.DoFn):
    """0 is the long element: it waits until all the others are done."""

    def __init__(self, meeting: str) -> None:
        self._meeting = meeting

    def setup(self) -> None:
        with _meetings[self._meeting].lock:
            _meetings[self._meeting].set_up += 1

    def process(self, element: int) -> Iterator[int | TaggedOutput[Literal["odd"], int]]:
        meeting = _meetings[self._meeting]
        with meeting.lock:
            meeting.began.append(element)
            meeting.threads.add(threading.get_ident())
        if element == 0:
            yield from [0] if meeting.over.wait(_PATIENCE) else []
        elif element < 0:
            raise ZeroDivisionError(element)
        else:
            yield TaggedOutput("odd", element) if element % 2 else element

    def teardown(self) -> None:
        with _meetings[self._meeting].lock:
            _meetings[self._meeting].torn_down += 1


class _Next(beam.DoFn):
    """What comes after: when all but the long element have come here, that may end."""

    def __init__(self, meeting: str) -> None:
        self._meeting = meeting

    def process(self, element: int) -> Iterator[int]:
        meeting = _meetings[self._meeting]
        with meeting.lock:
            meeting.left -= 1
            if not meeting.left:
                meeting.over.set()
        yield element


def test_what_is_finished_goes_on_while_a_long_element_is_worked_at(meeting: str) -> None:
    _meetings[meeting].left = 5
    crew = Crew(2)
    with pipeline_on(Runner(), 1) as pipeline:
        first = pipeline | beam.Create([0, 2, 4, 6, 8, 10]) | beam.ParDo(SideBySide(_Work(meeting), crew))
        last = first | "Next" >> beam.ParDo(SideBySide(_Next(meeting), crew))
        assert_that(last, equal_to([0, 2, 4, 6, 8, 10]))
    assert len(_meetings[meeting].threads) == 2


def test_outputs_keep_their_names(meeting: str) -> None:
    work = SideBySide(_Work(meeting), Crew(2))
    with pipeline_on(Runner(), 1) as pipeline:
        parted = pipeline | beam.Create([1, 2, 3, 4]) | beam.ParDo(work).with_outputs("odd", main="even")
        assert_that(parted.even, equal_to([2, 4]), "even")
        assert_that(parted.odd, equal_to([1, 3]), "odd")


def test_each_thread_has_work_of_its_own_that_is_torn_down(meeting: str) -> None:
    with pipeline_on(Runner(), 1) as pipeline:
        _ = pipeline | beam.Create(range(1, 50)) | beam.ParDo(SideBySide(_Work(meeting), Crew(3)))
    met = _meetings[meeting]
    assert 1 <= met.set_up <= 3
    assert met.torn_down == met.set_up


def test_an_exception_ends_the_run_and_what_waits_is_not_begun(meeting: str) -> None:
    _meetings[meeting].over.set()
    elements = [-1, *range(1, 10_000)]
    with pytest.raises(RuntimeError, match="ZeroDivisionError"), pipeline_on(Runner(), 1) as pipeline:
        _ = pipeline | beam.Create(elements) | beam.ParDo(SideBySide(_Work(meeting), Crew(1)))
    assert len(_meetings[meeting].began) < len(elements)


def test_beam_still_checks_the_types_of_the_work(meeting: str) -> None:
    with pytest.raises(TypeCheckError, match="int"):
        beam.Pipeline() | beam.Create(["text"]) | beam.ParDo(SideBySide(_Work(meeting), Crew(1)))
