"""Words that people read, from web/i18n, in the reader's language."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from flask import g, has_request_context, request

LANGUAGES = ("id", "en")
FOLDER = Path(__file__).resolve().parents[2] / "web" / "i18n"


@cache
def dictionary(language: str) -> dict[str, Any]:
    """All words of a language, nested by key."""
    return dict(json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8")))


def language() -> str:
    """The reader's language: `?lang=`, then the cookie, then the browser's wish; Indonesian by default."""
    if not has_request_context():
        return LANGUAGES[0]
    if "language" not in g:
        asked = request.args.get("lang") or request.cookies.get("lang")
        g.language = asked if asked in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]
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
