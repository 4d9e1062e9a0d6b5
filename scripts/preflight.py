"""Say in one sentence what this machine lacks before anything is installed. Runs on any Python 3."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile

CPPFLAGS_313 = "-DPyEval_CallObject=PyObject_CallObject"


def main(arguments):
    """Exit 0 when Leadline can be installed here, else 2 with one sentence that says what to do."""
    if "--cppflags" in arguments:
        own = os.environ.get("CPPFLAGS", "")
        extra = CPPFLAGS_313 if sys.version_info >= (3, 13) else ""
        sys.stdout.write((own + " " + extra).strip())
        return 0
    lack = missing()
    if lack:
        sys.stderr.write("Leadline cannot be installed here: " + lack + "\n")
        return 2
    return 0


def missing():
    """Return the first thing that is missing, or None."""
    version = "%d.%d" % sys.version_info[:2]
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        return (
            "it needs Python 3.11, 3.12 or 3.13 and this is %s; name one with `make ... PYTHON=python3.11`." % version
        )
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        return "Python's venv module is missing; install it (Debian: apt install python%s-venv)." % version
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if not (shutil.which(compiler) or shutil.which("cc") or shutil.which("gcc")):
        return (
            "durable_rules is compiled and no C compiler was found; install one (Debian: apt install gcc libc6-dev)."
        )
    if not compiles(shutil.which(compiler) or shutil.which("cc") or shutil.which("gcc")):
        return (
            "durable_rules is compiled and Python's C headers are missing; "
            "install them (Debian: apt install python%s-dev libc6-dev)." % version
        )
    return None


def compiles(compiler):
    """Try to compile one line that needs Python.h."""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "probe.c")
        with open(source, "w") as file:
            file.write("#include <Python.h>\nint main(void) { return 0; }\n")
        command = [compiler, "-I", sysconfig.get_path("include"), "-fsyntax-only", source]
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
