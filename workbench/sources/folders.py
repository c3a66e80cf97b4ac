"""Where the files of a source lie."""

from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Protocol

from workbench.sources.excel import sheet_names
from workbench.sources.extracts import Extract
from workbench.sources.files import FileExtract
from workbench.sources.mapping import FileFormat


class Folder(Protocol):
    """A folder, here or in object storage. Names in it have forward slashes."""

    def matching(self, pattern: str) -> list[str]:
        """The names of the files that fit a pattern with `*` and `?`, sorted."""
        ...

    def extract(self, name: str, form: FileFormat) -> Extract:
        """A file of this name, which need not be there."""
        ...

    def sheets(self, name: str) -> list[str]:
        """The sheets of a workbook. Raises SourceError when it cannot be opened."""
        ...


@dataclass(frozen=True)
class LocalFolder:
    """A folder of the file system."""

    path: Path

    def matching(self, pattern: str) -> list[str]:
        """See `Folder`. A file that Excel keeps while a workbook is open, `~$…`, fits none."""
        found = glob(pattern.replace("[", "[[]"), root_dir=self.path)  # noqa: PTH207
        files = [Path(name) for name in found if (self.path / name).is_file()]
        return sorted(file.as_posix() for file in files if not file.name.startswith("~$"))

    def extract(self, name: str, form: FileFormat) -> Extract:
        """See `Folder`."""
        return FileExtract(self.path / name, form)

    def sheets(self, name: str) -> list[str]:
        """See `Folder`."""
        return sheet_names(self.path / name)
