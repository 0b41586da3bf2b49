# Prometheus, for the rehearsal's profile "observe": it scrapes the tasks and has the rules loaded. Build it from
# the top folder:
#   docker build -f images/prometheus.Dockerfile -t postern-prometheus .
ARG BASE=debian:trixie-20251117-slim

# Only the lists of packages, so that another change of the Makefile does not install them anew.
FROM $BASE AS lists
COPY Makefile /lists/
RUN sed -i -n '/^PACKAGES_/p' /lists/Makefile

FROM $BASE
ARG SNAPSHOT=
COPY --from=lists /lists/Makefile /tmp/build/
COPY images/packages /tmp/build/
RUN cd /tmp/build && ./packages PACKAGES_PROMETHEUS \
    && rm -rf /tmp/* /var/lib/apt/lists/* /var/lib/prometheus/* \
    && install -d -o 10006 -g 10006 -m 0700 /var/lib/prometheus/data
COPY images/prometheus/prometheus.yml webserver-conf/observe/rules.yml /etc/postern/
RUN chmod 0644 /etc/postern/* && promtool check config /etc/postern/prometheus.yml
VOLUME /var/lib/prometheus/data
USER 10006:10006
HEALTHCHECK --interval=5s --timeout=3s --retries=12 CMD ["bash", "-c", \
    "exec 3<>/dev/tcp/127.0.0.1/9090 && printf 'GET /-/ready HTTP/1.0\\r\\n\\r\\n' >&3 && read -rt 2 line <&3 && [[ $line == *' 200 '* ]]"]
# Three days are the longest window of a rule.
ENTRYPOINT ["prometheus", "--config.file=/etc/postern/prometheus.yml", "--storage.tsdb.path=/var/lib/prometheus/data", \
    "--storage.tsdb.retention.time=4d", "--web.listen-address=0.0.0.0:9090"]
