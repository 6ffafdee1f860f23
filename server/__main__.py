"""`python -m server COMMAND`."""

from server.cli import cli

if __name__ == "__main__":
    cli(prog_name="python -m server")
