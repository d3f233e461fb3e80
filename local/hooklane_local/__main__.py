"""`python3 -m hooklane_local COMMAND` may be started with any Python.

Only this file must be valid for old Pythons, so that they print one clear line
instead of a syntax error. A command that needs boto3 installs the emulator's virtual
environment and then runs itself again with the Python in it.
"""

import sys

if sys.version_info < (3, 10):
    sys.exit(
        "hooklane: needs Python 3.10 or newer, but this is %d.%d (%s). "
        "Name a newer one with: make PYTHON=python3.12 ..." % (sys.version_info[:2] + (sys.executable,))
    )

from hooklane_local.commands import main

sys.exit(main(sys.argv[1:]))
