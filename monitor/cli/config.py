"""`agent-monitor config`: show the settings in force, tell where they come from, write a first file."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from monitor.cli.json_output import SCHEMA
from monitor.cli.reference.settings import template
from monitor.errors import ConfigError
from monitor.paths import config_file
from monitor.text import mask_url

if TYPE_CHECKING:
    from monitor.cli.context import Globals

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
"""Keys that TOML takes without quotes."""


@click.group()
def config() -> None:
    """Show the settings, their file, or write a first one."""


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def show(options: Globals, *, as_json: bool) -> None:
    """Print the settings in force: defaults, file, environment and options together."""
    value = msgspec.to_builtins(options.settings)
    value["rag"] = {key: mask_url(text) for key, text in value["rag"].items()}
    value["services"] = [{**service, "target": mask_url(service["target"])} for service in value["services"]]
    value["systems"] = [{**system, "url": mask_url(system["url"])} for system in value["systems"]]
    if as_json:
        sys.stdout.write(msgspec.json.encode({"schema": SCHEMA, **value}).decode() + "\n")
        return
    click.echo(f"# from {options.loaded.file or 'defaults'}, with environment and options")
    click.echo(toml(value), nl=False)


@config.command()
@click.pass_obj
def path(options: Globals) -> None:
    """Print the file that is read, whether it exists or not."""
    click.echo(str(Path(options.config).expanduser().absolute() if options.config else config_file()))


@config.command()
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.pass_obj
def init(options: Globals, *, force: bool) -> None:
    """Write a configuration file in which every setting stands with its meaning and its default."""
    file = Path(options.config).expanduser().absolute() if options.config else config_file()
    if file.suffix.lower() == ".json":
        raise ConfigError(f"{file}: `config init` writes TOML; name a file that ends in .toml.")
    if file.exists() and not force:
        raise ConfigError(f"{file}: is there already; --force replaces it.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(f".{file.name}.{os.getpid()}")
        temporary.write_text(template(), encoding="utf-8")
        temporary.replace(file)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror}.") from error
    click.echo(f"wrote {file}")


def toml(value: dict[str, object], table: str = "") -> str:
    """Settings as TOML: scalars first, then a table for each part and each entry of a list of tables.

    What is None has no words in TOML, and is left out. `table` is the name of the table that they stand in, with dots.
    """
    lines, tables = [], []
    for key, item in value.items():
        name = key if _BARE.fullmatch(key) else _text(key)
        inner = f"{table}.{name}" if table else name
        if isinstance(item, dict):
            tables.append(f"\n[{inner}]\n{toml(item, inner)}")
        elif isinstance(item, list | tuple) and item and isinstance(item[0], dict):
            tables.extend(f"\n[[{inner}]]\n{toml(entry, inner)}" for entry in item)
        elif item is not None:
            lines.append(f"{name} = {_text(item)}\n")
    return "".join(lines) + "".join(tables)


def _text(item: object) -> str:
    """A scalar or a list, which TOML writes as JSON does."""
    return msgspec.json.encode(item).decode()
