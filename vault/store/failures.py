"""The one place where what SQLite and the operating system say becomes a sentence for a person."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlcipher3 import dbapi2

from vault.errors.exhaustion import NO_FILES, can_open_files
from vault.errors.families import InternalError, Invalid, LockboxError
from vault.errors.storage import (
    Damaged,
    DiskFailing,
    DiskFull,
    DiskReadOnly,
    NoVault,
    OutOfResources,
    VaultBusy,
)

DATABASE = "the database"

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_ENTRY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})

_NO_MEMORY = frozenset({errno.ENOMEM, errno.EAGAIN})

_PROBE_BYTES = 64 * 1024
# What a copy of a whole database ends with has no code, only SQLite's own fixed words for one.
_CODES_BY_WORDS = {
    "database or disk is full": dbapi2.SQLITE_FULL,
    "disk I/O error": dbapi2.SQLITE_IOERR,
    "out of memory": dbapi2.SQLITE_NOMEM,
    "unable to open database file": dbapi2.SQLITE_CANTOPEN,
}

_MEANINGS: dict[int, Callable[[Path], LockboxError]] = {
    dbapi2.SQLITE_FULL: lambda _: DiskFull(),
    dbapi2.SQLITE_READONLY: lambda path: DiskReadOnly(path=path),
    dbapi2.SQLITE_PERM: lambda path: DiskReadOnly(path=path),
    dbapi2.SQLITE_CANTOPEN: lambda path: (
        DiskReadOnly(path=path) if can_open_files() else OutOfResources(what="open files")
    ),
    dbapi2.SQLITE_NOMEM: lambda _: OutOfResources(what="memory"),
    dbapi2.SQLITE_CORRUPT: lambda _: Damaged(what=DATABASE),
    dbapi2.SQLITE_NOTADB: lambda _: Damaged(what=DATABASE),
    dbapi2.SQLITE_BUSY: lambda _: VaultBusy(),
    dbapi2.SQLITE_LOCKED: lambda _: VaultBusy(),
    dbapi2.SQLITE_PROTOCOL: lambda _: VaultBusy(),
    dbapi2.SQLITE_IOERR: lambda path: DiskFailing(path=path) if _has_room(path) else DiskFull(),
}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise a LockboxError about `path` instead of any SQLite, SQLAlchemy or operating system error.

    The original is not chained: its text holds statements, and a person never needs it.
    """
    try:
        yield
    except PoolTimeout:
        raise VaultBusy from None
    except UnicodeEncodeError:
        raise Invalid(reason="it holds a text that is not UTF-8") from None
    except DBAPIError as error:
        raise _meaning(error.orig or error, path) from None
    except SQLAlchemyError as error:
        raise InternalError(what=f"the database layer stopped ({type(error).__name__})") from None
    except dbapi2.Error as error:
        raise _meaning(error, path) from None
    except OSError as error:
        raise _meaning_of_system(error, path) from None
    except MemoryError as error:
        raise _meaning(error, path) from None


def _meaning(error: BaseException, path: Path) -> LockboxError:
    if isinstance(error, MemoryError):
        return OutOfResources(what="memory")
    code = getattr(error, "sqlite_errorcode", None) or _CODES_BY_WORDS.get(str(error))
    if code is None:
        return InternalError(what=f"the database was misused ({type(error).__name__})")
    if code == dbapi2.SQLITE_CANTOPEN and not path.exists():
        return NoVault(path=path)
    if code == dbapi2.SQLITE_CONSTRAINT:
        # SQLite names the columns of the broken rule here, never the values.
        return InternalError(what=f"a rule of the database forbids this ({error})")
    meaning = _MEANINGS.get(code)
    return meaning(path) if meaning else InternalError(what=f"SQLite refused a statement (code {code})")


def _has_room(path: Path) -> bool:
    """Whether a file beside `path` can grow past the database and its WAL file.

    SQLite says SQLITE_FULL only for a full disk under a page; a quota, a limit on the size of a file and a
    full disk under the shared memory file arrive as the same SQLITE_IOERR as a failing disk.
    """
    files = (path, path.with_name(path.name + "-wal"))
    reach = max((file.stat().st_size for file in files if file.exists()), default=0)
    try:
        with tempfile.TemporaryFile(dir=path.parent) as scratch:
            os.pwrite(scratch.fileno(), bytes(_PROBE_BYTES), reach)
            os.fsync(scratch.fileno())
    except OSError as error:
        return error.errno not in _NO_ROOM
    return True


def _meaning_of_system(error: OSError, path: Path) -> LockboxError:
    if error.errno in _NO_ROOM:
        return DiskFull()
    if error.errno in NO_FILES | _NO_MEMORY:
        return OutOfResources(what="memory" if error.errno in _NO_MEMORY else "open files")
    if error.errno in _NO_ENTRY:
        return DiskReadOnly(path=path)
    if error.errno == errno.ENOENT:
        return NoVault(path=path)
    return DiskFailing(path=path)
