//! People who are signed in, by the file that the program keeps them in.

use std::path::Path;

use crossgate_portal::seal::Sealer;
use crossgate_portal::sessions::SessionId;
use crossgate_portal::store::PortalStore;
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::tokens::{Mint, guest};
use super::{Stage, contoso};

/// The stage with so many people signed in, and the cookies of the first. Who is not among the first was never seen since
/// the program started.
pub fn signed_in(live: usize, cookies: usize) -> (Stage, Vec<String>) {
    let directory = contoso::write_with(64, PORTAL);
    let cookies = fill(&directory.path().join("portal.db"), live, cookies);
    (Stage::in_directory(directory).without_writer(), cookies)
}

/// A browser's request with this cookie and one of the app's: in everything else, that with a token.
pub fn request(cookie: &str) -> Vec<u8> {
    let request = String::from_utf8(contoso::request("")).unwrap();
    request
        .replace(
            "Authorization: Bearer ",
            &format!("Cookie: theme=dark; __Host-crossgate={cookie}"),
        )
        .into_bytes()
}

/// Signs so many people in, as the program would; answers with the cookies of the first.
fn fill(file: &Path, live: usize, cookies: usize) -> Vec<String> {
    let store = PortalStore::open(file).unwrap();
    let sealer = Sealer::new(&store.key().unwrap()).unwrap();
    let mint = Mint::new();
    let id_tokens: Vec<String> = (0..live.min(64))
        .map(|number| mint.sign(&id_token(number)))
        .collect();
    let now = jiff::Timestamp::now().as_second();
    let mut connection = Connection::open(file).unwrap();
    let step = connection.transaction().unwrap();
    let mut sealed = Vec::new();
    for number in 0..live {
        let id = SessionId::new().unwrap();
        step.prepare_cached(
            "INSERT INTO sessions (id, host, provider, issuer, id_token, begun, until, seen, asked)
             VALUES (?1, ?2, 'entra', 'entra', ?3, ?4, ?5, ?4, '')",
        )
        .unwrap()
        .execute(params![
            id.to_bytes(),
            contoso::HOST,
            id_tokens[number % id_tokens.len()],
            now,
            now + 40_000,
        ])
        .unwrap();
        if sealed.len() < cookies {
            sealed.push(id.seal(&sealer).unwrap());
        }
    }
    step.commit().unwrap();
    sealed
}

/// What the provider says of this guest: what a token says, but for scopes.
fn id_token(number: usize) -> Value {
    let mut claims = guest(number);
    claims["aud"] = json!("gateway");
    claims["nonce"] = json!("n");
    claims.as_object_mut().unwrap().remove("scp");
    claims
}

const PORTAL: &str = r#"sign_in = true

[listen]
trusted_proxies = ["127.0.0.0/8"]

[portal]
store = "portal.db"

[[provider]]
name = "entra"
issuer = "entra"
client_id = "gateway"
"#;
