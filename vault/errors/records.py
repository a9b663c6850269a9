"""Errors of files, imports and collections."""

from __future__ import annotations

from vault.errors.families import Invalid, Refused, Unavailable


class FileMissing(Unavailable):
    """There is no file {path}."""


class OtherFile(Invalid):
    """{path} is {found}, which is for: {command}. Here {wanted} is wanted."""


class PartOfFolder(Invalid):
    """{path} is a part of {found}; give the folder itself: {folder}."""


class Unreadable(Invalid):
    """{name} cannot be read as {format}: {reason}."""


class FileChanged(Invalid):
    """{name} is not the file you looked at any more; nothing was stored."""

    hint = "look at it again, then import it"


class PlanUnknown(Invalid):
    """What was looked at is not at hand any more; nothing was stored."""

    hint = "look at the file again, then import it"


class AlreadyImported(Refused):
    """This very file was already imported on {date}, as {name} into {collection}."""

    hint = "importing it twice would count every record twice and break the privacy unit"


class ImportedByAnotherUnit(AlreadyImported):
    """This very file was already imported on {date}, as {name} into {collection}, whose unit is {unit}, for good."""

    hint = (
        "for another unit erase it and import it anew, unless a job was paid for on it: its rows are destroyed and its "
        "consents end. lockbox data erase NAME"
    )


class AllStored(Refused):
    """Every row of {name} is in {collection} already; nothing was stored."""

    hint = "a newer export holds newer rows; the rest of it is left out by itself"


class UnknownCollection(Invalid):
    """There is no collection {name}."""

    hint = "see: lockbox data list"


class CollectionErased(UnknownCollection):
    """The collection {name} was erased after its lifetime budget was used; its name stays taken."""

    hint = "the budget spent on it stays spent; give other records another name"


class ColumnsClosed(Refused):
    """These columns are those of {name}, which was erased together with its fingerprint: they stay closed."""

    hint = "nothing is left that could tell other people from these; what is imported shares its spent budget"


class AnswerForHalf(Invalid):
    """{name} has one lifetime budget with {other}, whose people these rows are taken to be of."""

    hint = "one answer holds for all collections of one budget: give --other-people for each of them, or for none"


class ErasedNotCleared(Unavailable):
    """{collection} is erased, but its sealed bytes may still be on the disk: {reason}."""

    hint = "this vault cannot open them any more; they go when lockbox opens it the next time"


class OnlyImport(Invalid):
    """There is nothing in {collection} but its first import."""

    hint = "to take that out, erase it; name and file are free again where nobody learned from it: lockbox data erase"


class LearnedFrom(Refused):
    """Somebody learned from {collection}, or from what shares its budget: no import is taken out of it any more."""

    hint = (
        "nothing was changed; to destroy all of it for good, with what stands on it: lockbox data erase NAME"
    )


class UnknownField(Invalid):
    """Collection {collection} has no field {name}."""

    hint = "see: lockbox data list"


class NoSuchField(Invalid):
    """No collection has a column {name}."""

    hint = "see: lockbox data list"


class SchemaMismatch(Invalid):
    """The columns of this file do not fit the collection {collection}: {reason}."""


class UnitDiffers(SchemaMismatch):
    """What counts as one in {collection} stays as it is: its unit is {unit}, for good; no row comes in by another."""

    hint = (
        "leave --unit out. For another unit erase it and import all of it anew: its rows are destroyed, its consents"
        " end, and where anybody learned from it its name and its files stay taken: lockbox data erase NAME"
    )


class TooManyUnits(Invalid):
    """{collection} would have more than {most} units, and the sum of more is not proven to be exact enough."""

    hint = "import a part of the rows into another collection, with all rows of a unit in the same part"


class RowsRefused(Invalid):
    """{count} of the rows of {name} cannot be imported, so nothing was stored; the first is line {line}: {reason}."""

    hint = "mend them, give another type (--type), or accept that they are missing (--allow-refused)"


class UnitNotSaid(Invalid):
    """{column} names people in several rows of {name}: say first what counts as one; nothing was stored."""

    hint = "with that column as the unit (--unit) each of them is hidden whole; --unit record and --unit day hide less"


class NothingToImport(Invalid):
    """No row of {name} could be imported: {reason}."""

    hint = "mend its rows, or say how they are written (--type, --date-format, --skip-lines and others)"


class NoRows(NothingToImport):
    """{name} has no rows, so there is nothing to store."""

    hint = "import it once it has some"
