"""Named points at which a process kills itself, once, so that tests can see what a death there leaves.

FAULT names the point; a marker in DATA_DIR/run keeps the process that comes after from dying again.
"""

import os
import signal

from server.config import Settings

POINTS = (
    "relay:after_number",
    "relay:before_emit",
    "relay:after_emit",
    "relay:before_mark",
    "worker:before_write",
    "worker:before_commit",
    "worker:after_write",
)


def fault(settings: Settings, point: str) -> None:
    """Die here without warning, when the settings say so and nobody has died here yet."""
    if point not in POINTS:
        raise ValueError(point)
    if settings.fault != point:
        return
    marker = settings.run_dir / f"fault-{point.replace(':', '-')}"
    marker.parent.mkdir(parents=True, exist_ok=True)
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
