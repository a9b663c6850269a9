"""Every mutant there is."""

from __future__ import annotations

import mutants_of_access
import mutants_of_attacks
import mutants_of_audit
import mutants_of_by_ear
import mutants_of_campaign_logs
import mutants_of_campaigns
import mutants_of_confinement
import mutants_of_consent
import mutants_of_coordinators
import mutants_of_couriers
import mutants_of_drills
import mutants_of_egress
import mutants_of_imports
import mutants_of_joined_campaigns
import mutants_of_ledger
import mutants_of_meshes
import mutants_of_own_use
import mutants_of_people
import mutants_of_privacy
import mutants_of_screens
import mutants_of_surroundings
import mutants_of_tiers
import mutants_of_versions
from mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *mutants_of_privacy.MUTANTS,
    *mutants_of_consent.MUTANTS,
    *mutants_of_coordinators.MUTANTS,
    *mutants_of_ledger.MUTANTS,
    *mutants_of_audit.MUTANTS,
    *mutants_of_egress.MUTANTS,
    *mutants_of_drills.MUTANTS,
    *mutants_of_access.MUTANTS,
    *mutants_of_attacks.MUTANTS,
    *mutants_of_people.MUTANTS,
    *mutants_of_confinement.MUTANTS,
    *mutants_of_surroundings.MUTANTS,
    *mutants_of_versions.MUTANTS,
    *mutants_of_screens.MUTANTS,
    *mutants_of_by_ear.MUTANTS,
    *mutants_of_campaigns.MUTANTS,
    *mutants_of_joined_campaigns.MUTANTS,
    *mutants_of_campaign_logs.MUTANTS,
    *mutants_of_imports.MUTANTS,
    *mutants_of_own_use.MUTANTS,
    *mutants_of_couriers.MUTANTS,
    *mutants_of_meshes.MUTANTS,
    *mutants_of_tiers.MUTANTS,
)
