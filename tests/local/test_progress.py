"""The steps of a command: what runs after a failed one, and what the command says in the end."""

import pytest
from hooklane_local.progress import Failure, Later


def test_the_steps_after_a_failed_one_run_too_and_each_failure_is_said(capsys):
    later, ran = Later(), []
    for number, fails in enumerate([False, True, False, True]):
        with later:
            ran.append(number)
            if fails:
                raise Failure(f"step {number} failed")

    with pytest.raises(Failure, match=r"^step 1 failed; step 3 failed$"):
        later.fail()

    assert ran == [0, 1, 2, 3]
    assert capsys.readouterr().err == "hooklane: step 1 failed\nhooklane: step 3 failed\n"


def test_nothing_is_raised_where_no_step_failed():
    later = Later()
    with later:
        pass
    later.fail()


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_is_no_failure_of_a_step_ends_the_command_at_once(error):
    later = Later()
    with pytest.raises(error), later:
        raise error
    assert not later.failures
