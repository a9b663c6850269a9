"""Thirteen ways to have a trail that proves nothing, or tells too much."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="an act without an entry is stored",
        kind=Kind.AUDIT,
        function="AuditedTransaction.commit",
        old="if not self.recorded:",
        new="if self.recorded is None:",
        caught_by="test_an_act_without_an_entry_is_not_stored",
    ),
    Mutant(
        name="an act that failed is stored",
        kind=Kind.AUDIT,
        function="audited",
        old="yield opened\n        opened.commit()",
        new="try:\n            yield opened\n        finally:\n            opened.commit()",
        caught_by="test_an_act_that_fails_stores_neither_its_rows_nor_its_entry",
    ),
    Mutant(
        name="a node can pass for a leaf",
        kind=Kind.AUDIT,
        function="leaf_hash",
        old='b"\\x00" + entry',
        new="entry",
        caught_by="test_leaves_and_nodes_are_hashed_apart",
    ),
    Mutant(
        name="consistency with any older root",
        kind=Kind.AUDIT,
        function="verify_consistency",
        old="last == 0 and old_so_far == old_root and",
        new="last == 0 and",
        caught_by="test_every_consistency_proof_verifies_and_no_neighbour_of_it_does",
    ),
    Mutant(
        name="a signature need not verify",
        kind=Kind.AUDIT,
        function="open_checkpoint",
        old="if not all(verify(",
        new="if not mine and all(verify(",
        caught_by="test_a_note_with_one_thing_wrong_does_not_open",
    ),
    Mutant(
        name="entries are not held against what was signed",
        kind=Kind.AUDIT,
        function="_signed_tree",
        old="if tree.root() != checkpoint.root:",
        new="if len(tree.root()) != len(checkpoint.root):",
        caught_by="test_a_spoilt_trail_is_refused_without_a_proof_to_help",
    ),
    Mutant(
        name="a fork passes for the same trail",
        kind=Kind.AUDIT,
        function="_Prefixes.check",
        old="if self.tree.root(old.size) != old.root:",
        new="if old.size == len(self.tree) and self.tree.root() != old.root:",
        caught_by="test_a_rewrite_by_the_holder_of_the_key_passes_alone_and_is_caught_by_a_kept_checkpoint",
    ),
    Mutant(
        name="a bundle discloses everything",
        kind=Kind.AUDIT,
        function="export_bundle",
        old="_disclosures(uow, seq, disclose[seq]) for seq in sorted(disclose)",
        new="_disclosures(uow, seq, [open_row(row).name for row in uow.find(Disclosure, seq=seq)])"
        " for seq in range(len(tree))",
        caught_by="test_by_default_a_bundle_holds_checkpoint_entries_and_key_and_discloses_nothing",
    ),
    Mutant(
        name="one opened field opens its whole entry",
        kind=Kind.AUDIT,
        function="_disclosures",
        old="for name in sorted(set(names))",
        new="for name in sorted(by_name)",
        caught_by="test_what_is_opened_is_said_first_asked_for_and_recorded",
    ),
    Mutant(
        name="what is opened to others is not on the trail",
        kind=Kind.AUDIT,
        function="AuditActions.disclose_audit",
        old='act.record(EntryType.EXPORT, clear={"profile": "audit-disclosed"}, hidden=hidden)',
        new='act.record(EntryType.EXPORT, clear={"profile": "audit"}, hidden={"target": folder.name})',
        caught_by="test_what_is_opened_is_said_first_asked_for_and_recorded",
    ),
    Mutant(
        name="commitments without salt",
        kind=Kind.AUDIT,
        function="_commit",
        old="salt(SALT_BYTES)",
        new="bytes(SALT_BYTES)",
        caught_by="test_every_field_has_its_own_salt",
    ),
    Mutant(
        name="a changed entry passes for the stored one",
        kind=Kind.AUDIT,
        function="checked_entries",
        old="if entry.seq != index or leaf_hash(entry.body) != entry.leaf:",
        new="if entry.seq != index:",
        caught_by="test_a_trail_that_does_not_fit_itself_is_not_exported",
    ),
    Mutant(
        name="a number of rows stands in clear again",
        kind=Kind.AUDIT,
        function="_check_parts",
        old="if retired := READ_ONLY_KEYS & clear.keys():",
        new="if retired := READ_ONLY_KEYS & hidden.keys():",
        caught_by="test_a_count_in_clear_is_read_where_an_older_version_wrote_it_and_never_written",
    ),
)
