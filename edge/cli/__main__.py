"""`python -m edge.cli` does what `signwatch` does."""

from edge.cli import main

main(prog_name="signwatch")
