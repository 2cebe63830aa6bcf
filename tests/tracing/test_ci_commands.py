"""What the commands of CI scripts are for."""

from __future__ import annotations

import pytest

from tracing.ci_commands import read_command, read_script


@pytest.mark.parametrize(
    ("text", "purpose"),
    [
        ("pytest -q tests", "test"),
        ("py.test", "test"),
        ("python -m pytest --cov=x", "test"),
        ("python3.11 -W error -m unittest discover -v", "test"),
        ("coverage run -m pytest", "test"),
        ("coverage run --branch -m unittest x", "test"),
        ("python -m coverage run setup.py test", "test"),
        ("python setup.py test", "test"),
        ("PYTHONPATH=src A=1 pytest", "test"),
        ("timeout 30 pytest", "test"),
        ("uv run --group dev pytest -x", "test"),
        ("poetry run python -m pytest", "test"),
        ("python tests/run_tests.py", "test"),
        ("python -X dev manage.py test", "test"),
        ("make test", "test"),
        ("make testone", "test"),
        ("make test-unit A=1", "test"),
        ("make testpypi", "left_out"),
        ("pip install -e .[test]", "install"),
        ("python -m pip install --upgrade pip", "install"),
        ("uv pip install pytest", "install"),
        ("python setup.py develop", "install"),
        ("make install-dev", "install"),
        ("cd sub", "state"),
        ("export A=1", "state"),
        ("python -m compileall .", "other"),
        ("cp a b", "other"),
        ("flake8 src", "left_out"),
        ("mypy .", "left_out"),
        ("coverage report -m", "left_out"),
        ("codecov", "left_out"),
        ("git push origin main", "left_out"),
        ("twine upload dist/*", "left_out"),
        ("poetry install", "left_out"),
        ("hatch test", "left_out"),
        ("hatch run cov", "left_out"),
        ("tox -e py311", "left_out"),
        ("pipx run nox -s tests", "left_out"),
        ("uv run noxfile.py -s test", "left_out"),
        ("pip freeze", "left_out"),
        ("make docs", "left_out"),
        ("python setup.py check --strict", "left_out"),
        ("source venv/bin/activate", "left_out"),
        ("echo 'pytest'", "left_out"),
    ],
)
def test_the_purpose_of_a_command(text: str, purpose: str) -> None:
    assert read_command(text).purpose == purpose


def test_system_packages_are_named() -> None:
    (command,) = read_script("sudo apt-get install -y libxml2-dev libxslt-dev")
    assert (command.purpose, command.detail) == ("system_packages", "libxml2-dev libxslt-dev")


def test_lines_are_split_outside_of_quotes_only_and_joined_where_continued() -> None:
    script = "pip install x && pytest -k 'a && b'\n# pytest\npytest \\\n  -x; sudo pip install y"
    texts = [(command.text, command.purpose) for command in read_script(script)]
    assert texts == [
        ("pip install x", "install"),
        ("pytest -k 'a && b'", "test"),
        ("pytest -x", "test"),
        ("pip install y", "install"),
    ]


@pytest.mark.parametrize(
    ("script", "purpose"),
    [
        ("if [ -f r.txt ]; then pip install -r r.txt; fi", "install"),
        ("for d in a b\ndo\n  cd $d\n  pytest\ndone", "test"),
        ("if true; then\n  tox\nfi", "left_out"),
        ("cat > x <<EOF\nhello\nEOF\npytest", "test"),
    ],
)
def test_control_flow_keeps_a_script_together(script: str, purpose: str) -> None:
    (command,) = read_script(script)
    assert command.purpose == purpose
    if purpose != "left_out":
        assert command.text == script


def test_runners_of_other_installers_are_taken_off() -> None:
    assert read_command("uv run --extra test -m pytest $ARGS").purpose == "test"
    (command,) = read_script("poetry run pytest -k 'a b' $ARGS")
    assert command.text == "pytest -k 'a b' $ARGS"
