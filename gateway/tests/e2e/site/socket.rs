//! Connections that are kept open: a WebSocket, and an answer that does not end.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread::JoinHandle;
use std::time::Duration;

use super::{PAYROLL_HOST, Site};

/// An open connection, read as it comes.
pub struct Open(TcpStream);

/// What came to its end.
#[derive(Debug)]
pub struct Frame {
    /// 1 for text, 8 for the last one.
    pub kind: u8,
    pub payload: Vec<u8>,
}

impl Frame {
    /// Code and reason of a last one.
    pub fn closing(&self) -> (u16, &str) {
        assert_eq!(self.kind, 8, "{self:?}");
        let code = u16::from_be_bytes([self.payload[0], self.payload[1]]);
        (code, std::str::from_utf8(&self.payload[2..]).unwrap())
    }
}

impl Site {
    /// Asks for something that goes on, and answers once the head of the answer came, with that head.
    pub fn begin(&self, token: &str, request: &str, headers: &str) -> (Open, String) {
        let mut open = self.send_off(token, request, headers);
        let head = open.head();
        (open, head)
    }

    /// The same without waiting for an answer.
    pub fn send_off(&self, token: &str, request: &str, headers: &str) -> Open {
        self.send_whole(token, request, headers, "")
    }

    /// The same with a body, which comes together with the head.
    pub fn send_whole(&self, token: &str, request: &str, headers: &str, body: &str) -> Open {
        let stream = TcpStream::connect(self.gateway.proxy()).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut open = Open(stream);
        let authorization = match token {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        let head = format!(
            "{request} HTTP/1.1\r\nHost: {PAYROLL_HOST}\r\n{authorization}{headers}\r\n{body}"
        );
        open.0.write_all(head.as_bytes()).unwrap();
        open
    }

    /// An open WebSocket whose other end sends back what it gets.
    pub fn socket(&self, token: &str) -> Open {
        let (open, head) = self.begin(token, "GET /socket", UPGRADE);
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        open
    }
}

impl Open {
    fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.bytes::<1>().unwrap()[0]);
        }
        String::from_utf8(head).unwrap()
    }

    fn bytes<const N: usize>(&mut self) -> std::io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    pub fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes)
    }

    /// Writes without end, on a thread of its own, until that fails.
    pub fn keep_writing(&self) -> JoinHandle<std::io::Error> {
        let mut stream = self.0.try_clone().unwrap();
        std::thread::spawn(move || {
            loop {
                if let Err(why) = stream.write_all(&[b'x'; 64 * 1024]) {
                    return why;
                }
            }
        })
    }

    /// Waits until these words came.
    pub fn read_until(&mut self, words: &str) -> String {
        let mut read = Vec::new();
        while !String::from_utf8_lossy(&read).contains(words) {
            let byte = self.bytes::<1>();
            let byte =
                byte.unwrap_or_else(|why| panic!("{why} in {}", String::from_utf8_lossy(&read)));
            read.extend(byte);
        }
        String::from_utf8(read).unwrap()
    }

    /// Everything until the other side closes.
    pub fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        let read = self.0.read_to_end(&mut rest);
        let rest = String::from_utf8_lossy(&rest).into_owned();
        // A reset is an end too, after whatever came before it.
        if let Err(why) = read {
            assert_eq!(
                why.kind(),
                std::io::ErrorKind::ConnectionReset,
                "after {rest:?}"
            );
        }
        rest
    }

    /// Sends a text of fewer than 126 bytes, as clients do: masked.
    pub fn say(&mut self, text: &str) {
        let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
        frame.extend(text.as_bytes());
        self.0.write_all(&frame).unwrap();
    }

    /// The next frame.
    pub fn frame(&mut self) -> Frame {
        let [first, length] = self.bytes().unwrap();
        let length = match length {
            126 => usize::from(u16::from_be_bytes(self.bytes().unwrap())),
            127 => usize::try_from(u64::from_be_bytes(self.bytes().unwrap())).unwrap(),
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).unwrap();
        Frame {
            kind: first & 0x0f,
            payload,
        }
    }

    /// Says something, and hears it.
    #[track_caller]
    pub fn echoes(&mut self, text: &str) {
        self.say(text);
        let frame = self.frame();
        assert_eq!((frame.kind, &*frame.payload), (1, text.as_bytes()));
    }

    /// Whether nothing comes for a moment, the end neither.
    pub fn is_silent(&mut self) -> bool {
        self.0
            .set_read_timeout(Some(Duration::from_millis(300)))
            .unwrap();
        let silent = self
            .bytes::<1>()
            .is_err_and(|why| why.kind() == std::io::ErrorKind::WouldBlock);
        self.0
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        silent
    }
}

/// What asks for a WebSocket.
pub const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
