"""Errors of requesters, jobs and requests."""

from __future__ import annotations

from typing import Final

from vault.errors.families import Broken, Exhausted, Invalid, Refused, Unavailable


class UnknownRequester(Invalid):
    """There is no requester {name}."""

    hint = "add one with: lockbox requester add NAME KEYFILE"


class RequesterExists(Invalid):
    """There is already a requester with this {what}: {name}."""


class RequesterBlocked(Refused):
    """The requester {name} is blocked."""

    hint = "to lift that: lockbox requester unblock NAME"


class OtherCollection(Refused):
    """{name} may ask about {collection} alone, and this job names another collection."""


class HoldsCampaign(Invalid):
    """{path} is the folder of a campaign, and of no job."""

    hint = "for an owner: lockbox campaign submit DIR; for who asks: lockbox campaign sign, check or round"


class HoldsJob(Invalid):
    """{path} is the folder of a job, and of no campaign."""

    hint = "for an owner, a round of one too: lockbox request submit JOBDIR; for who asks: lockbox job sign or check"


class HoldsNeither(Unavailable):
    """{path} holds neither a job nor a campaign: there is no {job} and no {campaign} in it."""


class NotSigned(Unavailable):
    """{path} is not signed: there is no {file} in it."""

    hint = "who asks signs it first: lockbox job sign, or lockbox campaign sign"


class ManifestInvalid(Invalid):
    """The job manifest is not acceptable: {reason}."""


class NoVaultCanPay(Exhausted):
    """No vault can pay for this job: it costs more than a quarter of ε {most}, the largest lifetime budget of any."""

    hint = "ask for less: a smaller --epsilon or --guess-rate of lockbox job new"


class ManifestTampered(Broken):
    """The job manifest does not carry a valid signature of its requester."""

    hint = "it was changed after signing, or signed by another key"


class CardInvalid(Invalid):
    """The data card is not acceptable: {reason}."""


class CardMissing(Unavailable):
    """There is no card {path}."""

    hint = "name the file of a card, or a part of a known export such as fitbit/sleep; see: lockbox formats"


class CardTampered(Broken):
    """The data card does not carry a valid signature of the key that it names."""

    hint = "it was changed after it was made; ask the owner for it again"


class CardNotSigned(Broken):
    """The data card is not signed, so no key can vouch for it."""

    hint = "ask the owner for one that is made for you: lockbox data card COLLECTION FILE --to YOU"


class CardOfOtherVault(Broken):
    """The data card is signed by {signer}, and not by the key that you named."""


class NotOnCard(Invalid):
    """The data card has no column {name}, only {there}."""


class CardTellsTooLittle(Invalid):
    """The data card does not say enough of {name} to make it a {role}: {reason}."""

    hint = "name all columns under [[fields]] in JOB.toml, and write a transform where the card has none"


class WeightsInvalid(Invalid):
    """The starting weights are not acceptable: {reason}."""


class WeightsTampered(Broken):
    """The starting weights are not the ones the manifest names."""


class ManifestMismatch(Refused):
    """The digest that was approved is not that of the request's manifest; nothing was approved."""

    hint = "look again: lockbox request show ID"


class ApprovalChanged(Refused):
    """A consent covers this request now that was not shown with it; nothing was approved."""

    hint = "look again: lockbox request show ID"


class JobReplayed(Refused):
    """This job was already received on {date}."""

    hint = "another run is another job with another id and another price"


class UnknownRequest(Invalid):
    """There is no request {request}."""

    hint = "see: lockbox request list"


class OtherThanRequest(UnknownRequest):
    """{request} is the id of {what} and not of a request."""

    hint = "see: lockbox campaign show ID, or lockbox consent show ID"


class NoToCampaign(OtherThanRequest):
    """{request} is the id of {what}: a no to that is for good, and is not lifted."""

    hint = "a no to a kind of question is lifted by a request that it was said to: lockbox request lift ID"


SHORTEST_ID: Final = 4
"""Characters of an id by which it can be named."""


class IdTooShort(Invalid):
    """{beginning} is too short for an id: at least its first {least} characters are needed."""

    hint = "an id is shown by its first eight; see: lockbox request list, campaign list, release list and consent list"


class WasDrill(Refused):
    """This was a drill: nobody sent it, and nothing was approved, paid or run. You {said}: {change}."""

    hint = "drills come because you switched them on; to end them: lockbox settings drills off"


class UnderRefusal(Refused):
    """You said no to {name} for this purpose on {collection}; that holds until {until}, and so this job is refused."""

    hint = "to hear such questions again: lockbox request lift ID"


class UnknownRefusal(Invalid):
    """You have no refusal in force for questions like request {request}."""


class TooManyWaiting(Refused):
    """There wait already as many jobs or bytes of one requester as a vault takes: {most}."""

    hint = "a job waits no longer once it is released, refused or expired"


class WrongState(Refused):
    """The request is {state}; that cannot be done now."""

    hint = "see where it stands: lockbox request show ID"


class StillWaits(WrongState):
    """The request is {state}; that cannot be done now."""

    hint = (
        "look at it: lockbox request show ID; then lockbox request approve ID, or lockbox request refuse ID"
    )


class NotRunYet(WrongState):
    """The request is {state}; that cannot be done now."""

    hint = "to run it: lockbox train ID"


class RunsNow(WrongState):
    """The request is {state}; that cannot be done now."""

    hint = "wait for its end, or stop it: lockbox request stop ID"


class ResultHeld(WrongState):
    """The request is {state}; that cannot be done now."""

    hint = "look at it: lockbox release show ID; then lockbox release send ID, or lockbox release withhold ID"


class MayBeOut(WrongState):
    """The request is {state}; that cannot be done now."""

    hint = "what is left to do: lockbox release show ID"


class AlreadyOut(WrongState):
    """The request is {state}; that cannot be done now."""

    hint = "what left, and when: lockbox release show ID"


class RequestOver(WrongState):
    """The request is {state}; that cannot be done now."""

    hint = "it is over; its requester can send another job"


class CollectionInUse(WrongState):
    """A job learns from {collection} now; nothing of it can be taken away before that has ended."""

    hint = "to end it at once, withdraw its consent: lockbox consent withdraw ID"
