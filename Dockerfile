# Two stages: the first builds, the second holds the program and the roots of trust, nothing else.
FROM rust:1.95-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends cmake \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN cargo build --release --locked --package crossgate --bin crossgate \
    && strip --strip-debug target/release/crossgate

FROM debian:12-slim
# Certificates for fetching issuers' keys over TLS.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/crossgate --create-home crossgate
COPY --from=build /source/target/release/crossgate /usr/local/bin/crossgate
COPY LICENSE /usr/share/doc/crossgate/LICENSE
USER 10001:10001
WORKDIR /var/lib/crossgate
# Proxy, admin, and /metrics /livez /readyz.
EXPOSE 8443 8444 9464
# No HEALTHCHECK: the image has no HTTP client, and orchestrators ask /livez and /readyz of the metrics listener.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/crossgate"]
CMD ["run", "--config", "/etc/crossgate/crossgate.toml"]
