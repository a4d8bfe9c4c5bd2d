"""Pages made from the templates that come with the package; what is put in them is text and never markup."""

from importlib import resources
from typing import Any

from edge.errors import ReportError


def render(template: str, **values: Any) -> str:
    """A page from `edge/templates`. Values go in as text, but for `markupsafe.Markup` and what a template calls safe.

    Raises ReportError where Jinja2 is missing.
    """
    try:
        import jinja2
    except ImportError as error:
        raise missing_package("Jinja2") from error
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = resources.files("edge").joinpath("templates", template).read_text(encoding="utf-8")
    return environment.from_string(source).render(**values)


def missing_package(name: str | None) -> ReportError:
    """What to say where a package that reports take is missing."""
    return ReportError(f"reports and plots need {name}, which is not installed: pip install 'signwatch[report]'")
