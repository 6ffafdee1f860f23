"""One sheet with the pictures of every page and state: a row for each, a column for each size and language."""

from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path

from playwright.sync_api import Page

LANGUAGES = ("id", "en")
LONGEST_PX = 2400
"""A page that is longer than three screens says no more about how it looks."""
NOT_STICKY = "document.querySelectorAll('.choice').forEach((it) => { it.style.position = 'static' })"
"""What keeps to the edge of the screen would cover the middle of a picture that is longer than the screen."""
HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Tanggap: every page in every state</title>
<style>
body { margin: 1rem; font: 14px/1.4 system-ui, sans-serif; background: #ddd }
section { margin-bottom: 2rem }
div { display: flex; gap: 8px; align-items: flex-start }
figure { margin: 0 }
img { display: block; border: 1px solid #888 }
.phone { width: 180px }
.desk { width: 480px }
</style>
"""


@dataclass(frozen=True)
class Picture:
    """A picture of a state at a size; `look` is a language, or `dark`."""

    state: str
    size: str
    look: str
    path: Path

    @classmethod
    def take(cls, page: Page, folder: Path, state: str, size: str, look: str) -> "Picture":
        """Take it into the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{state}-{size}-{look}.png"
        shape = page.viewport_size
        assert shape is not None
        height = min(LONGEST_PX, page.evaluate("document.documentElement.scrollHeight"))
        clip = {"x": 0, "y": 0, "width": shape["width"], "height": max(shape["height"], height)}
        page.evaluate(NOT_STICKY)
        page.screenshot(path=path, full_page=True, clip=clip)
        return cls(state, size, look, path)


def write_sheet(folder: Path, pictures: list[Picture]) -> None:
    """Write index.html beside the pictures."""
    rows = [_row(state, list(found)) for state, found in groupby(pictures, key=lambda one: one.state)]
    (folder / "index.html").write_text(HEAD + "\n".join(rows), "utf-8")


def _row(state: str, found: list[Picture]) -> str:
    shown = "".join(
        f'<figure><a href="{one.path.name}"><img class="{one.size}" src="{one.path.name}" loading="lazy" '
        f'alt="{escape(state)}"></a><figcaption>{one.look}</figcaption></figure>'
        for one in found
    )
    return f"<section><h2>{escape(state)}</h2><div>{shown}</div></section>"
