"""The one place where what SQLite and the operating system say becomes a sentence for a person."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlcipher3 import dbapi2

from vault.errors import (
    Damaged,
    DiskFailing,
    DiskFull,
    DiskReadOnly,
    InternalError,
    LockboxError,
    NoVault,
    VaultBusy,
)

DATABASE = "the database"

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_ENTRY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})

# SQLite says SQLITE_FULL only for ENOSPC on a page. A quota, a file size limit and a full disk under the
# shared memory file arrive as one of these two.
_IOERR_WRITE = dbapi2.SQLITE_IOERR | 3 << 8
_IOERR_SHMSIZE = dbapi2.SQLITE_IOERR | 19 << 8
_IOERR_SHORT_READ = dbapi2.SQLITE_IOERR | 2 << 8

_MEANINGS: dict[int, Callable[[Path], LockboxError]] = {
    dbapi2.SQLITE_FULL: lambda _: DiskFull(),
    dbapi2.SQLITE_READONLY: lambda path: DiskReadOnly(path=path),
    dbapi2.SQLITE_PERM: lambda path: DiskReadOnly(path=path),
    dbapi2.SQLITE_CANTOPEN: lambda path: DiskReadOnly(path=path),
    dbapi2.SQLITE_CORRUPT: lambda _: Damaged(what=DATABASE),
    dbapi2.SQLITE_NOTADB: lambda _: Damaged(what=DATABASE),
    dbapi2.SQLITE_BUSY: lambda _: VaultBusy(),
    dbapi2.SQLITE_LOCKED: lambda _: VaultBusy(),
    dbapi2.SQLITE_PROTOCOL: lambda _: VaultBusy(),
    _IOERR_WRITE: lambda _: DiskFull(),
    _IOERR_SHMSIZE: lambda _: DiskFull(),
    _IOERR_SHORT_READ: lambda _: Damaged(what=DATABASE),
    dbapi2.SQLITE_IOERR: lambda path: DiskFailing(path=path),
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
    except DBAPIError as error:
        raise _meaning(error.orig or error, path) from None
    except SQLAlchemyError as error:
        raise InternalError(what=f"the database layer stopped ({type(error).__name__})") from None
    except dbapi2.Error as error:
        raise _meaning(error, path) from None
    except OSError as error:
        raise _meaning_of_system(error, path) from None


def _meaning(error: BaseException, path: Path) -> LockboxError:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return InternalError(what=f"the database was misused ({type(error).__name__})")
    primary = code & 0xFF
    if primary == dbapi2.SQLITE_CANTOPEN and not path.exists():
        return NoVault(path=path)
    if primary == dbapi2.SQLITE_CONSTRAINT:
        # SQLite names the columns of the broken rule here, never the values.
        return InternalError(what=f"a rule of the database forbids this ({error})")
    meaning = _MEANINGS.get(code) or _MEANINGS.get(primary)
    return meaning(path) if meaning else InternalError(what=f"SQLite refused a statement (code {code})")


def _meaning_of_system(error: OSError, path: Path) -> LockboxError:
    if error.errno in _NO_ROOM:
        return DiskFull()
    if error.errno in _NO_ENTRY:
        return DiskReadOnly(path=path)
    if error.errno == errno.ENOENT:
        return NoVault(path=path)
    return DiskFailing(path=path)
