# Images of Signwatch; docs/deploy.md tells how they are built and run.
#
#   docker build --target edge -t signwatch:edge .                   reads cameras and publishes signs, with LiteRT
#   docker build --target service -t signwatch:service .             serves the page and the HTTP interface
#   docker build --target model-server -t signwatch:model-server .   runs the network for services elsewhere
#   docker build --target train -t signwatch:train .                 trains, evaluates and exports
#
# Python packages are those of requirements/*.txt. For the same system packages each time, give the base by its digest:
# --build-arg BASE=docker.io/library/debian@sha256:…
ARG BASE=docker.io/library/debian:bookworm-slim

FROM ${BASE} AS python
# Debian takes old versions away when new ones come, so pinning them would only break the build.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --groups video --home-dir /nonexistent --shell /usr/sbin/nologin signwatch \
    && install -d -o signwatch -g signwatch /work
# Machine code is compiled when the image is built, for any processor of its kind: in these loops that costs no time.
ENV PATH=/opt/signwatch/bin:$PATH \
    NUMBA_CACHE_DIR=/tmp/compiled \
    NUMBA_CPU_FEATURES="" \
    NUMBA_CPU_NAME=generic \
    PYTHONUNBUFFERED=1

FROM python AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m venv /opt/signwatch
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY scripts/deploy/image/install ./image/
COPY requirements/run.txt ./requirements/
RUN image/install run
COPY scripts/deploy/image/ ./image/
COPY requirements/ ./requirements/
COPY LICENSE README.md pyproject.toml setup.cfg ./
COPY calibration/ ./calibration/
COPY detector/ ./detector/
COPY edge/ ./edge/
COPY models/ ./models/

FROM build AS edge-build
RUN image/finish

FROM build AS service-build
RUN image/install service && image/finish

FROM build AS train-packages
RUN image/install train

FROM train-packages AS train-build
RUN image/finish

FROM train-packages AS model
RUN pip install --no-deps --no-build-isolation . \
    && signwatch export --format saved-model --out /model

FROM build AS model-server-build
RUN rm -rf /opt/signwatch && python3 -m venv /opt/signwatch && image/install model-server

FROM python AS edge
COPY --from=edge-build /opt/signwatch /opt/signwatch
USER 10001
WORKDIR /work
ENTRYPOINT ["start", "signwatch"]
CMD ["--help"]
# Health is published once a second, whether or not a camera gives pictures.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s \
    CMD ["signwatch", "listen", "--topic", "health", "--count", "1", "--timeout", "5"]

FROM python AS service
COPY --from=service-build /opt/signwatch /opt/signwatch
USER 10001
WORKDIR /work
EXPOSE 8080
ENTRYPOINT ["start", "signwatch"]
CMD ["serve"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:8080/healthz', timeout=3)"]

FROM python AS train
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=train-build /opt/signwatch /opt/signwatch
# What TensorFlow frees is asked for again at the next step; glibc would map and clear it anew each time.
ENV HOME=/tmp \
    MALLOC_MMAP_THRESHOLD_=4000000000 \
    MALLOC_TRIM_THRESHOLD_=8000000000
USER 10001
WORKDIR /work
ENTRYPOINT ["start", "signwatch"]
CMD ["--help"]
# It does a job and ends; there is nothing to look after.
HEALTHCHECK NONE

FROM python AS model-server
COPY --from=model-server-build /opt/signwatch /opt/signwatch
COPY scripts/deploy/model_server.py /opt/signwatch/
COPY --from=model /model/saved_model /opt/signwatch/saved_model
ENV HOME=/tmp
USER 10001
WORKDIR /work
EXPOSE 8080 8081
ENTRYPOINT ["python", "/opt/signwatch/model_server.py", "/opt/signwatch/saved_model"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:8080/v2/health/ready', timeout=3)"]
