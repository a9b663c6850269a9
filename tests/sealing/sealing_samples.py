"""The vault of these tests, and how long a property may take. Nothing here opens anything else."""

from hypothesis import settings

VAULT_ID = bytes(range(16))
ROOT = bytes(range(100, 132))
PASSPHRASE = b"correct horse battery staple"
NEW_PASSPHRASE = b"another passphrase"
# Other processes may have the machine, so no example has a time limit.
STEADY = settings(deadline=None)
STEADY_AND_FEW = settings(deadline=None, max_examples=15)
