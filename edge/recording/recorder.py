"""The thread that records: it takes what it is handed, and never holds up who hands it over.

What doesn't fit into its queue, and what the disk doesn't take, is left out and counted. A disk that is full or gone is
tried again for ever.
"""

import errno
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import cv2

from edge.errors import MessageError
from edge.frame import Frame
from edge.messages import INFO_TOPIC, SCHEMAS, FrameMessage, decode_topic
from edge.recording.file import RecordingFile
from edge.recording.gate import EventGate
from edge.recording.layout import IMAGE_PREFIX, IMAGE_SCHEMA, NS, Entry, encode_image
from edge.recording.settings import RecordingSettings
from edge.recording.shelf import Shelf

MAX_QUEUE_BYTES = 64 * 2**20
"""Of what waits for the thread: 24 pictures of 1280x720, most of a second."""
FLUSH_S = 1.0
"""So much is lost at most when the power goes."""
RETRY_S = 5.0
"""Between two tries at a disk that took nothing."""
ROOM_SHARE = 1 / 8
"""Of a file, that must be free before a full disk is tried again: what was cut off there left a little room."""
TELL_AGAIN_S = 60.0
"""The same fault is not told again before, in a log that is on a disk too."""
LATELY_S = 5.0
"""For so long after something was left out, recording counts as failing."""
CLOSE_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class _Picture:
    frame: Frame
    camera: str
    reason: bool
    """A confirmed sign is in it."""


class Recorder:
    """Records what it is handed, in a thread of its own; a context manager.

    Args:
        settings: What is recorded, and where.
        report: Is told, from the recording thread, when recording fails and when it goes on: one line, and equal
            faults in a row once.

    Raises:
        SinkError: Where the folder can't be made, or another process records into it.

    Attributes:
        folder: Where to.
        recorded: Messages and pictures that are on the disk.
        unrecorded: Those that should be and are not.
    """

    def __init__(self, settings: RecordingSettings, report: Callable[[str], None]) -> None:
        self.folder = settings.folder
        self.recorded = 0
        self.unrecorded = 0
        self._settings = settings
        self._report = report
        self._shelf = Shelf(settings.folder, settings.quota_bytes)
        room_bytes = self._shelf.kept_bytes + self._shelf.free_bytes
        if room_bytes < settings.quota_bytes:
            report(
                f"{self.folder}: the disk has room for {room_bytes / 1e6:.0f} MB of recordings, less than their quota "
                f"of {settings.quota_bytes / 1e6:.0f} MB; when it is full, nothing more is recorded"
            )
        self._gate = None if settings.everything else EventGate(settings.before_s, settings.after_s)
        self._queue: deque[Entry | _Picture] = deque()
        self._queue_bytes = 0
        self._changed = threading.Condition()
        self._ending = False
        self._file: RecordingFile | None = None
        self._unsafe = 0
        """Entries written since the last flush."""
        self._flushed_ns = 0
        self._fault: str | None = None
        self._is_full = False
        self._retry_ns = 0
        self._told = False
        self._told_fault: str | None = None
        self._told_ns = 0
        self._left_out_ns: int | None = None
        self._told_slow = False
        self._infos: dict[str, Entry] = {}
        self._thread = threading.Thread(target=self._run, name="record", daemon=True)
        self._thread.start()

    @property
    def failing(self) -> bool:
        """Whether something was left out lately, or the disk takes nothing."""
        left_out_ns = self._left_out_ns
        lately = left_out_ns is not None and time.monotonic_ns() - left_out_ns < LATELY_S * NS
        return lately or self._fault is not None

    def note(self, topic: bytes, payload: bytes) -> None:
        """Record a message that is being published; from any thread."""
        entry = Entry(topic.decode(), SCHEMAS[topic], payload, time.monotonic_ns(), time.time_ns())
        self._hand_over(entry, len(payload))

    def keep(self, frame: Frame, message: FrameMessage) -> None:
        """Record a frame that was read, with its message; from any thread. The picture is not copied."""
        reason = any(sign.state == "confirmed" for sign in message.signs)
        self._hand_over(_Picture(frame, message.source, reason), frame.image.nbytes)

    def close(self) -> None:
        """Write what waits, end the file, and let go of the folder; gives up on a disk that hangs."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join(CLOSE_PATIENCE_S)

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hand_over(self, item: Entry | _Picture, size: int) -> None:
        with self._changed:
            if self._queue_bytes + size <= MAX_QUEUE_BYTES and self._thread.is_alive():
                self._queue.append(item)
                self._queue_bytes += size
                self._changed.notify()
                return
        self._leave_out(1)
        if not self._told_slow:
            self._told_slow = True
            self._report(f"{self.folder}: recording is too slow; what doesn't fit is left out and counted")

    def _run(self) -> None:
        try:
            while (item := self._next()) is not None or not self._ending:
                if item is not None:
                    self._take(item)
                self._keep_in_order()
        except Exception as error:  # a defect here must not be silent, and must not be felt anywhere else
            self._report(f"{self.folder}: nothing is recorded any more ({error!r})")
        finally:
            self._end_file()
            self._shelf.close()

    def _next(self) -> Entry | _Picture | None:
        """What waited longest; None where nothing came for a while, or nothing more will."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._ending, FLUSH_S)
            if not self._queue:
                return None
            item = self._queue.popleft()
            self._queue_bytes -= _size(item)
            return item

    def _keep_in_order(self) -> None:
        now_ns = time.monotonic_ns()
        if self._file is not None and now_ns - self._file.began_ns >= self._settings.file_s * NS:
            self._end_file()
        elif now_ns - self._flushed_ns >= FLUSH_S * NS:
            self._flush()

    def _take(self, item: Entry | _Picture) -> None:
        reason = isinstance(item, _Picture) and item.reason
        entry = self._compressed(item) if isinstance(item, _Picture) else item
        if entry is None:
            self._leave_out(1)
            return
        for kept in [entry] if self._gate is None else self._gate.take(entry, reason=reason):
            self._write(kept)
        if entry.topic == INFO_TOPIC.decode():
            self._note_info(entry)

    def _compressed(self, picture: _Picture) -> Entry | None:
        frame = picture.frame
        try:
            done, jpeg = cv2.imencode(".jpg", frame.image, [cv2.IMWRITE_JPEG_QUALITY, self._settings.jpeg_quality])
        except cv2.error:  # JPEG's sides end at 65,535 px
            return None
        if not done:
            return None
        return Entry(
            IMAGE_PREFIX + picture.camera,
            IMAGE_SCHEMA,
            encode_image(picture.camera, frame.captured_ns, jpeg.tobytes()),
            frame.captured_monotonic_ns,
            frame.captured_ns,
            frame.number % 2**32,
        )

    def _note_info(self, entry: Entry) -> None:
        """What publishes stands at the beginning of each file, so that each can be read by itself."""
        try:
            self._infos[decode_topic(INFO_TOPIC, entry.data).source] = entry
        except MessageError:
            return

    def _write(self, entry: Entry) -> None:
        if self._fault is not None and not self._may_try_again():
            self._leave_out(1)
            return
        try:
            if self._file is not None and self._file.size >= self._settings.file_bytes:
                self._end_file()
            self._unsafe += 1
            file = self._file or self._begin_file()
            file.write(entry)
        except OSError as error:
            self._give_up(error)

    def _may_try_again(self) -> bool:
        now_ns = time.monotonic_ns()
        if now_ns < self._retry_ns:
            return False
        if self._file is not None or not self._is_full:
            return True
        self._retry_ns = now_ns + round(RETRY_S * NS)
        return self._shelf.free_bytes >= ROOM_SHARE * self._settings.file_bytes

    def _begin_file(self) -> RecordingFile:
        now_ns, unix_ns = time.monotonic_ns(), time.time_ns()
        self._shelf.make_room(self._settings.file_bytes)
        self._file = RecordingFile(self._shelf.next_path(unix_ns), unix_ns, now_ns)
        self._flushed_ns = now_ns
        for info in self._infos.values():
            self._file.write(Entry(info.topic, info.schema, info.data, now_ns, info.unix_ns))
        return self._file

    def _flush(self) -> None:
        self._flushed_ns = time.monotonic_ns()
        if self._file is None or not self._unsafe:
            return
        try:
            self._file.flush()
        except OSError as error:
            self._give_up(error)
            return
        self._note_safe()

    def _end_file(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.close()
        except OSError as error:
            self._file = file
            self._give_up(error)
            return
        self._shelf.keep(file.path)
        self._note_safe()

    def _note_safe(self) -> None:
        self.recorded += self._unsafe
        self._unsafe = 0
        if self._fault is not None and self._told:
            self._report(f"{self.folder}: recording goes on; {self.unrecorded} entries were left out so far")
        self._fault = None

    def _give_up(self, error: OSError) -> None:
        """The disk takes nothing: keep what is safe, and try a new file later."""
        file, self._file = self._file, None
        if file is not None:
            file.abandon()
            self._shelf.keep(file.path)
        self._leave_out(self._unsafe)
        self._unsafe = 0
        now_ns = time.monotonic_ns()
        self._retry_ns = now_ns + round(RETRY_S * NS)
        self._is_full = error.errno == errno.ENOSPC
        fault = error.strerror or str(error)
        if fault == self._fault:
            return
        self._fault = fault
        self._told = fault != self._told_fault or now_ns - self._told_ns > TELL_AGAIN_S * NS
        if self._told:
            self._told_fault, self._told_ns = fault, now_ns
            self._report(f"{self.folder}: nothing is recorded ({fault}); trying again until it is")

    def _leave_out(self, count: int) -> None:
        if count:
            with self._changed:
                self.unrecorded += count
            self._left_out_ns = time.monotonic_ns()


def _size(item: Entry | _Picture) -> int:
    return item.frame.image.nbytes if isinstance(item, _Picture) else len(item.data)
