# PostgreSQL 17, for the rehearsal: its data and the application's password live in volumes. Build it
# from the top folder:
#   docker build -f images/postgres.Dockerfile -t postern-postgres .
ARG BASE=debian:trixie-20251117-slim

# Only the lists of packages, so that another change of the Makefile does not install them anew.
FROM $BASE AS lists
COPY Makefile /lists/
RUN sed -i -n '/^PACKAGES_/p' /lists/Makefile

FROM $BASE
ARG SNAPSHOT=
COPY --from=lists /lists/Makefile /tmp/build/
COPY images/packages /tmp/build/
# Group 10000 is the application's, which may read the password.
RUN groupadd --gid 10000 postern && groupadd --gid 10005 postgres \
    && useradd --uid 10005 --gid postgres --groups postern --no-create-home postgres \
    && cd /tmp/build && ./packages PACKAGES_POSTGRES \
    && rm -rf /tmp/* /var/lib/apt/lists/* /var/lib/postgresql/* \
    && install -d -o postgres -g postgres -m 0700 /var/lib/postgresql/data \
    && install -d -o postgres -g postern -m 0750 /var/lib/database-password
ENV PATH=/usr/lib/postgresql/17/bin:$PATH
COPY images/postgres/start /usr/local/bin/start
RUN chmod 0755 /usr/local/bin/start
VOLUME /var/lib/postgresql/data /var/lib/database-password
USER postgres
# The fast shutdown: sessions are ended, everything is written.
STOPSIGNAL SIGINT
HEALTHCHECK --interval=2s --timeout=3s --retries=30 \
    CMD ["pg_isready", "--quiet", "--host=127.0.0.1", "--username=postern", "--dbname=postern"]
CMD ["start"]
