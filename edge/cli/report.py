"""`signwatch report`: an archive as one page, to be looked through and checked."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from edge.cli.options import html_option, json_option
from models.whole_files import write_text_whole

PAGE = "report.html"


def _zone(ctx: click.Context, param: click.Parameter, name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise click.BadParameter(f"{name!r} is no time zone; give one such as Europe/Berlin") from error


@click.command("report")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False, exists=True))
@html_option
@click.option(
    "--time-zone",
    "zone",
    callback=_zone,
    default="UTC",
    show_default=True,
    metavar="NAME",
    help="Of the hours of the day, such as Europe/Berlin.",
)
@json_option
def command(folder: Path, html: Path | None, zone: ZoneInfo, as_json: bool) -> None:
    """Make a page from an archive's tables.

    DIR is what `signwatch archive --out DIR` wrote. The page, DIR/report.html unless --html says otherwise, shows signs
    by class, hour and recording, a map where positions are known, pictures, readings to check and what was broken or
    degraded. It is one file that needs nothing else.
    """
    from edge.archive_report.page import make_page
    from edge.archive_report.tables import read_archive

    page = make_page(read_archive(folder), zone, datetime.now(UTC))
    target = html or folder / PAGE
    write_text_whole(target, page.html)
    if as_json:
        click.echo(json.dumps(page.facts | {"html": str(target)}))
    click.echo(
        f"wrote {target}: {page.facts['signs']:,} signs, {page.facts['doubtful']:,} to check, "
        f"{page.facts['bytes'] / 1e6:.1f} MB",
        err=True,
    )
