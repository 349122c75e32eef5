"""The command `gansmith`: its commands and their exit codes.

0 done, 1 failed, 2 wrong usage, 3 bad data, 4 quality gate not met, 130 interrupted.

Nothing heavy is imported before a command runs, so `--help` answers at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any, final

import typer
from typer.core import TyperCommand

from gansmith import __version__
from gansmith.errors import DataError, GansmithError
from gansmith.faces.cli import (
    anonymize,
    apply,
    detect,
    detect_mark,
    discover,
    fit,
    rebalance,
    sample,
    score,
    show,
    walk,
)


@final
class GroupedCommand(TyperCommand):
    """A command whose help shows options in groups: its own, and those of each kind of data."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """See typer: arguments first, then each group under its name."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for one in self.get_params(ctx):
            group = (
                "Arguments" if one.param_type_name == "argument" else getattr(one, "rich_help_panel", None)
            )
            if (record := one.get_help_record(ctx)) is not None:
                groups.setdefault(group or "Options", []).append(record)
        for name, records in groups.items():
            with formatter.section(name):
                formatter.write_dl(records)


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(is_wanted: bool) -> bool:
    if is_wanted:
        typer.echo(f"gansmith {__version__}")
        raise typer.Exit
    return is_wanted


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Learn any kind of data with generative adversarial networks and make more of it."""


for _command in (
    fit.fit,
    sample.sample,
    sample.complete,
    apply.apply,
    anonymize.anonymize,
    walk.walk,
    score.score,
    rebalance.rebalance,
    detect.detect,
    show.show,
    discover.demo,
):
    app.command(cls=GroupedCommand)(_command)
app.command("detect-mark", cls=GroupedCommand)(detect_mark.detect_mark)
app.command("list")(discover.list_names)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code.

    A command that fails ends at once, without waiting for other threads: one of Arrow's that still holds
    a Python object would abort a process that is closing down, and hide the exit code.

    Args:
        arguments: Without the program's name; None takes those of the process.
    """
    if code := run(arguments):
        with suppress(OSError):  # where nothing can be written, it was said already
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        app(None if arguments is None else list(arguments), prog_name="gansmith")
    except GansmithError as error:
        typer.echo(f"{type(error).__name__}: {error}", err=True)
        return error.exit_code
    except SystemExit as leaving:
        if isinstance(leaving.__context__, BrokenPipeError):  # as in `... | head`: the reader has had enough
            return 0
        return leaving.code if isinstance(leaving.code, int) else 0
    except OSError as error:  # such as standard output on a full disk
        typer.echo(f"{type(error).__name__}: {error}. Check where the output goes.", err=True)
        return DataError.exit_code
    return 0
