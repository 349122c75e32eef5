"""Every command and every option says what it does, and the README shows every command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

from gansmith.faces.cli import app, run

README = Path(__file__).parents[2] / "README.md"
COMMANDS = (
    "fit",
    "sample",
    "complete",
    "apply",
    "anonymize",
    "walk",
    "score",
    "rebalance",
    "detect",
    "show",
    "demo",
    "detect-mark",
    "list",
)
GROUP: Any = typer.main.get_command(app)


def _options(command):
    return [(command, parameter) for parameter in GROUP.commands[command].params if parameter.name != "help"]


def test_the_commands_are_those_of_the_design():
    assert tuple(GROUP.commands) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(command, capsys):
    assert (GROUP.commands[command].help or "").strip()
    assert run([command, "--help"]) == 0
    out, err = capsys.readouterr()
    assert f"Usage: gansmith {command}" in out
    assert err == ""


@pytest.mark.parametrize(
    ("command", "parameter"),
    [pair for command in COMMANDS for pair in _options(command)],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_every_option_says_what_it_does(command, parameter, capsys):
    said = (parameter.help or "").strip()
    assert said, f"{command}: {parameter.name} has no help text"
    assert said.endswith((".", "...")), f"{command}: {parameter.name}: {said!r} is no sentence"
    assert run([command, "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert " ".join(said.split()[:3]) in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_shows_every_command(command):
    assert f"gansmith {command}" in README.read_text(encoding="utf-8")


def test_no_command_is_help(capsys):
    assert run([]) == 2
    out, err = capsys.readouterr()
    assert all(command in out + err for command in COMMANDS)
