"""`signwatch keys`: keys for a wire that reaches beyond this machine."""

from pathlib import Path

import click

from edge.curve import make_pair, read_pair


@click.command("keys")
@click.argument("name")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("keys"),
    show_default=True,
    help="Folder for the two files.",
)
@click.option(
    "--api",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Make a key for `signwatch serve` or `run --console` instead, and add what it is known by to this file.",
)
def command(name: str, out: Path, api: Path | None) -> None:
    """Make a pair of keys: NAME.key, which the others get, and NAME.key_secret, which stays where it is used.

    The publisher and each subscriber need a pair. `signwatch run` takes its own secret key and a folder with the
    public keys of those that may listen; `signwatch listen` its own secret key and the publisher's public one. Other
    programs take the 40 characters that are printed.
    """
    if api is not None:
        from edge.service.api_keys import add_api_key

        key = add_api_key(api, name)
        click.echo(f"{api} knows it; this is the only time that the key is shown:")
        click.echo(key)
        return
    public, secret = make_pair(out, name)
    pair = read_pair(secret)
    click.echo(f"public key, to be given away: {public}")
    click.echo(f"secret key, to be kept:       {secret}")
    click.echo(pair.public.decode())
