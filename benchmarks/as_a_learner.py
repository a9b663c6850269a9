"""What a learner has in its environment for its arithmetic, set before any of it is loaded."""

import os

from learner.protocol import ENVIRONMENT

for name in ("MKL_CBWR", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = ENVIRONMENT[name]
