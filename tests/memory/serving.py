"""Practice CRMs of a size in a process of their own: prints how to reach them as JSON, ends when its input ends."""

from __future__ import annotations

import json
import sys

from leadline.connectors.practice.serving import start_practice


def main() -> None:
    """Serve until standard input is closed."""
    with start_practice(people=int(sys.argv[1]), frozen=True) as practice:
        sys.stdout.write(json.dumps(practice.environment()) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
