"""Bytes of the report page as a phone loads it: the page, its style and its scripts, compressed."""

import re
import urllib.request

from bench.harness import Line, show
from bench.running import running


def fetched(url: str) -> tuple[int, str]:
    """Bytes on the wire, and the text."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        size = len(answer.read())
    with urllib.request.urlopen(url, timeout=30) as answer:
        return size, answer.read().decode("utf-8", "replace")


def all_of(pattern: str, html: str, url: str) -> int:
    """Bytes of everything that the page links by this pattern."""
    return sum(fetched(url + path)[0] for path in re.findall(pattern, html))


def main() -> None:
    """Print the table."""
    with running() as system:
        size, html = fetched(f"{system.url}/lapor")
        styles = all_of(r'<link[^>]+href="(/static/[^"]+\.css[^"]*)"', html, system.url)
        scripts = all_of(r'<script[^>]+src="(/static/[^"]+)"', html, system.url)
    plain = [len(html.encode()) / 1000]
    show(
        "Page: /lapor, gzip",
        [
            Line("page and style", "kB", [(size + styles) / 1000], plain, "the page uncompressed", "<= 14 kB"),
            Line("scripts", "kB", [scripts / 1000], aim="<= 25 kB"),
            Line("first visit in all", "kB", [(size + styles + scripts) / 1000], aim="<= 50 kB"),
        ],
    )


if __name__ == "__main__":
    main()
