"""Worlds that tests play in: vaults, processes that serve them, commands, screens, and owners that are killed."""
