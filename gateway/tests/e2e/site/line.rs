//! A connection to the admin API that is kept, for tests of thousands of calls.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

/// A connection that is kept.
pub struct Line(BufReader<TcpStream>);

/// What came back.
#[derive(Debug)]
pub struct Told {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Told {
    /// The body as JSON; null where there is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// `request-id`.
    pub fn id(&self) -> String {
        self.headers["request-id"].clone()
    }
}

impl Line {
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// A call of a path with its version; changes are meant whomever they shut out.
    pub fn call(&mut self, token: &str, method: &str, path: &str, body: &str) -> Told {
        let meant = "Crossgate-Confirm-Lock-Out: true\r\n";
        self.call_with(token, method, path, meant, body)
    }

    /// A call with these header lines.
    pub fn call_with(
        &mut self,
        token: &str,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> Told {
        let authorization = match token {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        let length = body.len();
        let kind = if body.starts_with("version:") {
            "text/csv"
        } else {
            "application/json"
        };
        let request = format!(
            "{method} /{path} HTTP/1.1\r\nHost: localhost\r\n{authorization}Content-Type: {kind}\r\n\
             {headers}Content-Length: {length}\r\n\r\n{body}",
        );
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let status = self.line().split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = BTreeMap::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let is_chunked = headers.contains_key("transfer-encoding");
        let mut body = Vec::new();
        loop {
            let length = if is_chunked {
                usize::from_str_radix(&self.line(), 16).unwrap()
            } else {
                let length = headers.get("content-length");
                length.map_or(0, |length| length.parse().unwrap())
            };
            let begin = body.len();
            body.resize(begin + length, 0);
            self.0.read_exact(&mut body[begin..]).unwrap();
            if is_chunked {
                // Each chunk, the empty one at the end too, is followed by an empty line.
                let mut end = [0; 2];
                self.0.read_exact(&mut end).unwrap();
            }
            if !is_chunked || length == 0 {
                break;
            }
        }
        Told {
            status,
            headers,
            body: String::from_utf8(body).unwrap(),
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "closed");
        line.trim_end().to_owned()
    }
}
