# The web server: lighttpd in front of postern's socket. Build it from the top folder:
#   docker build -f images/web.Dockerfile -t postern-web .
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
RUN images/packages PACKAGES_RUN PACKAGES_MODULE
COPY webserver-conf/module/lighttpd-headers webserver-conf/module/
RUN webserver-conf/module/lighttpd-headers build/lighttpd
COPY Makefile LICENSE ./
COPY fcgi-app fcgi-app
COPY webserver-conf webserver-conf
RUN make -s -j"$(nproc)" web-programs \
        build/release/webserver-conf/mod_postern_vpce.so build/release/webserver-conf/mod_postern_errors.so \
        build/release/webserver-conf/mod_postern_limits.so build/release/webserver-conf/mod_postern_published.so \
        build/release/webserver-conf/mod_postern_trace.so \
    && cd build/release/webserver-conf \
    && install -s programs/web-health programs/web-log /usr/local/bin/ \
    && install -s mod_postern_vpce.so mod_postern_errors.so mod_postern_limits.so mod_postern_published.so mod_postern_trace.so \
        /usr/lib/lighttpd/
COPY images images
ARG SOURCE_DATE_EPOCH=0
RUN mkdir -p /root.web/etc/postern /mounts/run/postern /uploads/tmp \
    && (cd webserver-conf && cp -r lighttpd.conf postern.conf published.conf PROXY_PROTOCOL=*.conf errors /root.web/etc/postern/) \
    && modules=/usr/lib/lighttpd \
    && images/closure /root.web /usr/sbin/lighttpd /usr/local/bin/web-health /usr/local/bin/web-log \
        "$modules/mod_accesslog.so" "$modules/mod_extforward.so" \
        "$modules/mod_postern_vpce.so" "$modules/mod_postern_errors.so" "$modules/mod_postern_limits.so" \
        "$modules/mod_postern_published.so" "$modules/mod_postern_trace.so" \
    && images/finish /root.web \
    && chmod 0750 /mounts/run/postern \
    && chmod 0700 /uploads/tmp \
    && find /mounts /uploads -exec touch -d "@$SOURCE_DATE_EPOCH" {} +

FROM scratch
COPY --from=build /root.web/ /
# What a volume mounted there for the first time takes over: the application's, as in its own image.
COPY --from=build --chown=10001:10000 /mounts/run/ /run/
# Where uploads lie: Fargate knows no tmpfs, and gives a volume to root unless the image says otherwise.
COPY --from=build --chown=10002:10000 /uploads/ /
USER 10002:10000
ENV PORT=8080 \
    PROXY_PROTOCOL=off \
    POSTERN_SOCKET=/run/postern/postern.sock \
    ACCESS_LOG=|/usr/local/bin/web-log \
    ERROR_LOG=|/usr/local/bin/web-log \
    TZ=UTC
VOLUME /run/postern /tmp
EXPOSE 8080
# Finishes the requests under way; SIGTERM cuts them.
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --retries=3 \
    CMD ["/usr/local/bin/web-health"]
ENTRYPOINT ["/usr/sbin/lighttpd", "-D", "-f", "/etc/postern/lighttpd.conf"]
ARG BASE
ARG VERSION=
ARG REVISION=
ARG SOURCE=
LABEL org.opencontainers.image.title="Postern, the web server" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$REVISION" \
    org.opencontainers.image.source="$SOURCE" \
    org.opencontainers.image.licenses="BSD-3-Clause" \
    org.opencontainers.image.base.name="$BASE"
