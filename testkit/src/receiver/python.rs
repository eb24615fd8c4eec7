//! Receivers in Python: OpenTelemetry's own messages with gRPC's own server, and HTTP in the way of Azure Monitor's Logs Ingestion API.

use super::{Program, Received};
use crate::certificate::Certificate;
use crate::ports;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A running `receivers.py`.
#[derive(Debug)]
pub struct Python {
    /// The program.
    pub program: Program,
    directory: TempDir,
    grpc: SocketAddr,
}

impl Python {
    /// Starts one, with TLS or without.
    ///
    /// # Panics
    /// Where its packages are missing, or it does not come up.
    #[must_use]
    pub fn start(secured: bool) -> Self {
        let directory = TempDir::new().unwrap();
        let Certificate { cert, key } = Certificate::make(directory.path(), &["localhost"]);
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("python/.venv/bin/python");
        assert!(
            root.join("python/.venv/requirements-otlp.done").is_file(),
            "OpenTelemetry's messages for Python are missing: run scripts/graph-sdk --with-otlp"
        );
        let (http, grpc) = (ports::free(), ports::free());
        let tls = secured.then(|| json!({"cert": cert, "key": key}));
        let settings = json!({
            "http": http.port(), "grpc": grpc.port(), "file": directory.path().join("events"),
            "control": directory.path().join("control"), "tls": tls,
        });
        let arguments = vec![
            root.join("python/receivers.py").display().to_string(),
            settings.to_string(),
        ];
        let program = Program::start(python, arguments, http, directory.path());
        Self {
            program,
            directory,
            grpc,
        }
    }

    /// Where HTTP is served.
    #[must_use]
    pub const fn http(&self) -> SocketAddr {
        self.program.address()
    }

    /// Where gRPC is served.
    #[must_use]
    pub const fn grpc(&self) -> SocketAddr {
        self.grpc
    }

    /// The certificate that clients trust.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.directory.path().join("tls-cert.pem")
    }

    /// Has it answer differently from now on: `{"poison": TEXT}` refuses for good what has these words, `{"answers": [{"status", "headers"}]}` are
    /// the next answers over HTTP, `{"partly": N}` takes all but so many of the next request of OpenTelemetry, `{"pace": SECONDS}` has it think as long
    /// about each event of OpenTelemetry.
    ///
    /// # Panics
    /// Where the file cannot be written.
    pub fn control(&self, words: &Value) {
        let new = self.directory.path().join("control.new");
        std::fs::write(&new, words.to_string()).unwrap();
        std::fs::rename(new, self.directory.path().join("control")).unwrap();
    }

    /// What came by `otlp-grpc`, `otlp-http` or `http`, in order; `beside` has attributes, or the headers of the request.
    ///
    /// # Panics
    /// Where a line is not JSON.
    #[must_use]
    pub fn received(&self, by: &str) -> Vec<Received> {
        let text = std::fs::read_to_string(self.directory.path().join("events"));
        let text = text.unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let lines = whole.lines().filter_map(|line| {
            // Killed in the middle of a write, it goes on behind that.
            let mut line: Value = serde_json::from_str(line).ok()?;
            (line["by"] == by).then(|| Received {
                event: line["event"].take(),
                beside: line["beside"].take(),
            })
        });
        lines.collect()
    }
}
