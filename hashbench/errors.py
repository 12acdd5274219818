"""Mistakes a user can make and mend. The command line prints them as one sentence, exit code 2."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """A mistake the user can mend; its message is one sentence that says what to do."""


class UnknownName(UserError):
    """A name that nothing answers to, with the nearest one that would."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = get_close_matches(name, names, n=3, cutoff=0.3)
        swapped = [one for one in near if sorted(one) == sorted(name)]  # letters in another order are nearer than others
        hint = f"did you mean '{(swapped or near)[0]}'? " if near else ""
        super().__init__(f"unknown {what} '{name}': {hint}known are {', '.join(names) or 'none'}.")


class BadOption(UserError):
    """An option of a plugin that is unknown or has a wrong value."""


class BadData(UserError):
    """Data that can't be used: names the file, and the line where there is one."""


class StoreError(UserError):
    """The store can't be written, or another process holds what is needed: it ends the whole run."""


class ContractError(Exception):
    """A plugin broke its contract: an error of the plugin, not of the user, and never a failed attack."""
