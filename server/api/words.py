"""Words that people read, from web/i18n, in the reader's language."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from flask import g, has_request_context, request

NAMES = {"id": "Bahasa Indonesia", "en": "English", "su": "Basa Sunda"}
LANGUAGES = tuple(NAMES)
DRAFTS = ("su",)
"""Languages that no speaker has reviewed yet: only for the pages of who reports, and what lacks is Indonesian."""
LANGUAGE_COOKIES = ("__Host-lang", "lang")
"""Of the language that was chosen: by https, and by http."""
REPORTING = re.compile(r"/(lapor|lacak(/.*)?|offline|api/(reports|track|areas|public/near)(/.*)?)?")
FOLDER = Path(__file__).resolve().parents[2] / "web" / "i18n"


@cache
def dictionary(language: str) -> dict[str, Any]:
    """All words of a language, nested by key; of a draft, Indonesian where it has none."""
    own = dict(json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8")))
    return _over(dictionary(LANGUAGES[0]), own) if language in DRAFTS else own


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = {key: _over(below[key], above[key]) for key in below.keys() & above.keys() if isinstance(below[key], dict)}
    return below | above | both


def spoken() -> tuple[str, ...]:
    """The languages of the present page."""
    return LANGUAGES if REPORTING.fullmatch(request.path) else tuple(code for code in LANGUAGES if code not in DRAFTS)


def language() -> str:
    """The reader's language: `?lang=`, then the cookie, then the browser's wish; Indonesian by default."""
    if not has_request_context():
        return LANGUAGES[0]
    if "language" not in g:
        kept = next((request.cookies[name] for name in LANGUAGE_COOKIES if name in request.cookies), None)
        asked = request.args.get("lang") or kept
        if asked not in LANGUAGES:
            asked = request.accept_languages.best_match(spoken())
        # Who reads a draft language reads Indonesian where it is not spoken.
        g.language = asked if asked in spoken() else LANGUAGES[0]
    return str(g.language)


def word(key: str, in_language: str | None = None, **params: Any) -> str:
    """The sentence under a dotted key, with its gaps filled; the key itself when there is none."""
    node: Any = dictionary(in_language or language())
    for part in key.split("."):
        node = node.get(part) if isinstance(node, dict) else None
    sentence = node if isinstance(node, str) else key
    for name, value in params.items():
        sentence = sentence.replace("{" + name + "}", str(value))
    return sentence
