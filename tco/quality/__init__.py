"""Quality: whether a tier answers a request well, which depends on how hard the request is and on luck.

Source of the form: docs/decisions/0013-quality.md.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from tco.serving.latency import standard_normal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def answers_well(
    success_probability: NDArray[np.float64],
    shared: NDArray[np.float64],
    own: NDArray[np.float64],
    shared_luck_share: float,
) -> NDArray[np.bool_]:
    """Decide for each request whether a tier answers it well.

    Luck is a standard normal variate with a part that all tiers share: a request that is badly put is badly put
    everywhere.

    Args:
        success_probability: chance that the tier answers it well, shape (n,).
        shared: standard normal luck of the request at every tier, shape (n,).
        own: standard normal luck of the request at this tier, shape (n,).
        shared_luck_share: variance of the shared part over that of all luck, 0 to 1.

    >>> import numpy as np
    >>> answers_well(np.array([0.0, 0.6, 1.0]), np.zeros(3), np.zeros(3), 0.5).tolist()
    [False, True, True]
    """
    import numpy as np

    luck = sqrt(shared_luck_share) * shared + sqrt(1.0 - shared_luck_share) * own
    sure, never = success_probability >= 1.0, success_probability <= 0.0
    return np.asarray((luck < standard_normal(success_probability)) & ~never | sure)
