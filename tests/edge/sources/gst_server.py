"""Real network cameras made of GStreamer; run by the system's Python, which has its bindings.

`python3 gst_server.py rtsp|ts FOLDER PORT` serves a folder's `000.jpg` and so on as H.264 at 20 frames a second, again
and again, over RTSP or as MPEG-TS over TCP, and prints the port; a free one for 0.
"""

import socket
import sys

import gi  # type: ignore[import-not-found]  # the system's Python has it

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402

kind, folder, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
Gst.init(None)
pictures = (
    f"multifilesrc location={folder}/%03d.jpg loop=true caps=image/jpeg,framerate=20/1 ! jpegdec ! videoconvert "
    "! video/x-raw,format=I420 ! identity sync=true ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 "
    "threads=1 "  # two would write slices, which rtph264pay marks as pictures of their own
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
