//! Drives the `curl` program: the client most people hold in their hands.

use crate::programs::{self, require};
use serde_json::Value;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

/// A request being made.
#[derive(Clone, Debug)]
pub struct Curl {
    arguments: Vec<String>,
    body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status; 0 where none came.
    pub status: u16,
    /// Protocol version as curl tells it: `1.1`, `2`.
    pub version: String,
    /// Header lines of the last answer, names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// What curl complains about.
    pub complaint: String,
    /// From when the connection stood to the answer's end.
    pub waited: Duration,
}

impl Curl {
    /// A GET of `path` at `host`, which is taken to stand at `address`.
    #[must_use]
    pub fn get(address: SocketAddr, host: &str, path: &str) -> Self {
        Self::new("http", address, host, path)
    }

    /// The same over TLS; `authority` is the only certificate trusted.
    #[must_use]
    pub fn get_tls(
        address: SocketAddr,
        host: &str,
        path: &str,
        authority: &std::path::Path,
    ) -> Self {
        Self::new("https", address, host, path)
            .argument("--cacert")
            .argument(&authority.display().to_string())
    }

    fn new(scheme: &str, address: SocketAddr, host: &str, path: &str) -> Self {
        let port = address.port();
        Self {
            arguments: Vec::new(),
            body: Vec::new(),
        }
        // The path goes out as it stands, `..` and all.
        .argument("--path-as-is")
        .argument("--globoff")
        .argument("--connect-to")
        .argument(&format!("{host}:{port}:127.0.0.1:{port}"))
        .argument("--url")
        .argument(&format!("{scheme}://{host}:{port}{path}"))
    }

    /// Any argument of curl's own.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// A method other than GET.
    #[must_use]
    pub fn method(self, method: &str) -> Self {
        self.argument("--request").argument(method)
    }

    /// A header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        // `;` is how curl spells a header without a value.
        let line = if value.is_empty() {
            format!("{name};")
        } else {
            format!("{name}: {value}")
        };
        self.argument("--header").argument(&line)
    }

    /// A bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// A body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.argument("--data-binary").argument("@-")
    }

    /// Sends it and waits for the whole answer.
    ///
    /// # Panics
    /// Where curl is not installed.
    #[must_use]
    pub fn send(self) -> Answer {
        let headers = tempfile::NamedTempFile::new().unwrap();
        let body = tempfile::NamedTempFile::new().unwrap();
        let output = programs::run(
            Command::new(require("curl", "curl"))
                .args(["--silent", "--show-error", "--max-time", "60"])
                .args([
                    "--write-out",
                    "%{http_code} %{http_version} %{time_pretransfer} %{time_total}",
                ])
                .arg("--dump-header")
                .arg(headers.path())
                .arg("--output")
                .arg(body.path())
                .args(&self.arguments),
            &self.body,
        );
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut told = told.split(' ');
        let mut next = || told.next().unwrap_or_default();
        let (status, version) = (next().parse(), next().to_owned());
        let [sent, answered] = [next(), next()].map(|seconds| seconds.parse().unwrap_or(0.0));
        Answer {
            status: status.unwrap_or(0),
            version,
            waited: Duration::from_secs_f64(f64::max(answered - sent, 0.0)),
            headers: last_headers(&std::fs::read_to_string(headers.path()).unwrap_or_default()),
            body: std::fs::read(body.path()).unwrap_or_default(),
            complaint: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The same as a command a test reads from while it runs.
    ///
    /// # Panics
    /// Where curl is not installed.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(require("curl", "curl"));
        command
            .args(["--silent", "--show-error", "--no-buffer"])
            .args(&self.arguments);
        command
    }
}

impl Answer {
    /// A header's value; the first where there are several.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_values(name).first().copied()
    }

    /// Every value of a header.
    #[must_use]
    pub fn header_values(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// Where it is not; the message shows it.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The headers of the last answer: interim ones (`100 Continue`) come before it.
fn last_headers(dump: &str) -> Vec<(String, String)> {
    dump.split("\r\n\r\n")
        .filter(|block| block.starts_with("HTTP/"))
        .last()
        .unwrap_or("")
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect()
}
