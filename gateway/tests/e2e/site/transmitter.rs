//! A partner's identity provider that tells what counts no more: keys, tokens, security events, and the streams it keeps.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

/// A running transmitter; the second, independent JOSE library signs for it.
pub struct Transmitter {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    key: EncodingKey,
    key_id: String,
    other_key: EncodingKey,
}

/// What its server knows.
struct Shared {
    keys: Value,
    address: SocketAddr,
    streams: Vec<Value>,
    asked: Vec<Asked>,
}

/// What it was asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub authorization: String,
    pub body: Value,
}

/// `aud` of its security events.
pub const RECEIVER: &str = "https://signals.contoso.com";

impl Transmitter {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (key, public) = key("first");
        let (other_key, _) = self::key("first");
        let shared = Arc::new(Mutex::new(Shared {
            keys: json!({ "keys": [public] }),
            address,
            streams: Vec::new(),
            asked: Vec::new(),
        }));
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&served);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self {
            address,
            shared,
            key,
            key_id: "first".to_owned(),
            other_key,
        }
    }

    /// Signs with another key from now on, which is published beside the others where `publish`.
    pub fn rotate(&mut self, id: &str, publish: bool) {
        let (key, public) = key(id);
        if publish {
            let keys = &mut self.shared.lock().unwrap().keys;
            keys["keys"].as_array_mut().unwrap().push(public);
        }
        (self.key, self.key_id) = (key, id.to_owned());
    }

    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// An access token of a user, issued so many seconds ago.
    pub fn token(&self, user: &str, audience: &str, ago: u64, more: &Value) -> String {
        let now = now();
        let mut claims = json!({
            "iss": self.issuer(), "aud": audience, "sub": user, "scp": "access",
            "iat": now - ago, "exp": now + 3600,
        });
        let more = more.as_object().unwrap().clone();
        claims.as_object_mut().unwrap().extend(more);
        sign(&self.key, &self.key_id, "at+jwt", &claims)
    }

    /// A security event token about a user of its own; `change` makes it another.
    pub fn set(&self, event: &str, user: &str, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = self.claims(event, user);
        change(&mut claims);
        sign(&self.key, &self.key_id, "secevent+jwt", &claims)
    }

    /// The same, signed with a key that it does not publish.
    pub fn forged(&self, event: &str, user: &str) -> String {
        let claims = self.claims(event, user);
        sign(&self.other_key, &self.key_id, "secevent+jwt", &claims)
    }

    /// The same, signed by nobody.
    pub fn unsigned(&self, event: &str, user: &str) -> String {
        let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let header = json!({ "alg": "none", "typ": "secevent+jwt", "kid": "first" });
        format!("{}.{}.", part(&header), part(&self.claims(event, user)))
    }

    fn claims(&self, event: &str, user: &str) -> Value {
        let uri = format!("https://schemas.openid.net/secevent/{event}");
        json!({
            "iss": self.issuer(), "aud": RECEIVER, "iat": now(), "jti": uuid::Uuid::new_v4().to_string(),
            "sub_id": { "format": "iss_sub", "iss": self.issuer(), "sub": user },
            "events": { uri: { "event_timestamp": now(), "reason_admin": { "en": "policy violation" } } },
        })
    }

    /// Everything that it was asked for but for its keys.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.lock().unwrap().asked.clone()
    }

    /// Somebody at the transmitter changes a stream.
    pub fn change_stream(&self, change: impl FnOnce(&mut Value)) {
        change(&mut self.shared.lock().unwrap().streams[0]);
    }

    /// The streams that were set up.
    pub fn streams(&self) -> Vec<Value> {
        self.shared.lock().unwrap().streams.clone()
    }
}

pub fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap().as_secs()
}

fn key(id: &str) -> (EncodingKey, Value) {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = key.public_key().as_ref()[1..].to_vec();
    let (x, y) = point.split_at(32);
    let public = json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": id,
        "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
    });
    let private = key.to_pkcs8v1().unwrap();
    (EncodingKey::from_ec_der(private.as_ref()), public)
}

fn sign(key: &EncodingKey, id: &str, kind: &str, claims: &Value) -> String {
    let header = Header {
        typ: Some(kind.to_owned()),
        kid: Some(id.to_owned()),
        ..Header::new(Algorithm::ES256)
    };
    encode(&header, claims, key).unwrap()
}

fn serve(stream: TcpStream, shared: &Mutex<Shared>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut words = line.split_whitespace();
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let (mut length, mut authorization) = (0, String::new());
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "authorization" => value.trim().clone_into(&mut authorization),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let asked = Asked {
            method: method.to_owned(),
            path: path.to_owned(),
            authorization,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        };
        let (status, body) = answer(asked, &mut shared.lock().unwrap());
        let answer = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn answer(asked: Asked, shared: &mut Shared) -> (u16, String) {
    let issuer = format!("http://{}", shared.address);
    let answer = match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/jwks") => return (200, shared.keys.to_string()),
        ("GET", "/.well-known/ssf-configuration") => (
            200,
            json!({
                "issuer": issuer, "configuration_endpoint": format!("{issuer}/ssf/stream"),
                "verification_endpoint": format!("{issuer}/ssf/verify"),
            }),
        ),
        (_, "/ssf/stream" | "/ssf/verify") if asked.authorization != "Bearer manage" => {
            (401, json!({}))
        }
        ("GET", "/ssf/stream") => (200, json!(shared.streams)),
        ("POST", "/ssf/stream") => {
            let mut stream = asked.body.clone();
            let members = stream.as_object_mut().unwrap();
            members.insert("stream_id".to_owned(), json!("stream-1"));
            members.insert("iss".to_owned(), json!(issuer));
            members.insert("aud".to_owned(), json!([RECEIVER]));
            shared.streams.push(stream.clone());
            (201, stream)
        }
        ("PATCH", "/ssf/stream") => {
            let id = &asked.body["stream_id"];
            let mut streams = shared.streams.iter_mut();
            let stream = streams.find(|stream| stream["stream_id"] == *id).unwrap();
            let changes = asked.body.as_object().unwrap().clone();
            stream.as_object_mut().unwrap().extend(changes);
            (200, stream.clone())
        }
        ("POST", "/ssf/verify") => {
            shared.asked.push(asked);
            return (204, String::new());
        }
        _ => (404, json!({})),
    };
    shared.asked.push(asked);
    (answer.0, answer.1.to_string())
}
