# docker compose up, or docker build -t lenet-playground . && docker run --rm -p 7860:7860 lenet-playground
FROM python:3.12-slim

RUN useradd --create-home --uid 1000 lenet
WORKDIR /home/lenet/app

# Before the code, so that a change of the code does not install everything again.  PyTorch for processors has a local
# version, 2.x+cpu, which pip prefers to the one of the same number for GPUs: that one would take 5 GB.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY requirements.txt requirements.lock ./
RUN pip install --no-cache-dir --extra-index-url $TORCH_INDEX -r requirements.txt -c requirements.lock

COPY --chown=lenet . .
# Where data sets live.  A volume that is new takes over whose this folder is.
RUN mkdir /home/lenet/data && chown lenet . /home/lenet/data
USER lenet

ENV GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    GRADIO_ANALYTICS_ENABLED=False \
    HF_HUB_DISABLE_TELEMETRY=1 \
    LENET_DATA=/home/lenet/data
EXPOSE 7860
VOLUME /home/lenet/data
# Python, for the image has no curl.  The first start imports PyTorch: 10 s on two cores.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as u; u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['GRADIO_SERVER_PORT'], timeout=9)"]
CMD ["python", "app.py"]
