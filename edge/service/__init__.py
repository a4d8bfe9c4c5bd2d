"""The web service: pictures in, signs out, and the page for it. Needs the extra `web`.

    body -> picture -> crop or frame -> network, in batches -> answer

`edge.service.app` is the whole of it, `edge.service.console` the same page for a live run.
"""
