"""Errors that a user can mend."""

from __future__ import annotations

import click

NOTHING_DONE = 2


class UserError(click.ClickException):
    """Something the user can mend. The command ends with exit status 2."""

    exit_code = NOTHING_DONE
