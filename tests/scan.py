"""`make scan`: the scanner wapiti against a running system, as a stranger and as a coordinator, on loopback only.

A finding of medium or higher weight fails, unless `EXPLAINED` says why it is none. Reports lie in var/scan.
"""

import argparse
import json
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.running import Running, running

ROOT = Path(__file__).resolve().parents[1]
REPORTS = ROOT / "var" / "scan"
WAPITI = REPORTS / "venv" / "bin" / "wapiti"
MODULES = (
    "backup", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess", "http_headers", "ldap", "methods",
    "permanentxss", "redirect", "shellshock", "spring4shell", "sql", "timesql", "upload", "xss",
)  # fmt: skip
"""What needs no list and no listener on the internet."""
MEDIUM = 2
"""Wapiti's weights: 1 low, 2 medium, 3 high, 4 critical."""
NOT_PRESSED = ("/keluar", "/akun/sandi")
"""What would end the scanner's own session."""
EXPLAINED: Mapping[tuple[str, str], str] = {}
"""Why a finding of a kind at a path is none."""
