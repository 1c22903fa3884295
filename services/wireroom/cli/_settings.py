"""The option `--config` and the settings that it gives a command."""

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TypeVar

import click

from wireroom.config import load

Result = TypeVar("Result")

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The configuration file.  [default: $WIREROOM_CONFIG, else wireroom.yaml if there is one]",
)


def with_settings(function: Callable[..., Result]) -> Callable[..., Result]:
    """Give a command `--config`, and its function the settings as the first argument."""

    @config_option
    @wraps(function)
    def configured(*args: object, config: Path | None, **options: object) -> Result:
        return function(load(config, os.environ), *args, **options)

    return configured
