"""What `signwatch bench service` compares with: a server that loads the network for each request, for Keras' predict.

As a program, `python -m edge.cli.reloading_server FOLDER`; it prints where it serves.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from detector.crops import cut_crop
from edge.cli.heavy import load_tensorflow
from models.errors import ModelError
from models.pictures import CROP_SIZE_PX, decode_bgr
from models.weights_record import KERAS


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    weights: Path

    def do_GET(self) -> None:
        """Say that it is ready."""
        self._answer({"status": "ok"})

    def do_POST(self) -> None:
        """Read one picture."""
        import keras

        picture = decode_bgr(self.rfile.read(int(self.headers["Content-Length"])), "the picture")
        height, width = picture.shape[:2]
        crop = cut_crop(picture, (0.0, 0.0, width, height), 0.0, CROP_SIZE_PX)
        model = keras.models.load_model(self.weights, compile=False)
        logits = model.predict(crop[None].astype("float32"), verbose=0)
        self._answer({"class_index": int(logits[0, :-1].argmax())})

    def log_message(self, *_: object) -> None:
        """Nobody asked."""

    def _answer(self, found: dict[str, object]) -> None:
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(folder: Path) -> None:
    """Serve until the process is ended. Raises ModelError where TensorFlow isn't installed."""
    load_tensorflow("loading the network for each request")
    _Handler.weights = folder / KERAS
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    print(f"serving on http://127.0.0.1:{server.server_address[1]}/", file=sys.stderr, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except ModelError as error:
        sys.exit(str(error))
