"""One command as a process, measured by a process that is small itself.

``python -m benchmarks.measured WORD...`` runs ``leadline WORD...`` here and prints what it took, as JSON. Linux
counts the peak memory of whoever starts a process as the process's own, so a benchmark full of data must not do it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def main(words: list[str]) -> None:
    """Print ``wall`` and ``cpu`` in seconds, ``peak`` in MB of the largest process, and the exit ``status``."""
    begun = time.perf_counter()
    # Only waiting for it by number tells what this process and those that it started used.
    process = subprocess.Popen([sys.executable, "-m", "leadline", *words], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    took = {
        "wall": time.perf_counter() - begun,
        "cpu": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss / 1024,
        "status": process.returncode,
    }
    print(json.dumps(took))


if __name__ == "__main__":
    main(sys.argv[1:])
