//! Other people's proxies before an app, as `deploy/beside/` configures them, with a gateway beside them.

use crate::certificate::Certificate;
use crate::curl::Curl;
use crate::ports;
use crate::programs::{require, wait_up_to};
use std::fs::File;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Which proxy, and how it asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// nginx: `auth_request`.
    Nginx,
    /// Caddy: forward-auth.
    Caddy,
    /// Traefik: `ForwardAuth`.
    Traefik,
    /// Envoy: `ext_authz` over gRPC.
    Envoy,
    /// Envoy: `ext_authz` over HTTP.
    EnvoyHttp,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Nginx,
        Self::Caddy,
        Self::Traefik,
        Self::Envoy,
        Self::EnvoyHttp,
    ];

    const fn file(self) -> &'static str {
        match self {
            Self::Nginx => "nginx.conf",
            Self::Caddy => "Caddyfile",
            Self::Traefik => "traefik.yaml",
            Self::Envoy => "envoy.yaml",
            Self::EnvoyHttp => "envoy-http.yaml",
        }
    }
}

/// What a front stands before, in place of the addresses and names that the example has.
#[derive(Clone, Debug)]
pub struct Before<'a> {
    /// The host that clients call.
    pub host: &'a str,
    /// The app.
    pub app: SocketAddr,
    /// Where requests are asked about.
    pub authorize: SocketAddr,
    /// Where the gateway answers itself.
    pub gateway: SocketAddr,
    /// Other words for some of the example.
    pub replacing: &'a [(&'a str, &'a str)],
}

/// A running proxy; ends when dropped.
#[derive(Debug)]
pub struct Front {
    child: Child,
    address: SocketAddr,
    certificate: Certificate,
    directory: TempDir,
}

impl Front {
    /// Starts one where nobody listens yet.
    ///
    /// # Panics
    /// As for [`Front::start_at`].
    #[must_use]
    pub fn start(kind: Kind, before: &Before<'_>) -> Self {
        Self::start_at(ports::free(), kind, before)
    }

    /// Starts one, and waits until it takes connections.
    ///
    /// # Panics
    /// Where the program is missing, or does not come up; the message holds what it wrote.
    #[must_use]
    pub fn start_at(address: SocketAddr, kind: Kind, before: &Before<'_>) -> Self {
        let directory = TempDir::new().unwrap();
        let certificate = Certificate::make(directory.path(), &[before.host]);
        // Not by its own name: Traefik takes `traefik.yaml` for something else where it runs.
        let config = directory.path().join(format!("before-{}", kind.file()));
        std::fs::write(&config, configuration(kind, address, before, &certificate)).unwrap();
        let log = File::create(directory.path().join("log")).unwrap();
        let child = command(kind, &config, address, directory.path())
            .current_dir(directory.path())
            .env("HOME", directory.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut front = Self {
            child,
            address,
            certificate,
            directory,
        };
        let up = wait_up_to(START_LIMIT, || {
            let ended = front.child.try_wait().unwrap().is_some();
            let up = TcpStream::connect(address).is_ok() && front.knows_its_way(kind, before.host);
            (ended || up).then_some(up && !ended)
        });
        assert_eq!(up, Some(true), "{kind:?}: {}", front.log());
        front
    }

    /// Traefik takes connections before it has read where they lead.
    fn knows_its_way(&self, kind: Kind, host: &str) -> bool {
        kind != Kind::Traefik
            || Curl::get_tls(self.address, host, "/", self.authority())
                .header("Host", READY)
                .send()
                .status
                == 200
    }

    /// Where clients call.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate that clients trust.
    #[must_use]
    pub fn authority(&self) -> &Path {
        &self.certificate.cert
    }

    /// What it wrote to its output.
    ///
    /// # Panics
    /// Where that cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        let log = std::fs::read(self.directory.path().join("log")).unwrap();
        String::from_utf8_lossy(&log).into_owned()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn configuration(
    kind: Kind,
    address: SocketAddr,
    before: &Before<'_>,
    certificate: &Certificate,
) -> String {
    let example = root().join("deploy/beside").join(kind.file());
    let mut text = std::fs::read_to_string(&example)
        .unwrap_or_else(|error| panic!("{}: {error}", example.display()));
    let mut replace = |words: &str, by: &str| {
        assert!(text.contains(words), "{} lacks {words}", example.display());
        text = text.replace(words, by);
    };
    // Two at a time: the one may be what the other is to become.
    for (words, place) in [
        ("127.0.0.1:9001", "@app"),
        ("127.0.0.1:8446", "@authorize"),
        ("127.0.0.1:8443", "@gateway"),
    ] {
        if !matches!(kind, Kind::Envoy | Kind::EnvoyHttp) {
            replace(words, place);
        }
    }
    match kind {
        Kind::Envoy | Kind::EnvoyHttp => {
            for (port, by) in [
                (9001, before.app),
                (8443, before.gateway),
                (8446, before.authorize),
            ] {
                replace(
                    &format!("address: 127.0.0.1, port_value: {port} "),
                    &format!("address: 127.0.0.1, port_value: {} ", by.port()),
                );
            }
            replace(
                "address: 0.0.0.0, port_value: 443 ",
                &format!("address: 127.0.0.1, port_value: {} ", address.port()),
            );
        }
        Kind::Nginx | Kind::Caddy | Kind::Traefik => {
            replace("@app", &before.app.to_string());
            replace("@authorize", &before.authorize.to_string());
            replace("@gateway", &before.gateway.to_string());
        }
    }
    replace("payroll.contoso.com", before.host);
    if kind == Kind::Nginx {
        // In an expression, where the host is held against it.
        replace(r"payroll\.contoso\.com", &before.host.replace('.', r"\."));
    }
    let files = match kind {
        Kind::Nginx => "/etc/nginx/tls",
        Kind::Caddy => "/etc/caddy/tls",
        Kind::Traefik => "/etc/traefik/tls",
        Kind::Envoy | Kind::EnvoyHttp => "/etc/envoy/tls",
    };
    replace(
        &format!("{files}.crt"),
        &certificate.cert.display().to_string(),
    );
    replace(
        &format!("{files}.key"),
        &certificate.key.display().to_string(),
    );
    if kind == Kind::Nginx {
        replace("listen 443 ssl", &format!("listen {address} ssl"));
    }
    for (words, by) in before.replacing {
        replace(words, by);
    }
    around(kind, &text, address)
}

/// What the program needs besides the example, to run without rights and beside others.
fn around(kind: Kind, text: &str, address: SocketAddr) -> String {
    match kind {
        Kind::Nginx => format!(
            "daemon off; master_process off; pid nginx.pid; error_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n\
             client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n\
             {text}\n}}\n"
        ),
        Kind::Caddy => format!(
            "{{\n\tadmin off\n\tauto_https disable_redirects\n\thttp_port {http}\n\thttps_port {https}\n\tdefault_bind 127.0.0.1\n}}\n{text}",
            http = ports::free().port(),
            https = address.port(),
        ),
        Kind::Traefik => text.replacen(
            "  routers:\n",
            &format!(
                "  routers:\n    ready:\n      rule: Host(`{READY}`)\n      service: ping@internal\n      tls: {{}}\n"
            ),
            1,
        ),
        Kind::Envoy | Kind::EnvoyHttp => text.to_owned(),
    }
}

fn command(kind: Kind, config: &Path, address: SocketAddr, directory: &Path) -> Command {
    match kind {
        Kind::Nginx => {
            let mut command = Command::new(sbin("nginx"));
            command.arg("-p").arg(directory).arg("-c").arg(config);
            command
        }
        Kind::Caddy => {
            let mut command = Command::new(installed("caddy"));
            command.args(["run", "--adapter", "caddyfile", "--config"]);
            command.arg(config);
            command
        }
        Kind::Traefik => {
            let mut command = Command::new(installed("traefik"));
            command
                .arg(format!("--entrypoints.websecure.address={address}"))
                .arg(format!("--providers.file.filename={}", config.display()))
                .args([
                    "--global.checknewversion=false",
                    "--global.sendanonymoususage=false",
                    "--log.level=ERROR",
                    "--ping=true",
                    "--ping.manualrouting=true",
                ]);
            command
        }
        Kind::Envoy | Kind::EnvoyHttp => {
            let mut command = Command::new(installed("envoy/_bin/envoy"));
            command
                .args([
                    "--concurrency",
                    "1",
                    "--use-dynamic-base-id",
                    "--log-level",
                    "error",
                    "-c",
                ])
                .arg(config);
            command
        }
    }
}

/// Debian keeps servers where only root's path leads.
fn sbin(program: &str) -> PathBuf {
    let path = Path::new("/usr/sbin").join(program);
    if path.is_file() {
        path
    } else {
        require(program, "nginx-light")
    }
}

/// A program of a Python package, which one of these folders holds.
fn installed(program: &str) -> PathBuf {
    let environment = root().join("testkit/python/.venv");
    let libraries = std::fs::read_dir(environment.join("lib"));
    let libraries = libraries.into_iter().flatten().flatten();
    let packages = libraries.map(|library| library.path().join("site-packages"));
    std::iter::once(environment.join("bin"))
        .chain(packages)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("{program} is missing: run scripts/graph-sdk --with-proxies"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// A host that leads nowhere but to Traefik's own answer.
const READY: &str = "ready.example";

/// Some of them are large.
const START_LIMIT: Duration = Duration::from_secs(60);
