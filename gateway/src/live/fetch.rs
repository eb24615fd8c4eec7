//! Getting an issuer's key set: by discovery, from an address or from a file.

mod ssf;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use crossgate_config::{EntraTenants, IssuerKind, IssuerSettings, JwksSource};
use crossgate_portal::oidc::Endpoints;
use crossgate_token::{JwksFault, KeySet, entra_host, json};
use http::header::{ACCEPT, AGE, CACHE_CONTROL};
use http::{HeaderMap, HeaderValue};
use reqwest::{Client, Response, Url};

use crate::load::algorithms;
pub use ssf::SsfEndpoints;

/// Fetches key sets over HTTPS. Cheap to clone: connections are shared.
#[derive(Clone, Debug)]
pub struct Fetcher {
    client: Client,
}

/// A key set as its issuer publishes it.
#[derive(Debug)]
pub struct Fetched {
    /// The usable keys.
    pub keys: KeySet,
    /// The bytes they were read from, to tell a change by.
    pub document: Arc<[u8]>,
    /// How long the issuer says that it stays as it is (RFC 9111, `max-age` less `Age`).
    pub fresh_for: Option<Duration>,
}

/// Why there is no key set. No URL in it holds a secret, for an issuer's addresses have none.
#[derive(Debug, thiserror::Error)]
pub enum FetchFault {
    /// No client could be made.
    #[error("no HTTPS client can be set up: {0}")]
    Client(#[source] reqwest::Error),
    /// Not reached, or the answer broke off.
    #[error("`{url}` does not answer: {why}")]
    NoAnswer {
        /// What was asked.
        url: String,
        /// The reasons, outermost first.
        why: String,
    },
    /// Answered with something else than 200.
    #[error("`{url}` answers {status}, where 200 was expected")]
    Status {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
    },
    /// More than any key set has.
    #[error("`{url}` answers with more than it may")]
    TooLarge {
        /// What was asked.
        url: String,
    },
    /// The discovery document is none (OpenID Connect Discovery 1.0, section 4.2).
    #[error("`{url}` is no discovery document: {why}")]
    NotDiscovery {
        /// What was asked.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The document holds no usable keys.
    #[error("`{from}`: {why}{}", skipped(.why))]
    Keys {
        /// Address or file.
        from: String,
        /// What is wrong with it.
        why: JwksFault,
    },
    /// The file cannot be read.
    #[error("`{file}` cannot be read: {why}")]
    File {
        /// The file.
        file: String,
        /// The system's words.
        why: std::io::Error,
    },
}

impl Fetcher {
    /// A fetcher that believes the system's roots of trust.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn new() -> Result<Self, FetchFault> {
        let client = Client::builder()
            .user_agent(concat!("crossgate/", env!("CARGO_PKG_VERSION")))
            // Where keys are is said by the settings and the issuer, not by whoever answers for it.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .pool_idle_timeout(KEEP)
            .build()
            .map_err(FetchFault::Client)?;
        Ok(Self { client })
    }

    /// The issuer's key set as it is now.
    ///
    /// # Errors
    /// It cannot be had, or holds no usable key.
    pub async fn key_set(&self, issuer: &IssuerSettings) -> Result<Fetched, FetchFault> {
        let (from, document, fresh_for) = match &issuer.jwks {
            JwksSource::File(path) => {
                let file = path.display().to_string();
                match tokio::fs::read(path).await {
                    Ok(document) => (file, document, Some(FILE_FRESH)),
                    Err(why) => return Err(FetchFault::File { file, why }),
                }
            }
            JwksSource::Url(url) => {
                let (document, fresh_for) = self.get(url).await?;
                (url.clone(), document, fresh_for)
            }
            JwksSource::Discovery => {
                let url = self.discover(issuer).await?;
                let (document, fresh_for) = self.get(&url).await?;
                (url, document, fresh_for)
            }
        };
        let keys = KeySet::read(&document, &algorithms(issuer))
            .map_err(|why| FetchFault::Keys { from, why })?;
        Ok(Fetched {
            keys,
            document: document.into(),
            fresh_for,
        })
    }

    /// Where the keys are, as the issuer says.
    async fn discover(&self, issuer: &IssuerSettings) -> Result<String, FetchFault> {
        let discovered = self.discovery(issuer).await?;
        discovered.address("jwks_uri").map(str::to_owned)
    }

    /// Where people who sign in are sent (OpenID Connect Discovery 1.0, section 3).
    ///
    /// # Errors
    /// The issuer's document cannot be had, or does not say.
    pub async fn endpoints(&self, issuer: &IssuerSettings) -> Result<Endpoints, FetchFault> {
        let discovered = self.discovery(issuer).await?;
        let names_itself = discovered
            .document
            .get("authorization_response_iss_parameter_supported")
            .and_then(serde_json::Value::as_bool);
        Ok(Endpoints {
            authorization: discovered.url("authorization_endpoint")?,
            token: discovered.url("token_endpoint")?,
            end_session: match discovered.document.get("end_session_endpoint") {
                Some(_) => Some(discovered.url("end_session_endpoint")?),
                None => None,
            },
            names_itself: names_itself.unwrap_or(false),
        })
    }

    /// Sends a request as it is, within the same bounds.
    ///
    /// # Errors
    /// There is no whole answer.
    pub async fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, FetchFault> {
        let url = request.uri().to_string();
        let no_answer = |error: reqwest::Error| FetchFault::NoAnswer {
            url: url.clone(),
            why: reasons(&error.without_url()),
        };
        let request = reqwest::Request::try_from(request).map_err(no_answer)?;
        let response = self.client.execute(request).await.map_err(no_answer)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = whole(response, &url).await?;
        let mut answer = http::Response::new(body);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }

    /// The same to whoever is asked about somebody: with a patience and a size of its own, and without telling the address, which may
    /// hold a secret.
    ///
    /// # Errors
    /// There is no whole answer.
    pub async fn ask(
        &self,
        request: http::Request<Vec<u8>>,
        patience: Duration,
        most: usize,
    ) -> Result<http::Response<Vec<u8>>, FetchFault> {
        let host = request.uri().authority();
        let named = host.map_or_else(String::new, |host| format!("https://{host}"));
        let no_answer = |error: reqwest::Error| FetchFault::NoAnswer {
            url: named.clone(),
            why: reasons(&error.without_url()),
        };
        let mut request = reqwest::Request::try_from(request).map_err(no_answer)?;
        *request.timeout_mut() = Some(patience);
        let response = self.client.execute(request).await.map_err(no_answer)?;
        let status = response.status();
        let mut answer = http::Response::new(whole_of(response, &named, most).await?);
        *answer.status_mut() = status;
        Ok(answer)
    }

    async fn discovery(&self, issuer: &IssuerSettings) -> Result<Discovered, FetchFault> {
        let url = discovery_url(issuer);
        let (document, _) = self.get(&url).await?;
        let discovered = match json::read(&document) {
            Ok(document) => Discovered { url, document },
            Err(why) => {
                let why = format!("it is {why}");
                return Err(FetchFault::NotDiscovery { url, why });
            }
        };
        let named = discovered.text("issuer")?;
        if !names(issuer, named) {
            return Err(discovered.broken(format!(
                "it is that of issuer `{named}`, where `{}` was expected",
                issuer.issuer
            )));
        }
        Ok(discovered)
    }

    /// What stands at an address.
    ///
    /// # Errors
    /// It cannot be had.
    pub async fn document(&self, url: &str) -> Result<Vec<u8>, FetchFault> {
        let (document, _) = self.get(url).await?;
        Ok(document)
    }

    async fn get(&self, url: &str) -> Result<(Vec<u8>, Option<Duration>), FetchFault> {
        let no_answer = |error: reqwest::Error| FetchFault::NoAnswer {
            url: url.to_owned(),
            why: reasons(&error.without_url()),
        };
        let request = self
            .client
            .get(url)
            .header(ACCEPT, HeaderValue::from_static("application/json"));
        let response = request.send().await.map_err(no_answer)?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(FetchFault::Status {
                url: url.to_owned(),
                status,
            });
        }
        let fresh_for = fresh_for(response.headers());
        Ok((whole(response, url).await?, fresh_for))
    }
}

async fn whole(response: Response, url: &str) -> Result<Vec<u8>, FetchFault> {
    whole_of(response, url, MOST).await
}

async fn whole_of(mut response: Response, url: &str, most: usize) -> Result<Vec<u8>, FetchFault> {
    let no_answer = |error: reqwest::Error| FetchFault::NoAnswer {
        url: url.to_owned(),
        why: reasons(&error.without_url()),
    };
    let mut body = Vec::new();
    while let Some(chunk) = Response::chunk(&mut response).await.map_err(no_answer)? {
        if body.len() + chunk.len() > most {
            return Err(FetchFault::TooLarge {
                url: url.to_owned(),
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A discovery document of the issuer that was asked for.
struct Discovered {
    url: String,
    document: serde_json::Value,
}

impl Discovered {
    fn broken(&self, why: String) -> FetchFault {
        FetchFault::NotDiscovery {
            url: self.url.clone(),
            why,
        }
    }

    fn text(&self, member: &str) -> Result<&str, FetchFault> {
        let value = self.document.get(member);
        let text = value.and_then(serde_json::Value::as_str);
        text.ok_or_else(|| self.broken(format!("it has no text `{member}`")))
    }

    fn address(&self, member: &str) -> Result<&str, FetchFault> {
        let address = self.text(member)?;
        if as_safe_as(address, &self.url) {
            return Ok(address);
        }
        Err(self.broken(format!(
            "its `{member}` is `{address}`, where an `https` URL was expected"
        )))
    }

    fn url(&self, member: &str) -> Result<url::Url, FetchFault> {
        let address = self.address(member)?;
        url::Url::parse(address).map_err(|why| self.broken(format!("its `{member}`: {why}")))
    }
}

/// OpenID Connect Discovery 1.0, section 4.1; for Entra its v2.0 endpoint, whose key set serves both versions.
pub fn discovery_url(issuer: &IssuerSettings) -> String {
    let base = match &issuer.kind {
        IssuerKind::Oidc { .. } | IssuerKind::Social { .. } => {
            issuer.issuer.trim_end_matches('/').to_owned()
        }
        IssuerKind::Entra { tenants } => {
            let tenant = match tenants {
                EntraTenants::Only(tenants) => match tenants.as_slice() {
                    [only] => only.to_string(),
                    _ => ALL_TENANTS.to_owned(),
                },
                EntraTenants::Any => ALL_TENANTS.to_owned(),
            };
            format!("https://{}/{tenant}/v2.0", entra_host(issuer.cloud))
        }
    };
    base + "/.well-known/openid-configuration"
}

/// Whether a discovery document's `issuer` is the one that was asked for.
fn names(issuer: &IssuerSettings, named: &str) -> bool {
    match &issuer.kind {
        IssuerKind::Oidc { .. } | IssuerKind::Social { .. } => issuer.issuer == named,
        IssuerKind::Entra { tenants } => {
            let of = |tenant: &str| format!("https://{}/{tenant}/v2.0", entra_host(issuer.cloud));
            match tenants {
                EntraTenants::Only(tenants) => match tenants.as_slice() {
                    [only] => named.eq_ignore_ascii_case(&of(&only.to_string())),
                    _ => named == of(TENANT_TEMPLATE),
                },
                EntraTenants::Any => named == of(TENANT_TEMPLATE),
            }
        }
    }
}

/// Keys that come over plain HTTP can be forged on the way; only a discovery document on this machine may point there.
fn as_safe_as(keys: &str, discovery: &str) -> bool {
    let (Ok(keys), Ok(discovery)) = (Url::parse(keys), Url::parse(discovery)) else {
        return false;
    };
    keys.scheme() == "https"
        || (keys.scheme() == "http"
            && discovery.scheme() == "http"
            && keys.host_str() == discovery.host_str())
}

fn fresh_for(headers: &HeaderMap) -> Option<Duration> {
    let number = |text: &str| text.trim().trim_matches('"').parse::<u64>().ok();
    let max_age = headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|directive| {
            let (name, seconds) = directive.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("max-age")
                .then(|| number(seconds))?
        })?;
    let age = headers.get(AGE).and_then(|value| value.to_str().ok());
    let age = age.and_then(number).unwrap_or(0);
    Some(Duration::from_secs(max_age.saturating_sub(age)))
}

/// An error with its causes, which alone say what happened.
fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // A `String` takes whatever is written.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

/// Which keys were left out, and why: an empty set is the moment to know.
fn skipped(fault: &JwksFault) -> String {
    match fault {
        JwksFault::NoUsableKey(keys) => keys
            .iter()
            .map(|key| {
                let id = key.key_id.as_deref().unwrap_or("without an id");
                format!("; key `{id}` {}", key.why)
            })
            .collect(),
        JwksFault::NotJson(_) | JwksFault::NotAKeySet => String::new(),
    }
}

/// The key sets of the largest issuers have some ten kilobytes.
const MOST: usize = 1 << 20;

const CONNECT: Duration = Duration::from_secs(5);

/// For the whole answer: an issuer that trickles is one that is down.
const WHOLE: Duration = Duration::from_secs(10);

/// Discovery and keys follow each other; the next time is an hour away.
const KEEP: Duration = Duration::from_secs(5);

/// Reading a file costs nothing, and whoever replaces it expects it to be noticed.
const FILE_FRESH: Duration = Duration::from_secs(30);

/// The tenant in the addresses that serve every tenant.
const ALL_TENANTS: &str = "common";

/// The tenant in what they answer.
const TENANT_TEMPLATE: &str = "{tenantid}";

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate_config::{Purpose, Settings};

    fn issuer(entry: &str) -> IssuerSettings {
        let text = format!(
            "tenant.id = \"11111111-1111-4111-8111-111111111111\"\n[[issuer]]\nname = \"x\"\n{entry}"
        );
        let settings =
            Settings::parse(&text, std::path::Path::new("/"), Purpose::Decide, &|_| None);
        settings.unwrap().issuers.remove(0)
    }

    #[test]
    fn discovery_asks_where_each_kind_of_issuer_publishes() {
        let url = |entry| discovery_url(&issuer(entry));
        let well_known = "/.well-known/openid-configuration";
        assert_eq!(
            url("kind = \"entra\""),
            format!("https://login.microsoftonline.com/common/v2.0{well_known}")
        );
        assert_eq!(
            url(
                "kind = \"entra\"\ncloud = \"china\"\ntenants = [\"22222222-2222-4222-8222-222222222222\"]"
            ),
            format!(
                "https://login.partner.microsoftonline.cn/22222222-2222-4222-8222-222222222222/v2.0{well_known}"
            )
        );
        assert_eq!(
            url(
                "kind = \"oidc\"\nissuer = \"https://id.example/a/\"\ntenant = \"22222222-2222-4222-8222-222222222222\""
            ),
            format!("https://id.example/a{well_known}")
        );
    }

    #[test]
    fn a_discovery_document_of_another_issuer_is_not_believed() {
        let entra = issuer("kind = \"entra\"");
        assert!(names(
            &entra,
            "https://login.microsoftonline.com/{tenantid}/v2.0"
        ));
        for other in [
            "https://login.microsoftonline.us/{tenantid}/v2.0",
            "https://login.microsoftonline.com/22222222-2222-4222-8222-222222222222/v2.0",
            "https://login.microsoftonline.com/{tenantid}/v2.0/",
        ] {
            assert!(!names(&entra, other), "{other}");
        }
    }

    #[test]
    fn keys_over_plain_http_are_believed_beside_a_local_discovery_document_only() {
        let safe = as_safe_as;
        assert!(safe("https://a.example/keys", "https://b.example/"));
        assert!(!safe("http://a.example/keys", "https://a.example/"));
        assert!(safe("http://127.0.0.1:1/keys", "http://127.0.0.1:1/"));
        assert!(!safe("http://127.0.0.2:1/keys", "http://127.0.0.1:1/"));
        assert!(!safe("file:///etc/keys", "http://127.0.0.1:1/"));
    }

    #[test]
    fn freshness_is_max_age_less_the_age_in_caches() {
        let mut headers = HeaderMap::new();
        assert_eq!(fresh_for(&headers), None);
        headers.insert(
            CACHE_CONTROL,
            HeaderValue::from_static("public, Max-Age=300"),
        );
        assert_eq!(fresh_for(&headers), Some(Duration::from_secs(300)));
        headers.insert(AGE, HeaderValue::from_static("100"));
        assert_eq!(fresh_for(&headers), Some(Duration::from_secs(200)));
    }
}
