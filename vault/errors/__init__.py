"""Every error a person can meet, by what it is about.

The docstring of each class is the sentence shown; ``{placeholders}`` are filled from the keyword facts given when it is
raised. Facts are things the person typed or owns; never key material, never record values.

    LockboxError
    ├── Invalid            exit 1   input that cannot be used, said in one sentence
    ├── Locked             exit 3   no key, or the wrong one
    ├── Refused            exit 4   consent, policy or a person said no
    ├── Exhausted          exit 5   the privacy budget does not allow it
    ├── Broken             exit 6   tampered or damaged
    ├── Unavailable        exit 7   busy, full, read-only, missing
    └── InternalError      exit 1   a bug of ours
"""
