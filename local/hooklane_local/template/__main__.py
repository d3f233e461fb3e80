"""`python -m hooklane_local.template`: holds the assertions, and applies each mutation to see one of them fail."""

import sys
import time

from hooklane_local.template.assertions import TABLE
from hooklane_local.template.check import problems
from hooklane_local.template.mutations import MUTATIONS, mutated, unnoticed
from hooklane_local.template.source import read


def main() -> int:
    began = time.monotonic()
    template = read()
    found = problems(template)
    for name, problem in found:
        assertion = next((one for one in TABLE if one.name == name), None)
        print(f"{name}: {problem}", file=sys.stderr)
        if assertion:
            print(f"    why: {assertion.why}\n    source: {assertion.source}", file=sys.stderr)
    missed = [] if found else [line for one in MUTATIONS if (line := unnoticed(one, problems(mutated(template, one))))]
    for line in missed:
        print(line, file=sys.stderr)
    seconds = time.monotonic() - began
    print(f"    {len(TABLE)} assertions, {len(MUTATIONS)} mutations, {seconds:.1f} s")
    return 1 if found or missed else 0


if __name__ == "__main__":
    sys.exit(main())
