"""What is in a request's body: a picture as it is, or pictures as the files of a form."""

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from edge.service.answering import Unanswered

FORM = "multipart/form-data"
MOST_FIELDS = 16
"""Of a form, beside its files."""
FIELD_BYTES = 4096


class _InMemory(MultiPartParser):
    spool_max_size = 2**31
    """The body is limited already, and a service may run where no disk can be written."""


async def one_picture(request: Request) -> bytes:
    """The bytes of the one picture in a request. Raises Unanswered."""
    if not _is_form(request):
        return await request.body()
    files = await _files(request, 1)
    return files[0][1]


async def several_pictures(request: Request, most: int) -> list[tuple[str, bytes]]:
    """Name and bytes of each picture in a form. Raises Unanswered."""
    if not _is_form(request):
        raise Unanswered(415, f"send the pictures as the files of a form ({FORM})")
    return await _files(request, most)


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith(FORM)


async def _files(request: Request, most: int) -> list[tuple[str, bytes]]:
    parser = _InMemory(
        request.headers, request.stream(), max_files=most, max_fields=MOST_FIELDS, max_part_size=FIELD_BYTES
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        status = 422 if error.message.startswith("Too many") else 400
        raise Unanswered(status, f"the form can't be read: {error.message}") from error
    uploads = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    files = [(upload.filename or "", await upload.read()) for upload in uploads]
    await form.close()
    if not files:
        raise Unanswered(400, "there is no file in the form")
    return files
