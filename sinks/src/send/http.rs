//! Arrays of JSON over HTTP, as Azure Monitor's Logs Ingestion API takes them: acknowledged by an answer of success.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use crossgate_config::{ClientTlsFiles, Header, HttpAuthorization};
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use reqwest::{StatusCode, Url};

use super::authorization::Authorization;
use super::{Answer, Failure, in_few_words, tls};
use crate::form::Rendered;

pub(crate) struct Session {
    client: Client,
    authorization: Authorization,
}

impl Session {
    pub(super) fn open(
        address: &str,
        headers: &[Header],
        authorization: &HttpAuthorization,
        files: &ClientTlsFiles,
    ) -> Result<Self, Failure> {
        Ok(Self {
            client: Client::new(address, headers, "application/json", files)?,
            authorization: Authorization::new(authorization)?,
        })
    }

    pub(super) async fn send(&mut self, events: &[Rendered]) -> Result<Answer, Failure> {
        let mut body = Vec::with_capacity(events.iter().map(|event| event.text.len() + 1).sum());
        for event in events {
            body.push(if body.is_empty() { b'[' } else { b',' });
            body.extend_from_slice(event.text.as_bytes());
        }
        body.push(b']');
        if body.len() > MOST {
            return Ok(Answer::Refused("more than a megabyte together".to_owned()));
        }
        let authorization = self.authorization.header().await?;
        Ok(match self.client.post(body, authorization).await? {
            Response::Taken(_) => Answer::Taken,
            Response::Refused(reason) => Answer::Refused(reason),
        })
    }
}

/// Azure Monitor's bound for one call.
const MOST: usize = 1 << 20;

/// Posts to one address.
pub(super) struct Client {
    client: reqwest::Client,
    url: Url,
    headers: HeaderMap,
    words: Words,
}

/// Whether what an address says of a refusal is told, in logs too.
#[derive(Clone, Copy, Debug)]
pub(super) enum Words {
    /// It is.
    Told,
    /// It is not: a secret was posted there, which it may repeat.
    Kept,
}

/// What became of a post that was answered.
pub(super) enum Response {
    /// Success, with the body.
    Taken(Bytes),
    /// What was posted is refused, and would be again.
    Refused(String),
}

impl Client {
    pub(super) fn new(
        address: &str,
        headers: &[Header],
        content_type: &'static str,
        files: &ClientTlsFiles,
    ) -> Result<Self, Failure> {
        let unusable = |error: reqwest::Error| Failure::of("the HTTP client", &error);
        let mut config = tls::client(files)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let client = reqwest::Client::builder()
            .use_preconfigured_tls(config)
            .user_agent(concat!("crossgate/", env!("CARGO_PKG_VERSION")))
            // Where events go is said by the settings, not by whoever answers there.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(unusable)?;
        let mut all = HeaderMap::new();
        all.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        for Header { name, value } in headers {
            all.insert(header_name(name)?, header_value(value.expose())?);
        }
        let url = Url::parse(address).map_err(|error| Failure::of("the address", &error))?;
        Ok(Self {
            client,
            url,
            headers: all,
            words: Words::Told,
        })
    }

    /// The same, for an address that secrets are posted to.
    pub(super) const fn for_secrets(mut self) -> Self {
        self.words = Words::Kept;
        self
    }

    /// Posts, and waits for the answer.
    pub(super) async fn post(
        &self,
        body: Vec<u8>,
        authorization: Option<String>,
    ) -> Result<Response, Failure> {
        let mut headers = self.headers.clone();
        if let Some(value) = authorization {
            headers.insert(AUTHORIZATION, header_value(&value)?);
        }
        let request = self
            .client
            .post(self.url.clone())
            .headers(headers)
            .body(body);
        // A URL may have what opens something in its query.
        let no_answer =
            |error: reqwest::Error| Failure::of("no answer over HTTP", &error.without_url());
        let mut response = request.send().await.map_err(no_answer)?;
        let status = response.status();
        let after = retry_after(response.headers());
        let mut body = BytesMut::new();
        while body.len() < MOST_READ
            && let Some(part) = response.chunk().await.map_err(no_answer)?
        {
            body.extend_from_slice(&part);
        }
        // The rest is nobody's: not to be read, however much it is.
        drop(response);
        body.truncate(MOST_READ);
        let body = body.freeze();
        if status.is_success() {
            return Ok(Response::Taken(body));
        }
        let reason = match self.words {
            Words::Told => told(status, &body),
            Words::Kept => format!("answered {status}"),
        };
        if IS_FOR_GOOD.contains(&status) {
            return Ok(Response::Refused(reason));
        }
        Err(Failure {
            after,
            ..Failure::new(reason)
        })
    }
}

/// Of an answer: tokens and what is said of events are shorter by far.
const MOST_READ: usize = 64 << 10;

/// What the events themselves are refused for. All else may be put right by somebody: a wrong token, an address that is not there yet.
const IS_FOR_GOOD: [StatusCode; 3] = [
    StatusCode::BAD_REQUEST,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::UNPROCESSABLE_ENTITY,
];

/// The first words of an answer: it is logged.
fn told(status: StatusCode, body: &[u8]) -> String {
    let said = in_few_words(&String::from_utf8_lossy(body));
    format!("answered {status}: {said}")
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    seconds.parse().ok().map(Duration::from_secs)
}

fn header_name(name: &str) -> Result<HeaderName, Failure> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|error| Failure::of("a header", &error))
}

fn header_value(value: &str) -> Result<HeaderValue, Failure> {
    let mut value =
        HeaderValue::from_str(value).map_err(|error| Failure::of("a header", &error))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn an_answer_without_an_end_is_read_to_its_bound() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let endless = async {
            let (mut connection, _) = listener.accept().await.unwrap();
            assert!(connection.read(&mut [0; 4_096]).await.unwrap() > 0);
            let head = b"HTTP/1.1 200 OK\r\n\r\n";
            connection.write_all(head).await.unwrap();
            while connection.write_all(&[b'x'; 1 << 16]).await.is_ok() {}
        };
        let client = Client::new(&address, &[], "text/plain", &ClientTlsFiles::default()).unwrap();
        let post = client.post(b"a".to_vec(), None);
        let limit = Duration::from_secs(20);
        let both = async { tokio::join!(post, endless).0 };
        let Response::Taken(body) = tokio::time::timeout(limit, both).await.unwrap().unwrap()
        else {
            panic!("refused");
        };
        assert_eq!(body.len(), MOST_READ);
    }
}
