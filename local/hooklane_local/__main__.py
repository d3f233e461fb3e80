"""`python3 -m hooklane_local COMMAND`: any Python starts it, the right one runs it.

This file alone must be readable by old Pythons, so that they get one clear line
instead of a syntax error. Commands that need boto3 are run again by the Python of
the emulator's environment once that is installed.
"""

import sys

if sys.version_info < (3, 10):
    sys.exit(
        "hooklane: Python 3.10 or newer is needed, this is %d.%d (%s). "
        "Name a newer one with: make PYTHON=python3.12 ..." % (sys.version_info[:2] + (sys.executable,))
    )

from hooklane_local.commands import main

sys.exit(main(sys.argv[1:]))
