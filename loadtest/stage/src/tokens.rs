//! Tokens as Entra issues them for guests and members, and bad ones.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::key::Key;
use crate::{Fault, names, policy};

/// Whom the tokens speak for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Callers {
    /// Guests of the partners that the policy lets in
    Guests,
    /// Members of the own tenant
    Members,
}

/// What the tokens of a stage have in common.
#[derive(Clone, Copy)]
pub(crate) struct Mint {
    callers: Callers,
    partners: u64,
    now: u64,
    lifetime: u64,
}

/// What is wrong with a bad token.
#[derive(Clone, Copy)]
enum Flaw {
    Signature,
    Expired,
    Audience,
    Issuer,
}

impl Flaw {
    const fn of(number: u64) -> Self {
        match number % 4 {
            0 => Self::Signature,
            1 => Self::Expired,
            2 => Self::Audience,
            _ => Self::Issuer,
        }
    }
}

impl Mint {
    pub(crate) fn new(callers: Callers, partners: u64, lifetime: u64) -> Result<Self, Fault> {
        Ok(Self {
            callers,
            partners,
            now: SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
            lifetime,
        })
    }

    /// Writes `count` good tokens, no two alike.
    pub(crate) fn write_good(self, file: &Path, key: &Key, count: usize) -> Result<(), Fault> {
        let callers: Vec<u64> = (1..)
            .filter(|&caller| self.admits(caller))
            .take(count)
            .collect();
        write(file, &callers, |caller| key.token(&self.claims(caller)?))
    }

    /// Writes `count` bad tokens, no two alike: a quarter each with a bad signature, expired, for another audience, and of
    /// an issuer that nobody knows.
    pub(crate) fn write_bad(self, file: &Path, key: &Key, count: usize) -> Result<(), Fault> {
        let numbers: Vec<u64> = (0..).take(count).collect();
        write(file, &numbers, |number| self.bad(key, number))
    }

    fn admits(self, caller: u64) -> bool {
        match self.callers {
            Callers::Guests => policy::admits(names::home(caller, self.partners)),
            Callers::Members => true,
        }
    }

    fn bad(self, key: &Key, number: u64) -> Result<String, Fault> {
        let mut claims = self.claims(number)?;
        let flaw = Flaw::of(number);
        if let Value::Object(members) = &mut claims {
            let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
            match flaw {
                Flaw::Signature => None,
                Flaw::Expired => set("exp", (self.now - 3600).into()),
                Flaw::Audience => set("aud", "aaaaaaaa-ffff-4000-8000-000000000000".into()),
                Flaw::Issuer => set("iss", "https://id.nobody.example".into()),
            };
        }
        let token = key.token(&claims)?;
        let (rest, signature) = token
            .rsplit_once('.')
            .ok_or("a token without a signature")?;
        if !matches!(flaw, Flaw::Signature) {
            return Ok(token);
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(signature)?;
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
        Ok(format!("{rest}.{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// About 1.4 KiB, with twelve groups.
    fn claims(self, caller: u64) -> Result<Value, Fault> {
        let groups: Vec<String> = (1..=12).map(|number| names::group(100 + number)).collect();
        let mut claims = json!({
            "aud": names::AUDIENCE,
            "iss": names::issuer(names::TENANT),
            "iat": self.now - 300,
            "nbf": self.now - 300,
            "exp": self.now + self.lifetime,
            "acrs": ["p1", "c1"],
            "aio": random(36)?,
            "amr": ["pwd", "mfa"],
            "azp": names::CLIENT,
            "azpacr": "1",
            "groups": groups,
            "name": format!("Ada Lovelace {caller}"),
            "oid": names::guest(caller),
            "preferred_username": format!("ada.lovelace.{caller}@partner.example"),
            "rh": format!("0.{}", random(33)?),
            "roles": ["Payroll.Reader"],
            "scp": "payroll.read payroll.write",
            "sid": format!("50000000-0000-4000-8000-{caller:012x}"),
            "sub": random(32)?,
            "tid": names::TENANT,
            "upn": format!("ada.lovelace.{caller}@contoso.com"),
            "uti": random(16)?,
            "ver": "2.0",
            "xms_ftd": random(36)?,
        });
        let more = match self.callers {
            Callers::Members => json!({ "acct": 0 }),
            Callers::Guests => json!({
                "acct": 1,
                "email": format!("guest{caller}@partner.example"),
                "idp": names::issuer(&names::partner(names::home(caller, self.partners))),
            }),
        };
        if let (Value::Object(members), Value::Object(more)) = (&mut claims, more) {
            members.extend(more);
        }
        Ok(claims)
    }
}

/// Writes one token a line. Signing is what takes time, so every core does its part.
fn write(
    file: &Path,
    numbers: &[u64],
    token: impl Fn(u64) -> Result<String, Fault> + Sync,
) -> Result<(), Fault> {
    let cores = std::thread::available_parallelism()?.get();
    let part = numbers.len().div_ceil(cores).max(1);
    let lines = std::thread::scope(|scope| {
        let token = &token;
        let parts: Vec<_> = numbers
            .chunks(part)
            .map(|part| {
                scope.spawn(move || {
                    part.iter()
                        .map(|&number| token(number))
                        .collect::<Result<Vec<_>, Fault>>()
                })
            })
            .collect();
        let mut lines = Vec::with_capacity(numbers.len());
        for part in parts {
            lines.extend(
                part.join()
                    .map_err(|_| "a thread that signs has crashed")??,
            );
        }
        Ok::<_, Fault>(lines)
    })?;
    let mut text = lines.join("\n");
    text.push('\n');
    Ok(std::fs::write(file, text)?)
}

/// Random bytes as text.
fn random(length: usize) -> Result<String, Fault> {
    let mut bytes = vec![0; length];
    rand::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
    use std::collections::HashSet;

    fn tokens(write: impl FnOnce(Mint, &Path, &Key)) -> (Key, Vec<String>) {
        let file = std::env::temp_dir().join(format!("crossgate-stage-{}", random(12).unwrap()));
        let key = Key::generate().unwrap();
        write(Mint::new(Callers::Guests, 7, 3600).unwrap(), &file, &key);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(file).unwrap();
        (key, text.lines().map(str::to_owned).collect())
    }

    fn claims(token: &str) -> Value {
        let payload = token.split('.').nth(1).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    }

    fn is_signed(token: &str, key: &Key) -> bool {
        let (text, signature) = token.rsplit_once('.').unwrap();
        let part = |name: &str| {
            URL_SAFE_NO_PAD
                .decode(key.jwk()[name].as_str().unwrap())
                .unwrap()
        };
        let public = RsaPublicKeyComponents {
            n: part("n"),
            e: part("e"),
        };
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        public
            .verify(&RSA_PKCS1_2048_8192_SHA256, text.as_bytes(), &signature)
            .is_ok()
    }

    #[test]
    fn good_tokens_are_signed_distinct_and_of_guests_that_the_policy_lets_in() {
        let (key, tokens) = tokens(|mint, file, key| mint.write_good(file, key, 20).unwrap());
        assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), 20);
        let admitted: Vec<String> = (1..=7)
            .filter(|&partner| policy::admits(partner))
            .map(|partner| names::issuer(&names::partner(partner)))
            .collect();
        for token in &tokens {
            assert!(is_signed(token, &key));
            assert!((2200..2500).contains(&token.len()), "{}", token.len());
            let idp = claims(token)["idp"].as_str().unwrap().to_owned();
            assert!(admitted.contains(&idp), "{idp}");
        }
    }

    #[test]
    fn each_fourth_bad_token_has_the_same_flaw_and_no_other() {
        let (key, tokens) = tokens(|mint, file, key| mint.write_bad(file, key, 8).unwrap());
        assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), 8);
        for (number, token) in tokens.iter().enumerate() {
            let claims = claims(token);
            let flaws = [
                !is_signed(token, &key),
                claims["exp"].as_u64().unwrap() < claims["iat"].as_u64().unwrap(),
                claims["aud"] != names::AUDIENCE,
                claims["iss"] != names::issuer(names::TENANT),
            ];
            let found: Vec<usize> = (0..4).filter(|&flaw| flaws[flaw]).collect();
            assert_eq!(found, [number % 4]);
        }
    }
}
