"""What the camera is: intrinsics, mounting, distance and bearing, colour and exposure.

The package holds what turns pixels into metres and degrees. It knows neither ``detector`` nor ``models``, opens no
sockets and reads no clocks. Axes, units and signs of angles are those of docs/units-and-frames.md.
"""
