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


def main() -> None:
    """Print the table."""
    with running() as system:
        size, html = fetched(f"{system.url}/lapor")
        styles = {path: fetched(system.url + path)[0] for path in re.findall(r'<link[^>]+href="(/static/[^"]+\.css[^"]*)"', html)}
        scripts = {path: fetched(system.url + path)[0] for path in re.findall(r'<script[^>]+src="(/static/[^"]+)"', html)}
    kb = 1000.0
    plain = [len(html.encode()) / kb]
    show(
        "Page: /lapor, gzip",
        [
            Line("page and style", "kB", [(size + sum(styles.values())) / kb], plain, "the page uncompressed", "<= 14 kB"),
            Line("scripts", "kB", [sum(scripts.values()) / kb], aim="<= 25 kB"),
            Line("first visit in all", "kB", [(size + sum(styles.values()) + sum(scripts.values())) / kb], aim="<= 50 kB"),
        ],
    )


if __name__ == "__main__":
    main()
