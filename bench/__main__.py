"""All benchmarks, or those named: `python -m bench NAME...`.

intake, audit, live, board, queue, plan, rank, trips, page, phone, publicmap, console, duplicates; when it is named also
flood, which takes ten minutes.
"""

import importlib
import sys

ALL = (
    *("intake", "audit", "live", "board", "queue", "plan", "rank", "trips"),
    *("page", "phone", "publicmap", "console", "duplicates"),
)

for name in sys.argv[1:] or ALL:
    importlib.import_module(f"bench.{name}").main()
