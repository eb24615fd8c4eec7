//! rsyslog with TLS, by a configuration of its own and not as a service.

use super::{Program, Received};
use crate::certificate::Certificate;
use crate::ports;
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A running collector, which has written a message before it reads the next.
#[derive(Debug)]
pub struct Rsyslog {
    /// The program.
    pub program: Program,
    directory: TempDir,
}

impl Rsyslog {
    /// Starts one.
    ///
    /// # Panics
    /// Where it is not installed, or does not come up.
    #[must_use]
    pub fn start() -> Self {
        let directory = TempDir::new().unwrap();
        let Certificate { cert, key } = Certificate::make(directory.path(), &["localhost"]);
        let address = ports::free();
        let at = directory.path().display();
        let (cert, key, port) = (cert.display(), key.display(), address.port());
        let text = format!(
            r#"global(workDirectory="{at}" maxMessageSize="256k" net.enableDNS="off" defaultNetstreamDriver="ossl"
       defaultNetstreamDriverCAFile="{cert}" defaultNetstreamDriverCertFile="{cert}" defaultNetstreamDriverKeyFile="{key}")
main_queue(queue.type="Direct")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")
input(type="imtcp" address="127.0.0.1" port="{port}")
template(name="whole" type="string" string="%PRI%\t%TIMESTAMP:::date-rfc3339%\t%HOSTNAME%\t%APP-NAME%\t%MSGID%\t%STRUCTURED-DATA%\t%msg%\n")
action(type="omfile" file="{at}/messages" template="whole" asyncWriting="off" flushOnTXEnd="on")
"#
        );
        let config = directory.path().join("rsyslog.conf");
        std::fs::write(&config, text).unwrap();
        let program = PathBuf::from("/usr/sbin/rsyslogd");
        assert!(
            program.is_file(),
            "`rsyslogd` is missing: install the Debian packages `rsyslog` and `rsyslog-openssl`"
        );
        let id = directory.path().join("id");
        let arguments = [
            "-n",
            "-f",
            &config.display().to_string(),
            "-i",
            &id.display().to_string(),
        ]
        .map(str::to_owned);
        let program = Program::start(program, arguments.into(), address, directory.path());
        Self { program, directory }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.program.address()
    }

    /// The certificate that clients trust.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.directory.path().join("tls-cert.pem")
    }

    /// What it has written, in order; `beside` are the fields of the message. What it was killed in the middle of is no line.
    ///
    /// # Panics
    /// Where a message is not of its form.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        let text = std::fs::read_to_string(self.file()).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let lines = whole.lines().filter_map(|line| {
            let fields: Vec<&str> = line.splitn(7, '\t').collect();
            let message = fields.get(6)?.trim_start().trim_start_matches('\u{feff}');
            Some(Received {
                event: serde_json::from_str(message).ok()?,
                beside: json!({
                    "priority": fields[0], "time": fields[1], "host": fields[2], "app": fields[3], "id": fields[4], "data": fields[5],
                }),
            })
        });
        lines.collect()
    }

    fn file(&self) -> PathBuf {
        Path::new(self.directory.path()).join("messages")
    }
}
