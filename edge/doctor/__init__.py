"""Checks of what a live run needs, each by doing what the run would do: opening, loading, binding, writing.

==============  ============================================================
`sources`     cameras, streams and recordings: opened and looked at
`network`     OpenCV, weights and backend: loaded, and a sign is read
`wire`        addresses and secrets: bound and looked at
`machine`     clock, disk, compiled code, screen, GPU
==============  ============================================================
"""

from edge.doctor.finding import Finding, State

__all__ = ["Finding", "State"]
