"""The vault of these tests. Nothing here opens anything else."""

VAULT_ID = bytes(range(16))
ROOT = bytes(range(100, 132))
PASSPHRASE = b"correct horse battery staple"
