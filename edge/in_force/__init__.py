"""What is in force: from the stream of signs to a state that a control process can use.

============  ==================================================================
`claims`      what a sign says about each lasting rule
`sightings`   which signs are in view, and what becomes of them
`lasting`     one rule over time: speed limit, no passing, priority road
`state`       all of them, and the signs that are coming up
============  ==================================================================

Nothing here reads a clock: times are handed in.
"""

from edge.in_force.state import BLIND_S, JUNCTION_S, InForce

__all__ = ["BLIND_S", "JUNCTION_S", "InForce"]
