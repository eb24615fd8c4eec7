//! `crossgate.toml`.

use std::fmt::Write as _;
use std::net::SocketAddr;

use clap::{Args, ValueEnum};

use crate::{Fault, names};

/// What the gateway is told.
#[derive(Args)]
pub(crate) struct Configuration {
    /// Where the gateway listens
    #[arg(long, default_value = "127.0.0.1:8101")]
    listen: SocketAddr,
    /// Where it keeps room for the admin API
    #[arg(long, default_value = "127.0.0.1:8102")]
    admin: SocketAddr,
    /// Where its metrics and health are
    #[arg(long, default_value = "127.0.0.1:8103")]
    metrics: SocketAddr,
    /// Where the apps are, in turn; may be given more than once
    #[arg(long, default_value = "http://127.0.0.1:8100")]
    upstream: Vec<String>,
    /// TLS in front, with tls/cert.pem and tls/key.pem
    #[arg(long)]
    tls: bool,
    /// Apps, reached by app1.localhost, app2.localhost …; every token is good for each
    #[arg(long, default_value_t = 1)]
    pub(crate) apps: u64,
    /// Threads that serve requests; 0: one for each core
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// Which requests give an event
    #[arg(long, value_enum, default_value_t = SignIns::FirstThenCount)]
    sign_ins: SignIns,
    /// Where events go: `file:PATH` or `stdout`
    #[arg(long, default_value = "file:sign-ins.jsonl")]
    sink: String,
    /// How often keys/published.json is read again
    #[arg(long, default_value = "1h")]
    jwks_refresh: String,
    /// Shortest time between two readings that unknown key ids cause
    #[arg(long, default_value = "30s")]
    jwks_min_refresh: String,
    /// Verify each request, also by a token seen before
    #[arg(long)]
    no_token_cache: bool,
    /// Longest time that requests in flight may take at the end
    #[arg(long, default_value = "0s")]
    drain: String,
}

/// Which requests give an event.
#[derive(Clone, Copy, ValueEnum)]
enum SignIns {
    FirstThenCount,
    EveryRequest,
}

impl Configuration {
    pub(crate) fn toml(&self) -> Result<String, Fault> {
        let Self {
            listen,
            admin,
            metrics,
            workers,
            drain,
            sink,
            jwks_refresh,
            jwks_min_refresh,
            ..
        } = self;
        let tls = if self.tls {
            "[listen.tls]\ncert = \"tls/cert.pem\"\nkey = \"tls/key.pem\"\n"
        } else {
            ""
        };
        let cache = if self.no_token_cache {
            "token_cache = \"off\"\n"
        } else {
            ""
        };
        let mode = match self.sign_ins {
            SignIns::FirstThenCount => "first-then-count",
            SignIns::EveryRequest => "every-request",
        };
        let upstreams = format!("{:?}", self.upstream);
        let mut text = format!(
            r#"[tenant]
id = "{tenant}"
[listen]
proxy = ["{listen}"]
admin = "{admin}"
metrics = "{metrics}"
{tls}[runtime]
workers = {workers}
{cache}[shutdown]
drain = "{drain}"
[policy]
source = "dir:policy"
[jwks]
refresh = "{jwks_refresh}"
min_refresh_interval = "{jwks_min_refresh}"
[sign_ins]
mode = "{mode}"
sinks = ["{sink}"]
rotate_keep = 1
[[issuer]]
name = "entra"
kind = "entra"
jwks = "file:keys/published.json"
"#,
            tenant = names::TENANT,
        );
        for number in 1..=self.apps {
            write!(
                text,
                r#"[[app]]
id = "{id}"
name = "app {number}"
hosts = ["{host}"]
audiences = ["{audience}"]
upstreams = {upstreams}
"#,
                id = names::app(number),
                host = names::host(number),
                audience = names::AUDIENCE,
            )?;
        }
        Ok(text)
    }
}
