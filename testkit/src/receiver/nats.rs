//! NATS with JetStream. Asked by hand in its own protocol, a line of text each, and not by the library that is tested.

use super::{Program, Received};
use crate::certificate::Certificate;
use crate::ports;
use crate::programs::require;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// A running server with one stream.
#[derive(Debug)]
pub struct Nats {
    /// The program.
    pub program: Program,
    directory: TempDir,
    token: Option<String>,
}

impl Nats {
    /// Starts one without TLS, whose stream takes the subject `crossgate.sign-ins`.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(TempDir::new().unwrap(), "", None)
    }

    /// Starts one whose stream stores no message above this size, in bytes, though the server takes larger ones.
    #[must_use]
    pub fn start_with_stream_of(max_msg_size: u32) -> Self {
        let nats = Self::start();
        nats.change_stream(&json!({ "max_msg_size": max_msg_size }));
        nats
    }

    /// Sets the stream up anew, with these settings beside its own; what is left out is as the server has it.
    ///
    /// # Panics
    /// Where the server does not take that.
    pub fn change_stream(&self, settings: &Value) {
        let mut stream = stream();
        for (name, value) in settings.as_object().into_iter().flatten() {
            stream[name] = value.clone();
        }
        let changed = self
            .connect()
            .ask("$JS.API.STREAM.UPDATE.SIGN_INS", &stream);
        assert!(changed.get("error").is_none(), "{changed}");
    }

    /// Starts one that speaks TLS, for clients with a certificate of its authority and this token.
    #[must_use]
    pub fn start_secured(token: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let Certificate { cert, key } = Certificate::make(directory.path(), &["localhost"]);
        let (cert, key) = (cert.display(), key.display());
        // Plain is for who reads what has come: this test.
        let more = format!(
            "tls {{ cert_file: \"{cert}\", key_file: \"{key}\", ca_file: \"{cert}\" }}\nallow_non_tls: true\nauthorization {{ token: \"{token}\" }}\n"
        );
        Self::start_with(directory, &more, Some(token.to_owned()))
    }

    fn start_with(directory: TempDir, more: &str, token: Option<String>) -> Self {
        let address = ports::free();
        let config = directory.path().join("nats.conf");
        let store = directory.path().join("store");
        let text = format!(
            "listen: \"{address}\"\njetstream {{ store_dir: \"{}\" }}\nmax_payload: 100KB\n{more}",
            store.display()
        );
        std::fs::write(&config, text).unwrap();
        let arguments = vec!["-c".to_owned(), config.display().to_string()];
        let program = Program::start(server(), arguments, address, directory.path());
        let nats = Self {
            program,
            directory,
            token,
        };
        let made = nats
            .connect()
            .ask("$JS.API.STREAM.CREATE.SIGN_INS", &stream());
        assert!(made.get("error").is_none(), "{made}");
        nats
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

    /// What the stream has, in the order in which it was stored; `beside` are the headers.
    ///
    /// # Panics
    /// Where the server does not say.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        let mut connection = self.connect();
        let info = connection.ask("$JS.API.STREAM.INFO.SIGN_INS", &json!({}));
        let count = info["state"]["messages"]
            .as_u64()
            .unwrap_or_else(|| panic!("{info}"));
        connection.all("SIGN_INS", count)
    }

    fn connect(&self) -> Connection {
        Connection::open(self.address(), self.token.as_deref())
    }
}

/// A connection that asks one thing after the other.
struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    fn open(address: SocketAddr, token: Option<&str>) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let mut connection = Self {
            stream: BufReader::new(stream),
        };
        assert!(connection.line().starts_with("INFO "));
        let options = json!({
            "verbose": false, "pedantic": false, "headers": true, "no_responders": true, "auth_token": token,
        });
        connection.say(&format!(
            "CONNECT {options}\r\nSUB answers 1\r\nSUB messages 2\r\nPING\r\n"
        ));
        assert_eq!(connection.line(), "PONG");
        connection
    }

    fn ask(&mut self, subject: &str, question: &Value) -> Value {
        let question = question.to_string();
        self.say(&format!(
            "PUB {subject} answers {}\r\n{question}\r\n",
            question.len()
        ));
        let (_, payload) = self.message();
        serde_json::from_slice(&payload).unwrap_or_default()
    }

    /// All messages of a stream.
    fn all(&mut self, stream: &str, count: u64) -> Vec<Received> {
        let consumer = json!({
            "stream_name": stream,
            "config": {"deliver_subject": "messages", "ack_policy": "none", "deliver_policy": "all"},
        });
        let question = consumer.to_string();
        self.say(&format!(
            "PUB $JS.API.CONSUMER.CREATE.{stream} answers {}\r\n{question}\r\n",
            question.len()
        ));
        let mut all = Vec::new();
        // The answer to the question comes among them.
        while (all.len() as u64) < count {
            let (headers, payload) = self.message();
            if headers.is_null() {
                let answer: Value = serde_json::from_slice(&payload).unwrap_or_default();
                assert!(answer.get("error").is_none(), "{answer}");
                continue;
            }
            all.push(Received {
                event: serde_json::from_slice(&payload).unwrap(),
                beside: headers,
            });
        }
        all
    }

    /// The next message: its headers, null without any, and what is in it.
    fn message(&mut self) -> (Value, Vec<u8>) {
        loop {
            let line = self.line();
            let words: Vec<&str> = line.split(' ').collect();
            match words[0] {
                "PING" => self.say("PONG\r\n"),
                "MSG" => {
                    let length = words.last().unwrap().parse().unwrap();
                    return (Value::Null, self.bytes(length));
                }
                "HMSG" => {
                    let number = |back: usize| words[words.len() - back].parse::<usize>().unwrap();
                    let bytes = self.bytes(number(1));
                    let (head, payload) = bytes.split_at(number(2));
                    let head = String::from_utf8(head.to_vec()).unwrap();
                    let headers = head.lines().filter_map(|line| line.split_once(": "));
                    let headers: Value = headers
                        .map(|(name, value)| (name.to_owned(), json!(value)))
                        .collect::<serde_json::Map<_, _>>()
                        .into();
                    return (headers, payload.to_vec());
                }
                "-ERR" => panic!("{line}"),
                _ => {}
            }
        }
    }

    fn say(&mut self, words: &str) {
        self.stream.get_mut().write_all(words.as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length + 2];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes.truncate(length);
        bytes
    }
}

fn stream() -> Value {
    json!({"name": "SIGN_INS", "subjects": ["crossgate.sign-ins"], "storage": "file"})
}

fn server() -> PathBuf {
    let debian = Path::new("/usr/sbin/nats-server");
    if debian.is_file() {
        return debian.to_owned();
    }
    require("nats-server", "nats-server")
}
