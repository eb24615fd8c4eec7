//! The sample line-of-business app: it trusts the gateway and shows who the gateway says is calling.

use crate::Fault;
use axum::http::{HeaderMap, Method, Uri};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Serves the app on a free loopback port.
pub(crate) async fn serve() -> Result<SocketAddr, Fault> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let routes = Router::new().fallback(greet);
    tokio::spawn(async { axum::serve(listener, routes).await });
    Ok(address)
}

async fn greet(method: Method, uri: Uri, headers: HeaderMap) -> Json<Value> {
    let identity: Map<String, Value> = headers
        .iter()
        .filter(|(name, _)| {
            let name = name.as_str();
            name.starts_with("x-ms-client-principal") || name.starts_with("x-crossgate-")
        })
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.to_string(), value.into_owned().into())
        })
        .collect();
    Json(json!({
        "app": "a sample app",
        "request": format!("{method} {uri}"),
        "the gateway says": identity,
    }))
}
