"""Files in S3, Google Cloud Storage and Azure, fetched and then read as files are.

Credentials come from the environment alone, as the client of each store reads them. What a store
answers is never repeated in a message: it may hold the name of a key.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from workbench.errors import Problem, SourceError
from workbench.sources.crm_api import must_be_installed
from workbench.sources.excel import sheet_names
from workbench.sources.extracts import Extract, Landed
from workbench.sources.files import FileExtract, header_is_at_the_start, is_pattern
from workbench.sources.mapping import FileFormat

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_TRIES: Final = 3
_PATIENCE: Final = timedelta(seconds=20)
_START: Final = 1 << 20
_VARIABLES: Final = {
    "s3": "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}


@dataclass(frozen=True)
class ObjectFolder:
    """What lies under a URL such as `s3://bucket/prefix`, which has no slash at its end."""

    url: str

    def matching(self, pattern: str) -> list[str]:
        """The names of the objects that fit a pattern with `*` and `?`, sorted.

        Raises SourceError when the store refuses.
        """
        depth = len(PurePosixPath(pattern).parts)
        with self._refusals(self.url):
            import obstore  # noqa: PLC0415

            found = [meta["path"] for some in obstore.list(self._store()) for meta in some]
        names = [PurePosixPath(name) for name in found]
        return sorted(str(n) for n in names if len(n.parts) == depth and n.match(pattern))

    def extract(self, name: str, form: FileFormat) -> Extract:
        """An object of this name, which need not be there."""
        return ObjectExtract(self, name, form)

    def sheets(self, name: str) -> list[str]:
        """The sheets of a workbook. Raises SourceError when it cannot be fetched or opened."""
        with self.fetched(name) as path:
            return sheet_names(path)

    @contextmanager
    def fetched(self, name: str, *, at_most: int | None = None) -> Iterator[Path]:
        """A copy of an object, or of what it begins with; gone afterwards.

        Raises SourceError when the store refuses, and names the object in place of the copy in one
        that is raised while the copy is there.
        """
        url = f"{self.url}/{name}"
        with TemporaryDirectory() as folder:
            path = Path(folder) / PurePosixPath(name).name
            with self._refusals(url):
                self._fetch(name, path, at_most)
            try:
                yield path
            except SourceError as error:
                problems = [Problem(url, one.what, one.hint) for one in error.problems]
                raise SourceError(problems) from None

    def _fetch(self, name: str, path: Path, at_most: int | None) -> None:
        import obstore  # noqa: PLC0415

        with path.open("wb") as file:
            for block in obstore.get(self._store(), name).stream():
                file.write(block)
                if at_most is not None and file.tell() >= at_most:
                    return

    def _store(self) -> "ObjectStore":
        from obstore.store import from_url  # noqa: PLC0415

        return from_url(self.url, retry_config={"max_retries": _TRIES, "retry_timeout": _PATIENCE})

    @contextmanager
    def _refusals(self, url: str) -> Iterator[None]:
        """Says in our words what the store says in its own."""
        must_be_installed("obstore", extra="objects", where=url)
        from obstore import exceptions  # noqa: PLC0415

        try:
            yield
        except (exceptions.BaseError, FileNotFoundError) as error:
            said = str(error)  # which alone tells what it is, where a list was asked for
        else:
            return
        variables = _VARIABLES[self.url.partition(":")[0]]
        if "404 Not Found" in said:
            what, hint = "there is no such object, or no such bucket.", "look at both names."
            if is_pattern(url):
                what = "no object fits this pattern."
        elif "403 Forbidden" in said or "401 Unauthorized" in said:
            what = "the store refuses the credentials of the environment."
            hint = f"it reads {variables}; they must allow to read and to list."
        else:
            what = "the store does not answer, or is not told who is asking."
            hint = f"credentials are read from {variables}."
        raise SourceError([Problem(url, what, hint)]) from None


@dataclass(frozen=True)
class ObjectExtract:
    """A file in object storage."""

    folder: ObjectFolder
    name: str
    form: FileFormat

    def header(self) -> list[str]:
        """The column names. Raises SourceError when the object cannot be fetched or read.

        Of CSV only the first megabyte is fetched.
        """
        at_most = _START if header_is_at_the_start(self.name) else None
        with self.folder.fetched(self.name, at_most=at_most) as path:
            return FileExtract(path, self.form).header()

    def land(self, into: Path) -> Landed:
        """As a file lands; the hash is of the object. Raises SourceError as `header` does."""
        with self.folder.fetched(self.name) as path:
            return FileExtract(path, self.form).land(into)
