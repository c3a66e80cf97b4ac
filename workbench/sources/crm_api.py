"""What the APIs of all CRMs have in common: credentials, patience, one sentence for a refusal."""

import os
from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit

from urllib3.util import Retry

from workbench.errors import Problem, SourceError

# Waits 0, 2, 4, 8, 16 and 32 seconds, or what the answer's Retry-After says. Everything that is
# asked for here may be asked for twice, a POST too.
RETRIES: Final = Retry(
    total=6,
    backoff_factor=1,
    retry_after_max=300,
    allowed_methods=None,
    status_forcelist=(429, 500, 502, 503, 504),
    raise_on_status=False,
    redirect=0,
)
TIMEOUT_SECONDS: Final = 120
_LOCAL: Final = {"localhost", "127.0.0.1"}


def must_be_installed(module: str, *, extra: str, where: str) -> None:
    """Raise SourceError, naming what to install, when an optional package is not there."""
    if find_spec(module) is None:
        hint = f"install 'partner-revenue-workbench[{extra}]'."
        raise SourceError([Problem(where, "the package for this API is not installed.", hint)])


def variables(names: Iterable[str], *, where: str) -> list[str]:
    """The values of environment variables. Raises SourceError that names all that are not set."""
    values = {name: os.environ.get(name, "").strip() for name in names}
    if unset := [name for name, value in values.items() if not value]:
        count = "1 environment variable is" if len(unset) == 1 else f"{len(unset)} are"
        what = f"{count} not set: {', '.join(unset)}."
        raise SourceError([Problem(where, what, "set it where the workbench runs, in no file.")])
    return list(values.values())


def base_url(address: str, *, variable: str, where: str) -> str:
    """The scheme, host and port of an address.

    Raises SourceError unless a token may be sent there: over https, or within this machine.
    """
    with suppress(ValueError):
        parts = urlsplit(address)
        if parts.hostname and (parts.scheme == "https" or parts.hostname in _LOCAL):
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    hint = "it begins with https://, such as https://example.my.salesforce.com."
    raise SourceError([Problem(where, f"{variable} holds no https address.", hint)])


def unknown_names(wanted: Iterable[str], known: Iterable[str], *, of: str, where: str) -> None:
    """Raise SourceError that names everything wanted which is not known."""
    by_fold = {name.lower(): name for name in known}
    problems = []
    for name in sorted(set(wanted) - set(by_fold.values())):
        near = get_close_matches(name.lower(), by_fold, n=1)
        hint = f"did you mean '{by_fold[near[0]]}'?" if near else "write its internal name."
        problems.append(Problem(where, f"{of} has no '{name}'.", hint))
    if problems:
        raise SourceError(problems)


def server_error(what: str, hint: str, *, where: str, secrets: Iterable[str]) -> SourceError:
    """The error for what a server said, in one line that repeats no secret."""
    what = " ".join(what.split())
    for secret in secrets:
        what = what.replace(secret, "***")
    return SourceError([Problem(where, what, hint)])


def unreachable(url: str, *, where: str) -> SourceError:
    """The error for a server that does not answer, however often it is asked."""
    what = f"{url} cannot be reached, or drops the connection."
    hint = "it was asked several times; check the address and the network."
    return SourceError([Problem(where, what, hint)])


def no_records(url: str, fault: object, *, where: str, secrets: Iterable[str]) -> SourceError:
    """The error for an answer that cannot be understood."""
    what = f"{url} answered with something else than records: {fault}."
    hint = "is it the address of the CRM? A proxy or a sign-in page may stand between."
    return server_error(what, hint, where=where, secrets=secrets)


def counted(count: int, noun: str) -> str:
    """`1 record`, `2 records`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
