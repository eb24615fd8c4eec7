//! `/metrics`, `/livez` and `/readyz`.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, Response, StatusCode, header};
use pingora::apps::http_app::ServeHttp;
use pingora::protocols::http::ServerSession;

use super::Metrics;

/// Tells what is missing before requests can be served; empty when nothing is.
///
/// Asked on every call of `/readyz`, so it must not wait.
pub type Health = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

/// The service of the operations listener.
pub struct Operations {
    metrics: Arc<Metrics>,
    health: Health,
}

impl Operations {
    /// Serves these metrics and this health.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>, health: Health) -> Self {
        Self { metrics, health }
    }

    fn answer(&self, method: &Method, path: &str) -> Response<Vec<u8>> {
        if method != Method::GET && method != Method::HEAD {
            return text(StatusCode::METHOD_NOT_ALLOWED, "use GET\n");
        }
        match path {
            "/metrics" => {
                self.metrics.set_ready((self.health)().is_empty());
                self.metrics.render().map_or_else(
                    |error| text(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error}\n")),
                    |metrics| response(StatusCode::OK, prometheus::TEXT_FORMAT, metrics),
                )
            }
            // Alive is whoever answers. What is missing outside does not get better by a restart.
            "/livez" => text(StatusCode::OK, "alive\n"),
            "/readyz" => {
                let missing = (self.health)();
                if missing.is_empty() {
                    text(StatusCode::OK, "ready\n")
                } else {
                    let missing = missing.join("\n") + "\n";
                    text(StatusCode::SERVICE_UNAVAILABLE, &missing)
                }
            }
            _ => text(
                StatusCode::NOT_FOUND,
                "there are /metrics, /livez and /readyz\n",
            ),
        }
    }
}

#[async_trait]
impl ServeHttp for Operations {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let head = session.req_header();
        let mut response = self.answer(&head.method, head.uri.path());
        if head.method == Method::HEAD {
            response.body_mut().clear();
        }
        response
    }
}

impl std::fmt::Debug for Operations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operations").finish_non_exhaustive()
    }
}

fn text(status: StatusCode, text: &str) -> Response<Vec<u8>> {
    response(
        status,
        "text/plain; charset=utf-8",
        text.as_bytes().to_vec(),
    )
}

fn response(status: StatusCode, content_type: &str, body: Vec<u8>) -> Response<Vec<u8>> {
    let length = body.len();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Ok(value) = content_type.parse() {
        headers.insert(header::CONTENT_TYPE, value);
    }
    headers.insert(header::CONTENT_LENGTH, length.into());
    headers.insert(
        header::CACHE_CONTROL,
        header::HeaderValue::from_static("no-store"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(missing: &[&str], path: &str) -> (u16, String) {
        let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
        let operations = Operations::new(
            Arc::new(Metrics::new().unwrap()),
            Arc::new(move || missing.clone()),
        );
        let response = operations.answer(&Method::GET, path);
        let body = String::from_utf8(response.body().clone()).unwrap();
        (response.status().as_u16(), body)
    }

    #[test]
    fn not_ready_says_what_is_missing_and_is_alive_all_the_same() {
        let missing = ["no policy is loaded", "no keys for issuer `fabrikam`"];
        assert_eq!(
            ask(&missing, "/readyz"),
            (
                503,
                "no policy is loaded\nno keys for issuer `fabrikam`\n".to_owned()
            )
        );
        assert_eq!(ask(&missing, "/livez").0, 200);
        assert_eq!(ask(&[], "/readyz"), (200, "ready\n".to_owned()));
    }

    #[test]
    fn metrics_are_served_and_other_paths_are_not() {
        let (status, body) = ask(&[], "/metrics");
        assert_eq!(status, 200);
        assert!(body.contains("# HELP crossgate_build_info"), "{body}");
        assert!(body.contains("\ncrossgate_ready 1\n"), "{body}");
        let (_, body) = ask(&["no policy is loaded"], "/metrics");
        assert!(body.contains("\ncrossgate_ready 0\n"), "{body}");
        assert_eq!(ask(&[], "/").0, 404);
    }

    #[test]
    fn other_methods_are_refused() {
        let operations = Operations::new(Arc::new(Metrics::new().unwrap()), Arc::new(Vec::new));
        assert_eq!(operations.answer(&Method::POST, "/metrics").status(), 405);
    }
}
