"""
Checks a folder of policies as `broker policy check` does: validate, lint, format, run the cases.

    python -m policies.check [FOLDER]
"""

import typer

from broker.cli.policy.reading import check

if __name__ == "__main__":
    typer.run(check)
