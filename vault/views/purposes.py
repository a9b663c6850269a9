"""The purposes that a consent can name, in terms of the Data Privacy Vocabulary (W3C DPV) and in words."""

from __future__ import annotations

from typing import Final

DPV: Final = "https://w3id.org/dpv#"

PURPOSES: Final[dict[str, str]] = {
    DPV + "AcademicResearch": "academic research",
    DPV + "ScientificResearch": "scientific research",
    DPV + "NonCommercialResearch": "research without commercial aim",
    DPV + "CommercialResearch": "commercial research",
    DPV + "ImproveHealthcare": "improving healthcare",
    DPV + "ImprovePublicServices": "improving public services",
    DPV + "ServicePersonalisation": "fitting a service to you",
    DPV + "ImproveExistingProductsAndServices": "improving products and services",
    DPV + "PersonalisedAdvertising": "advertising aimed at you",
}
