"""Figures drawn from the tables of a study; the user's settings of matplotlib do not matter."""

import os

# A notebook names a backend for what it starts, which need not be installed where the suite is.
os.environ["MPLBACKEND"] = "agg"
