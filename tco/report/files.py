"""Files: written to a temporary name and renamed, so that nothing half-written is ever seen."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tco.errors import UsageError


def require_folder(folder: Path) -> None:
    """Check before long work that a folder is there or can be made, and that files can be written there.

    Raises:
        UsageError: when a file stands where the folder or one that holds it should be, or nothing can be written.
    """
    try:
        taken = next((place for place in (folder, *folder.parents) if place.exists()), Path())
        if taken.is_dir():
            tempfile.TemporaryFile(dir=taken).close()  # asks the system itself: rights, read-only disks, full ones
            return
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from error
    where = "" if taken == folder else f"{folder} cannot be made: "
    raise UsageError(f"{where}{taken} is a file; a folder is needed")


def write_files(folder: Path, contents: Mapping[str, str | bytes]) -> list[Path]:
    """Write several files into a folder, which is made when it does not exist.

    Raises:
        UsageError: when the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [write_file(folder / name, content) for name, content in contents.items()]
    except FileExistsError as error:
        raise UsageError(f"{folder} is a file; a folder is needed") from error
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from error


def write_file(path: Path, content: str | bytes) -> Path:
    """Write one file by way of a temporary one beside it."""
    data = content.encode() if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path
