"""The form of a function: its signature, how an input becomes its arguments and an output its result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from scraping.input_formats.cases import cases_of, one_of_cases
from scraping.input_formats.program_wrapping import Wrapping, wrapped_body
from scraping.input_formats.reading import BadInput, typed_values
from scraping.input_formats.results import TEXT, ResultForm, split_cases
from scraping.input_formats.source_code import reader_source, writer_lines
from scraping.input_formats.structure import FixedText, InputFormat, Line, Repeat, names_in
from scraping.problem import Parameter, Signature
from tasks.record import EncodedValue
from tasks.value_encoding import Encoder, NotEncodable

MAX_CHARACTERS = 200_000
"""Of a call's arguments; a number counts as 8."""


@dataclass(frozen=True)
class Call:
    """What an input and its output are as a call."""

    arguments: list[EncodedValue]
    result: EncodedValue


@dataclass(frozen=True)
class FunctionForm:
    """A program's problem as that of a function.

    Without an ``input_format`` the function takes the whole input as a text. With ``whole``, the format of a
    whole input with several cases, each case is a call, of which ``input_format`` is the format.
    """

    signature: Signature
    result: ResultForm
    input_format: InputFormat | None = None
    whole: InputFormat | None = None

    @property
    def kind(self) -> str:
        """A name for the record of what was tried."""
        if self.input_format is None:
            return "text"
        return ("cases_" if self.whole else "") + self.input_format.origin

    def calls(self, stdin: str, stdout: str) -> list[Call | None]:
        """The calls that a test stands for, None for those too large for a record.

        Raises `BadInput` where the test has another form.
        """
        if self.input_format is None:
            return [_call([stdin], self.result.value(stdout))]
        if self.whole is None:
            values = typed_values(self.input_format, stdin)
            return [_call(self._arguments(values), self.result.value(stdout))]
        values = typed_values(self.whole, stdin)
        repeat = cases_of(self.whole.nodes)
        if repeat is None:
            raise BadInput("the input has no cases")
        names = _names(repeat)
        rounds = len(values[names[0]])
        parts = split_cases(stdout, rounds)
        if parts is None or parts[1] != self.result.labelled:
            raise BadInput("the output cannot be split into cases")
        return [
            _call(
                self._arguments({name: values[name][number] for name in names}),
                self.result.value(parts[0][number]),
            )
            for number in range(rounds)
        ]

    def _arguments(self, values: dict[str, Any]) -> list[Any]:
        return [values[parameter.name] for parameter in self.signature.parameters]

    @property
    def header(self) -> str:
        """The line that begins the function."""
        parameters = ", ".join(f"{each.name}: {each.type}" for each in self.signature.parameters)
        return f"def {self.signature.name}({parameters}) -> {self.signature.returns}:\n"

    def body_of(self, program: str) -> str:
        """A program as the body of this function; raises `NotWrappable`."""
        if self.input_format is None:
            return wrapped_body(program, Wrapping((), self.result.reader("output")))
        written = (
            *writer_lines(self.input_format, "lines"),
            'data = "\\n".join(lines) + "\\n"',
        )
        return wrapped_body(program, Wrapping(written, self.result.reader("output")))

    def as_program(self, function_source: str) -> str:
        """A definition of the function as a program on standard streams."""
        name = self.signature.name
        if self.input_format is None:
            call = f"sys.stdout.write({name}(sys.stdin.read()))"
            return f"import sys\n\n{function_source}\n\n{call}\n"
        reader = reader_source(self.input_format)
        output = self.result.writer("result")
        return (
            f"import sys\n\n{function_source}\n\n{reader}\n\n"
            f"result = {name}(*read_input(sys.stdin.read()))\nprint({output})\n"
        )


def text_form(name: str) -> FunctionForm:
    """The form that always is to be had: the whole input to the whole output."""
    signature = Signature(name, [Parameter("data", "str")], "str", origin="fallback")
    return FunctionForm(signature, TEXT)


def form_of(name: str, input_format: InputFormat, result: ResultForm) -> FunctionForm:
    """The form of a format and a result."""
    parameters = [Parameter(each, kind) for each, kind in input_format.parameters]
    signature = Signature(name, parameters, result.annotation, origin="inferred")
    return FunctionForm(signature, result, input_format)


def form_of_a_case(name: str, whole: InputFormat, result: ResultForm) -> FunctionForm | None:
    """The form of one case of a format that says how many there are, None where it does not."""
    repeat = cases_of(whole.nodes)
    if repeat is None:
        return None

    body = one_of_cases(repeat)
    names = _names(repeat)
    one = InputFormat(
        (Line((FixedText("1"),)), *body), {each: whole.types[each] for each in names}, whole.origin
    )
    return replace(form_of(name, one, result), whole=whole)


def _names(repeat: Repeat) -> list[str]:
    return list(dict.fromkeys(names_in(repeat.body)))


def _call(arguments: list[Any], result: Any) -> Call | None:
    of_arguments = Encoder(max_nodes=MAX_CHARACTERS, max_characters=MAX_CHARACTERS)
    try:
        # the result within the limits of those who will compare it with their own
        return Call([of_arguments.encode(each) for each in arguments], Encoder().encode(result))
    except NotEncodable as error:
        if error.reason != "too_large":
            raise BadInput(str(error)) from None
        return None
