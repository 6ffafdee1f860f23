"""All benchmarks, or those named: `python -m bench NAME...`.

intake, audit, live, board, queue, plan, rank, trips, page, phone, publicmap, console.
"""

import importlib
import sys

ALL = ("intake", "audit", "live", "board", "queue", "plan", "rank", "trips", "page", "phone", "publicmap", "console")

for name in sys.argv[1:] or ALL:
    importlib.import_module(f"bench.{name}").main()
