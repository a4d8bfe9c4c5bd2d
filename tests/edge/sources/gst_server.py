"""Real network cameras made of GStreamer; run by the system's Python, which has its bindings.

`python3 gst_server.py rtsp|ts WIDTH HEIGHT [PORT]` serves a test picture as H.264 at 20 frames a second, over RTSP or
as MPEG-TS over TCP, and prints the port.
"""

import socket
import sys

import gi  # type: ignore[import-not-found]  # the system's Python has it

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402

kind, width, height, port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int((*sys.argv, "0")[4])
Gst.init(None)
pictures = (
    f"videotestsrc is-live=true ! video/x-raw,format=I420,width={width},height={height},framerate=20/1 "
    "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 "
)
if kind == "rtsp":
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(port))
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(f"( {pictures} ! rtph264pay name=pay0 config-interval=-1 )")
    factory.set_shared(True)
    server.get_mount_points().add_factory("/front", factory)
    server.attach(None)
    port = server.get_bound_port()
else:
    if not port:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
    pipeline = Gst.parse_launch(f"{pictures} ! mpegtsmux ! tcpserversink host=127.0.0.1 port={port}")
    pipeline.set_state(Gst.State.PLAYING)
print(port, flush=True)
GLib.MainLoop().run()
