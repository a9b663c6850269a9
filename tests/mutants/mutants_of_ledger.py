"""Ways to spend more of a lifetime budget than there is."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="what was spent is not counted",
        kind=Kind.LEDGER,
        function="admits",
        old="spent + cost <= budget",
        new="cost <= budget",
        caught_by="test_one_order_with_room_is_enough_and_needed",
    ),
    Mutant(
        name="one cap with room is enough",
        kind=Kind.LEDGER,
        function="verdict",
        within="vault",
        old="bool(filters) and not refused_by",
        new="len(refused_by) < len(filters)",
        caught_by="test_one_job_may_use_a_quarter_at_most",
    ),
    Mutant(
        name="a price is rounded to the nearest",
        kind=Kind.LEDGER,
        function="_nano_nats",
        old="math.ceil(max(nats, Fraction(0)) * (NANO + 1)) + 1",
        new="round(max(nats, Fraction(0)) * NANO)",
        caught_by="test_a_charge_is_never_below_the_exact_formula",
    ),
    Mutant(
        name="the slack of the sampler is not charged",
        kind=Kind.LEDGER,
        function="charge",
        old="Fraction(_slack(mechanism) or 0)",
        new="Fraction(0)",
        caught_by="test_the_slack_of_the_sampler_is_in_the_charge_and_in_epsilon",
    ),
    Mutant(
        name="the same request is charged again",
        kind=Kind.LEDGER,
        function="charge_job",
        old="if act.uow.count(ChargeRow, request_id=request_id):",
        new="if act.uow.count(ChargeRow, request_id=request_id) > 1:",
        caught_by="test_a_request_is_charged_once",
    ),
    Mutant(
        name="a requester has no cap of its own",
        kind=Kind.LEDGER,
        function="filters_for",
        old="spent=_sum(uow, by_requester)",
        new="spent=NOTHING",
        caught_by="test_one_requester_may_use_half_at_most",
    ),
    Mutant(
        name="one order is not charged",
        kind=Kind.LEDGER,
        function="charge_job",
        old="vector=json.dumps(price.charge)",
        new="vector=json.dumps([*price.charge[:-1], 0])",
        caught_by="test_a_charge_counts_for_the_collection_and_the_requester",
    ),
    Mutant(
        name="a refund for what is withheld",
        kind=Kind.LEDGER,
        function="withhold",
        within="vault",
        old="_end(act, held, request, RequestState.WITHHELD)",
        new="_end(act, held, request, RequestState.WITHHELD)\n"
        "    from vault.store.tables import ChargeRow\n"
        "    act.uow.delete_all(ChargeRow, request_id=request.id)",
        caught_by="test_no_refund_when_the_result_is_withheld",
    ),
    Mutant(
        name="the mark knows nothing of the budget",
        kind=Kind.LEDGER,
        function="OpenVault.raise_mark",
        old="spent=spent_so_far(uow)",
        new="spent={}",
        caught_by="test_a_backup_is_gone_on_from_and_nothing_spent_or_withdrawn_becomes_less",
    ),
    Mutant(
        name="records are read before the charge",
        kind=Kind.LEDGER,
        function="run_job",
        old="_charge(vault, asked, allowed)",
        new="_columns(vault, asked, allowed, job)\n            _charge(vault, asked, allowed)",
        caught_by="test_nothing_is_read_before_the_charge_is_durable",
    ),
    Mutant(
        name="a lifetime budget is whatever Python reads as a number",
        kind=Kind.LEDGER,
        function="check_lifetime",
        within="vault/budget",
        old="epsilon = strict_decimal(text)",
        new="epsilon = Decimal(text.strip())",
        caught_by="test_a_lifetime_budget_that_cannot_be_used_is_refused[0_8]",
    ),
    Mutant(
        name="a budget begins like a number",
        kind=Kind.LEDGER,
        function="_plain",
        within="vault/strict_number",
        old="form.fullmatch(plain)",
        new="form.match(plain)",
        caught_by="test_nothing_that_python_alone_takes_for_a_number_is_one[0_5]",
    ),
)
