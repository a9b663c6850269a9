"""Owners that are killed at named places, and what must hold of their vaults afterwards."""
