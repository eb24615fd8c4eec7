//! An identity provider small enough to read: discovery, keys, and tokens for whoever the demo says.

use crate::Fault;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;

/// A provider that is being served.
pub(crate) struct Provider {
    /// Its issuer address.
    pub(crate) issuer: String,
    key: EncodingKey,
    kid: String,
}

impl Provider {
    /// Makes a key and serves discovery and key set of one tenant on a free loopback port.
    pub(crate) async fn serve(tenant: &str) -> Result<Self, Fault> {
        let key =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
        let public = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_ref())?;
        let kid = uuid::Uuid::new_v4().to_string();
        let keys = json!({ "keys": [public_jwk(public.public_key().as_ref(), &kid)?] });

        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let issuer = format!("http://{}/{tenant}", listener.local_addr()?);
        let discovery = json!({
            "issuer": issuer,
            "jwks_uri": format!("{issuer}/keys"),
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        });
        let routes = Router::new()
            .route(
                &format!("/{tenant}/.well-known/openid-configuration"),
                get(async || Json(discovery)),
            )
            .route(&format!("/{tenant}/keys"), get(async || Json(keys)));
        tokio::spawn(async { axum::serve(listener, routes).await });
        Ok(Self {
            issuer,
            key: EncodingKey::from_ec_der(key.as_ref()),
            kid,
        })
    }

    /// A user's access token for `audience`; `claims` stand beside those that every token has.
    pub(crate) fn token(&self, user: &str, audience: &str, claims: Value) -> Result<String, Fault> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let mut token = json!({
            "iss": self.issuer,
            "sub": user,
            "aud": audience,
            "iat": now.as_secs(),
            "exp": (now + LIFETIME).as_secs(),
            "jti": uuid::Uuid::new_v4().to_string(),
            "scp": "access",
        });
        if let (Value::Object(token), Value::Object(claims)) = (&mut token, claims) {
            token.extend(claims);
        }
        let header = Header {
            kid: Some(self.kid.clone()),
            typ: Some("at+jwt".to_owned()),
            ..Header::new(Algorithm::ES256)
        };
        Ok(jsonwebtoken::encode(&header, &token, &self.key)?)
    }
}

/// The JWK of an uncompressed P-256 point: `04`, x, y.
fn public_jwk(point: &[u8], kid: &str) -> Result<Value, Fault> {
    let (x, y) = point
        .strip_prefix(&[4])
        .and_then(|coordinates| coordinates.split_at_checked(32))
        .ok_or("the public key is not an uncompressed P-256 point")?;
    Ok(json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid,
        "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
    }))
}

/// A working day: whoever comes back from lunch can go on with the tour.
const LIFETIME: Duration = Duration::from_secs(8 * 60 * 60);
