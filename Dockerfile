# Two stages: the first builds, the second holds the program and the roots of trust, nothing else.
#
# Built by a profile: under load, on loopback, within the first stage. That takes a quarter of an hour; `--build-arg BUILD=release` takes
# the release as it is, whose requests cost a quarter more CPU.
FROM rust:1.95-bookworm AS build
ARG BUILD=profile-guided
RUN apt-get update \
    && apt-get install -y --no-install-recommends cmake nghttp2-client nginx-light python3 wrk \
    && rm -rf /var/lib/apt/lists/* \
    && rustup component add llvm-tools
WORKDIR /source
COPY . .
RUN case $BUILD in \
        profile-guided) scripts/profile-guided ;; \
        release) cargo build --release --locked --package crossgate --bin crossgate ;; \
        *) echo "BUILD: profile-guided or release" >&2; exit 1 ;; \
    esac \
    && strip --strip-debug -o crossgate "target/$BUILD/crossgate"

FROM debian:12-slim
# Certificates for fetching issuers' keys over TLS.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/crossgate --create-home crossgate
COPY --from=build /source/crossgate /usr/local/bin/crossgate
COPY LICENSE /usr/share/doc/crossgate/LICENSE
USER 10001:10001
WORKDIR /var/lib/crossgate
# Proxy, admin, and /metrics /livez /readyz.
EXPOSE 8443 8444 9464
# No HEALTHCHECK: the image has no HTTP client, and orchestrators ask /livez and /readyz of the metrics listener.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/crossgate"]
CMD ["run", "--config", "/etc/crossgate/crossgate.toml"]
