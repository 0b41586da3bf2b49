# HAProxy 3.0, which stands in for the load balancer and for PrivateLink's endpoints in the rehearsal.
# The command names which: nlb.cfg or endpoint.cfg. Build it from the top folder:
#   docker build -f images/haproxy.Dockerfile -t postern-haproxy .
ARG BASE=debian:trixie-20251117-slim

# Only the lists of packages, so that another change of the Makefile does not install them anew.
FROM $BASE AS lists
COPY Makefile /lists/
RUN sed -i -n '/^PACKAGES_/p' /lists/Makefile

FROM $BASE
ARG SNAPSHOT=
COPY --from=lists /lists/Makefile /tmp/build/
COPY images/packages /tmp/build/
RUN cd /tmp/build && ./packages PACKAGES_HAPROXY && rm -rf /tmp/* /var/lib/apt/lists/*
COPY images/haproxy /etc/postern
RUN chmod 0644 /etc/postern/*
USER 10003:10003
# Takes no more connections and lets those under way end, for hard-stop-after at most.
STOPSIGNAL SIGUSR1
HEALTHCHECK --interval=5s --timeout=3s CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/8404 && printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3 && read -rt 2 line <&3 && [[ $line == *' 200 '* ]]"]
WORKDIR /etc/postern
ENTRYPOINT ["haproxy", "-db", "-f", "common.cfg", "-f"]
CMD ["nlb.cfg"]
