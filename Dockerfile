# docker build -t lenet-playground . && docker run --rm -p 7860:7860 -v lenet-data:/home/lenet/data lenet-playground
FROM python:3.12-slim

RUN useradd --create-home --uid 1000 lenet
WORKDIR /home/lenet/app

# Before the code, so that a change of the code does not install everything again.
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt

COPY --chown=lenet . .
# Where data sets live.  A volume that is new takes over whose this folder is.
RUN mkdir /home/lenet/data && chown lenet . /home/lenet/data
USER lenet

ENV GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    GRADIO_ANALYTICS_ENABLED=False \
    LENET_DATA=/home/lenet/data
EXPOSE 7860
CMD ["python", "app.py"]
