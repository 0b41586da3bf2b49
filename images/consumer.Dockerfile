# An instance in a VPC, for the rehearsal: curl, a shell, and nothing to do. Build it from the top folder:
#   docker build -f images/consumer.Dockerfile -t postern-consumer .
ARG BASE=debian:trixie-20251117-slim

# Only the lists of packages, so that another change of the Makefile does not install them anew.
FROM $BASE AS lists
COPY Makefile /lists/
RUN sed -i -n '/^PACKAGES_/p' /lists/Makefile

FROM $BASE
ARG SNAPSHOT=
COPY --from=lists /lists/Makefile /tmp/build/
COPY images/packages /tmp/build/
RUN cd /tmp/build && ./packages PACKAGES_CONSUMER && rm -rf /tmp/* /var/lib/apt/lists/*
USER 10004:10004
# Where its endpoint is.
ENV ENDPOINT=
HEALTHCHECK --interval=10s --timeout=5s \
    CMD ["bash", "-c", "exec curl --fail --silent --show-error --max-time 4 \"http://$ENDPOINT/healthz\""]
# sleep, as a container's first process, hears no other.
STOPSIGNAL SIGKILL
CMD ["sleep", "infinity"]
