# The application: postern, and nothing it does not run. Build it from the top folder:
#   docker build -f images/app.Dockerfile -t postern-app .
# To build on one exact image: --build-arg BASE=debian@sha256:…
ARG BASE=debian:trixie-20251117-slim

# Only the lists of packages, so that another change of the Makefile does not install them anew.
FROM $BASE AS lists
COPY Makefile /lists/
RUN sed -i -n '/^PACKAGES_/p' /lists/Makefile

FROM $BASE AS build
ARG SNAPSHOT=
WORKDIR /src
COPY images/packages images/
COPY --from=lists /lists/Makefile ./
RUN images/packages PACKAGES_BUILD
COPY Makefile LICENSE ./
COPY fcgi-app fcgi-app
ARG REVISION=
RUN make -s -j"$(nproc)" build/release/postern REVISION="$REVISION" \
    && install -s build/release/postern /usr/local/bin/
COPY images images
ARG SOURCE_DATE_EPOCH=0
RUN mkdir -p /root.app/etc/postern/ca /mounts/run/postern /mounts/var/lib/postern \
    && find images/ca -name '*.pem' -exec cp {} /root.app/etc/postern/ca/ \; \
    && images/closure /root.app /usr/local/bin/postern \
    && images/finish /root.app \
    && chmod 0750 /mounts/run/postern /mounts/var/lib/postern \
    && find /mounts -exec touch -d "@$SOURCE_DATE_EPOCH" {} +

FROM scratch
COPY --from=build /root.app/ /
# What a volume mounted there for the first time takes over.
COPY --from=build --chown=10001:10000 /mounts/run/ /run/
COPY --from=build --chown=10001:10000 /mounts/var/lib/ /var/lib/
USER 10001:10000
ENV POSTERN_SOCKET=/run/postern/postern.sock \
    DATABASE_URL=sqlite:/var/lib/postern/postern.db \
    TZ=UTC
VOLUME /run/postern
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --retries=3 \
    CMD ["/usr/local/bin/postern", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/postern"]
CMD ["serve"]
ARG BASE
ARG VERSION=
ARG REVISION=
ARG SOURCE=
LABEL org.opencontainers.image.title="Postern, the application" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$REVISION" \
    org.opencontainers.image.source="$SOURCE" \
    org.opencontainers.image.licenses="BSD-3-Clause" \
    org.opencontainers.image.base.name="$BASE"
