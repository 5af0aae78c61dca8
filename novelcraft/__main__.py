"""`python -m novelcraft` is the `novelcraft` command."""

from novelcraft.cli import main

main()
