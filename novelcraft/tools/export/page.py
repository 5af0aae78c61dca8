"""HTML pages that need nothing else: no script, nothing fetched, every text escaped."""

from __future__ import annotations

from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, Template

from novelcraft.tools.text import clipped


@cache
def page_template(package: str, name: str) -> Template:
    """A template from a package's `assets`, which may include `page.css` and `page.html`.

    Args:
        package: Import name of the package.
        name: The template's file name.
    """
    packages = (package, "novelcraft.tools.export")
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, "assets") for package in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "thousands": lambda number: f"{number:,}",
        "percent": lambda share: f"{share:.0%}",
        "clipped": lambda text: clipped(text, 400),
    }
    return environment.get_template(name)
