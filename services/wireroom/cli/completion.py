"""`wireroom completion`: what a shell has to read to complete commands and options."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash:  eval "$(wireroom completion bash)"
    zsh:   eval "$(wireroom completion zsh)"
    fish:  wireroom completion fish | source
    """
    complete = get_completion_class(shell)
    if complete is None:
        raise click.UsageError(f"this version of click cannot complete in {shell}")
    click.echo(complete(ctx.find_root().command, {}, "wireroom", "_WIREROOM_COMPLETE").source())
