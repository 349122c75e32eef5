"""The commands and their exit codes.

0 done, 1 failed, 2 wrong usage, 3 bad data, 4 quality gate not met, 130 interrupted.

Nothing heavy is imported before a command runs, so `--help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, final

import typer
from typer.core import TyperCommand

from gansmith import __version__
from gansmith.errors import GansmithError
from gansmith.faces.cli.complete import complete
from gansmith.faces.cli.demo import demo
from gansmith.faces.cli.fit import fit
from gansmith.faces.cli.lists import list_names
from gansmith.faces.cli.sample import sample
from gansmith.faces.cli.score import score
from gansmith.faces.cli.show import show


@final
class ContextCommand(TyperCommand):
    """A command whose context is of the class that typer lets its function ask for; typer makes another."""

    context_class = typer.Context


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(is_asked: bool) -> bool:
    if is_asked:
        typer.echo(f"gansmith {__version__}")
        raise typer.Exit
    return is_asked


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Learn any kind of data with generative adversarial networks and make more of it."""


app.command(cls=ContextCommand)(fit)
app.command()(sample)
app.command()(complete)
app.command()(score)
app.command()(show)
app.command()(demo)
app.command("list")(list_names)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; leaves by SystemExit.

    Args:
        arguments: Without the program's name; None takes those of the process.
    """
    sys.exit(run(arguments))


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
    return 0
