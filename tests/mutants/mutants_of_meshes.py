"""Ways to let a peer of a mesh mix what it must not, or believe what nobody released."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="the radius of a mesh is not widened by the noise",
        kind=Kind.CONFINEMENT,
        function="radius",
        old="float(np.linalg.norm(own)) + noise",
        new="float(np.linalg.norm(own)) + noise * 0",
        caught_by="test_no_honest_peer_is_rejected_in_any_round",
        within="learner/federation/balance",
    ),
    Mutant(
        name="a model beyond the radius is mixed all the same",
        kind=Kind.CONFINEMENT,
        function="mixed_by",
        old='if one.word in ("accepted", "not compared")',
        new='if one.word in ("accepted", "not compared", "too far")',
        caught_by="test_who_lies_beyond_the_radius_is_not_mixed_and_both_numbers_are_told",
        within="learner/federation/mesh_mixing",
    ),
    Mutant(
        name="the noise of mixing is forgotten",
        kind=Kind.CONFINEMENT,
        function="variances_of",
        old="released_variances(document.rounds, of_job=answer_variance(template_job(document)))",
        new="np.full(document.rounds, answer_variance(template_job(document)))",
        caught_by="test_the_noise_of_a_model_follows_from_its_round_alone",
        within="learner/federation/mesh_mixing",
    ),
    Mutant(
        name="whoever passes a model on is believed",
        kind=Kind.CONFINEMENT,
        function="released_model",
        old="_check_peer(document, key)",
        new="pass",
        caught_by="test_only_the_signature_of_a_peer_is_believed",
        within="learner/federation/mesh_models",
    ),
    Mutant(
        name="a release is taken with another round than it answers",
        kind=Kind.CONFINEMENT,
        function="released_model",
        old="manifest = check_round(document, digest, job)",
        new="manifest = __import__('vault.requests.campaign_round', fromlist=['x']).parse_round(job.manifest)",
        caught_by="test_only_the_signature_of_a_peer_is_believed",
        within="learner/federation/mesh_models",
    ),
    Mutant(
        name="a mesh tells its consent fewer recipients than it has",
        kind=Kind.CONSENT,
        function="CampaignDocument._faults_of_mesh",
        old="self.job.recipients != tuple(names)",
        new="False",
        caught_by="test_each_rule_of_a_mesh_has_its_sentence",
        within="vault/requests/campaign",
    ),
)
