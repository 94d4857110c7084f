# Footnote with its model: nothing is fetched and nothing but /data is written when it runs.
#
#     docker build -t footnote .
#     docker run --rm -it --read-only --tmpfs /tmp -v footnote:/data footnote
#
# The model is made ready for ONNX Runtime here. PyTorch, which does that, is then needed by nothing
# but a reranker and multilingual-e5-small, so the image has none; `--target complete` keeps it.
#
# Build arguments:
#   MODEL                 the encoder that is brought along, as in .env.example
#   EXTRAS                extras of pyproject.toml, separated by commas
#   PIP_INDEX_URL,
#   PIP_EXTRA_INDEX_URL   where pip looks for packages. With PyTorch's index of CPU builds as the
#                         extra one, no gigabytes of CUDA are fetched only to be thrown away. They
#                         can be read in the history of the stage that builds, so no passwords here.

FROM python:3.11-slim-bookworm AS base
ENV PATH=/opt/footnote/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ORT_DISABLE_TELEMETRY=1 \
    FOOTNOTE_DATA_DIR=/data \
    FOOTNOTE_MODELS_DIR=/opt/footnote/models \
    XDG_CACHE_HOME=/opt/footnote/cache
RUN groupadd --gid 10001 footnote \
    && useradd --uid 10001 --gid footnote --home-dir /data --no-create-home footnote \
    && install --directory --owner=footnote --group=footnote --mode=700 /data


FROM base AS installed
ARG EXTRAS=telemetry
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
# The packages in a layer of their own, which a change of the code leaves as it is.
COPY LICENSE README.md constraints.txt pyproject.toml ./
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv /opt/footnote \
    && pip install --upgrade pip --constraint constraints.txt \
    && pip install --only-deps ".[$EXTRAS]" --constraint constraints.txt
COPY bot bot
COPY retrieval retrieval
COPY seeds seeds
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install --no-deps . \
    && pip check
# The first question makes what would be made at the first start: the model and the language tables.
ARG MODEL=all-MiniLM-L6-v2
RUN FOOTNOTE_DATA_DIR=/tmp/data HF_HOME=/tmp/hub footnote ask "Does it run?" \
    && chmod --recursive a+rX "$FOOTNOTE_MODELS_DIR" "$XDG_CACHE_HOME"


FROM installed AS slim
# In a folder without the sources, so that it is the installed package that runs.
WORKDIR /opt/footnote
RUN python -m bot.deployment.packages "$EXTRAS" > /tmp/unneeded \
    && pip uninstall --yes --requirement /tmp/unneeded
# Again, now as whoever runs it does: with neither those packages nor the right to write.
USER 10001:10001
RUN FOOTNOTE_DATA_DIR=/tmp/asked footnote ask "Does it run without PyTorch?"


FROM base AS run
ARG MODEL=all-MiniLM-L6-v2
ENV MODEL=$MODEL
USER 10001:10001
WORKDIR /data
VOLUME /data
ENTRYPOINT ["footnote"]
CMD ["run"]


FROM run AS complete
# Where a reranker or another model is kept that is fetched by its name.
ENV HF_HOME=/data/hub
COPY --from=installed /opt/footnote /opt/footnote


FROM run
COPY --from=slim /opt/footnote /opt/footnote
