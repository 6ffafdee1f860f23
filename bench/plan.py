"""The plan over all needs at two sizes, through the entry that the product calls (see bench/transport.py)."""

from bench import transport
from bench.harness import show


def main() -> None:
    """Print the table."""
    source = "the shared instances" if transport.shared() else "instances of its own generator"
    show("Plan: one proven plan for all open needs", transport.lines(), {"instances": source})


if __name__ == "__main__":
    main()
