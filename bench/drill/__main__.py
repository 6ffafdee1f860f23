"""The drill's table: `python -m bench.drill [--seeds N] [--out DIR]`; see `server/commands/drill.py`."""

from server.cli import drill_run

if __name__ == "__main__":
    drill_run()
