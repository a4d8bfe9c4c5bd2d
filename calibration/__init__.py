"""What the camera is: intrinsics, mounting, distance and bearing, colour and exposure.

The package holds what turns pixels into metres and degrees, and scores into probabilities. It
knows neither ``detector`` nor ``models``, opens no sockets and reads no clocks. Its contents
are still to come.
"""
