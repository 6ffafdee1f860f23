"""Who asked to be forgotten, in a file outside of the database: a restored backup forgets them again.

It names reports and pledges by their ids and no person. It lies in DATA_DIR and is to be kept with the secret key.
"""

import os
from pathlib import Path

FILE = "erasures"


def note(data_dir: Path, subject: str) -> None:
    """Note one, like `report:ID`, before the database forgets it; on disk when this returns."""
    handle = os.open(data_dir / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, f"{subject}\n".encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def noted(data_dir: Path) -> list[str]:
    """Every one that was noted, once."""
    path = data_dir / FILE
    return list(dict.fromkeys(path.read_text("utf-8").split())) if path.exists() else []
