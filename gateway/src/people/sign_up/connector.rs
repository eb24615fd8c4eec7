//! API connectors: the operator's own services, asked about a sign-up at two steps (Microsoft Graph, API connectors in user flows).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crossgate_graph::{ApiConnector, UserFlow};
use crossgate_token::json;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, StatusCode};
use serde_json::{Map, Value};
use url::{Position, Url};

use super::super::People;
use super::super::call::Call;
use super::super::callback::client_secret;
use super::fields::given;
use crate::live::fetch::Fetcher;

/// When one is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    PostFederationSignup,
    PostAttributeCollection,
}

/// What it says.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    /// Go on, with these values of what the flow asks.
    Continue(Map<String, Value>),
    /// This person does not sign up, and is told this.
    Block(String),
    /// What they filled in will not do, for this reason.
    Invalid(String),
    /// Nothing that counts.
    Failed(&'static str),
}

impl People {
    /// Asks a connector.
    pub(super) async fn ask_connector(
        &self,
        call: &Call<'_>,
        connector: &ApiConnector,
        step: Step,
        flow: &UserFlow,
        told: Map<String, Value>,
    ) -> Heard {
        let heard = self.answer_of(call, connector, told).await;
        let heard = match heard {
            Ok((status, body)) => read(step, status, &body, flow),
            Err(reason) => Heard::Failed(reason),
        };
        if let Heard::Failed(reason) = heard {
            tracing::warn!(
                connector = &*connector.id,
                user_flow = &*flow.id,
                correlation_id = call.correlation_id,
                "nobody can sign up: {reason}"
            );
        }
        heard
    }

    async fn answer_of(
        &self,
        call: &Call<'_>,
        connector: &ApiConnector,
        told: Map<String, Value>,
    ) -> Result<(StatusCode, Vec<u8>), &'static str> {
        let url = Url::parse(&connector.target_url).map_err(|_| "connector_address_malformed")?;
        let host = &url[Position::BeforeHost..Position::AfterPort];
        // The configuration may have changed since the connector was written.
        let mut known = call.settings.connectors.iter();
        let known = known.find(|known| known.host == host && url.scheme() == "https");
        let known = known.ok_or("connector_host_not_allowed")?;
        let authorization = match (&connector.username, &known.username) {
            (None, _) => None,
            (Some(username), Some(ours)) if **username == **ours => {
                let password = client_secret(&known.password).await.map_err(|why| {
                    tracing::error!("[[connector]] password_file: {why}");
                    "connector_password_not_read"
                })?;
                let pair = format!("{username}:{}", password.unwrap_or_default());
                let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)))
                    .map_err(|_| "connector_password_not_read")?;
                value.set_sensitive(true);
                Some(value)
            }
            (Some(_), Some(_) | None) => return Err("connector_username_not_configured"),
        };
        let place = Arc::clone(&self.asking)
            .try_acquire_owned()
            .map_err(|_| "too_many_connectors_asked")?;
        let body = Value::Object(told).to_string().into_bytes();
        let (fetcher, timeout) = (self.endpoints.fetcher().clone(), known.timeout);
        // On its own: whoever closes the browser meanwhile leaves the answer to nobody, and half of nothing behind.
        let asking = tokio::spawn(async move {
            let answer = ask(&fetcher, &url, authorization, &body, timeout).await;
            drop(place);
            answer
        });
        asking.await.unwrap_or(Err("connector_not_asked"))
    }
}

/// Asks, and once more where nothing that counts comes back.
async fn ask(
    fetcher: &Fetcher,
    url: &Url,
    authorization: Option<HeaderValue>,
    body: &[u8],
    timeout: Duration,
) -> Result<(StatusCode, Vec<u8>), &'static str> {
    let mut last = Err("connector_does_not_answer");
    for _ in 0..TRIES {
        let mut request = Request::post(url.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json");
        if let Some(authorization) = &authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(body.to_vec());
        let request = request.map_err(|_| "connector_address_malformed")?;
        match fetcher.ask(request, timeout, MOST).await {
            Ok(answer) if answer.status().is_server_error() => {
                last = Err("connector_answers_with_an_error");
            }
            Ok(answer) => return Ok((answer.status(), answer.into_body())),
            Err(fault) => {
                tracing::warn!("a connector does not answer: {fault}");
                last = Err("connector_does_not_answer");
            }
        }
    }
    last
}

/// Reads an answer. Whatever is not one of the three forms, at a step that it is for, is none.
fn read(step: Step, status: StatusCode, body: &[u8], flow: &UserFlow) -> Heard {
    if !matches!(status, StatusCode::OK | StatusCode::BAD_REQUEST) {
        return Heard::Failed("connector_answers_with_another_status");
    }
    let Ok(Value::Object(answer)) = json::read(body) else {
        return Heard::Failed("connector_answer_not_json");
    };
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    if text("version") != Some("1.0.0") {
        return Heard::Failed("connector_answer_of_another_version");
    }
    let message = || bounded(text("userMessage").unwrap_or_default());
    match (status, text("action")) {
        (StatusCode::OK, Some("Continue")) => values(&answer, flow),
        (StatusCode::OK, Some("ShowBlockPage")) => Heard::Block(message()),
        (StatusCode::BAD_REQUEST, Some("ValidationError")) => {
            let says_400 = match answer.get("status") {
                Some(Value::Number(number)) => number.as_u64() == Some(400),
                Some(Value::String(text)) => text == "400",
                Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => false,
                None => true,
            };
            match step {
                Step::PostAttributeCollection if says_400 => Heard::Invalid(message()),
                Step::PostAttributeCollection => {
                    Heard::Failed("connector_answer_contradicts_its_status")
                }
                Step::PostFederationSignup => Heard::Failed("connector_answer_not_of_this_step"),
            }
        }
        (_, _) => Heard::Failed("connector_answer_without_an_action"),
    }
}

/// The values of what the flow asks, of whatever else there is nothing.
fn values(answer: &Map<String, Value>, flow: &UserFlow) -> Heard {
    let mut values = Map::new();
    for asked in &flow.attributes {
        // `extension_<app id>_Name` may go without the app's id.
        let short = asked
            .id
            .strip_prefix("extension_")
            .and_then(|rest| rest.split_once('_'))
            .map(|(_, name)| format!("extension_{name}"));
        let value = answer
            .get(&*asked.id)
            .or_else(|| answer.get(short.as_deref()?));
        let Some(value) = value.filter(|value| !value.is_null()) else {
            continue;
        };
        match given(asked, value) {
            Some(value) => {
                values.insert(asked.id.to_string(), value);
            }
            None => return Heard::Failed("connector_value_of_another_type"),
        }
    }
    Heard::Continue(values)
}

/// What people are told is text, and not much.
fn bounded(message: &str) -> String {
    let letters = message
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter });
    letters
        .take(LONGEST_MESSAGE)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// The first, and once more.
const TRIES: usize = 2;

/// Bytes of an answer: it has a value for each of what a flow can ask.
const MOST: usize = 256 << 10;

const LONGEST_MESSAGE: usize = 500;

/// Connectors that are asked at a time.
pub(in super::super) const MOST_ASKED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crossgate_graph::{DataType, FlowAttribute, Input};
    use serde_json::json;

    const CUSTOM: &str = "extension_11111111111141118111111111111111_Code";

    fn flow() -> UserFlow {
        let asked = |id: &str, data_type| FlowAttribute {
            id: id.into(),
            label: "x".into(),
            optional: true,
            data_type,
            input: Input::Text,
        };
        UserFlow {
            id: "B2X_1_x".into(),
            applications: Box::default(),
            identity_providers: Box::default(),
            attributes: [
                asked("city", DataType::Text),
                asked(CUSTOM, DataType::Integer),
            ]
            .into(),
            post_federation_signup: None,
            post_attribute_collection: None,
            requires_approval: false,
            terms_of_use: None,
        }
    }

    fn heard(step: Step, status: u16, body: &Value) -> Heard {
        let status = StatusCode::from_u16(status).unwrap();
        read(step, status, body.to_string().as_bytes(), &flow())
    }

    use Step::{PostAttributeCollection as Second, PostFederationSignup as First};

    #[test]
    fn going_on_takes_values_of_what_the_flow_asks_and_of_nothing_else() {
        let answer = json!({
            "version": "1.0.0", "action": "Continue", "city": "Lund", "extension_Code": 7, "userType": "Member",
            "surname": "x", "email": "other@a.example",
        });
        let mut expected = Map::new();
        expected.insert("city".to_owned(), json!("Lund"));
        expected.insert(CUSTOM.to_owned(), json!(7));
        assert_eq!(heard(First, 200, &answer), Heard::Continue(expected));
        let wrong = json!({"version": "1.0.0", "action": "Continue", "city": 7});
        assert!(matches!(heard(First, 200, &wrong), Heard::Failed(_)));
        let nothing = json!({"version": "1.0.0", "action": "Continue", "city": null});
        assert_eq!(heard(First, 200, &nothing), Heard::Continue(Map::new()));
    }

    #[test]
    fn what_was_filled_in_is_found_wrong_at_the_second_step_alone_with_400_alone() {
        let answer = json!({"version": "1.0.0", "status": "400", "action": "ValidationError", "userMessage": "Bad\ncode."});
        assert_eq!(
            heard(Second, 400, &answer),
            Heard::Invalid("Bad code.".to_owned())
        );
        assert!(matches!(heard(First, 400, &answer), Heard::Failed(_)));
        assert!(matches!(heard(Second, 200, &answer), Heard::Failed(_)));
        let other = json!({"version": "1.0.0", "status": 409, "action": "ValidationError"});
        assert!(matches!(heard(Second, 400, &other), Heard::Failed(_)));
    }

    #[test]
    fn nothing_but_the_three_forms_lets_anybody_go_on() {
        for (status, body) in [
            (200, json!({"version": "1.0.0"})),
            (200, json!({"action": "Continue"})),
            (200, json!({"version": "2.0.0", "action": "Continue"})),
            (200, json!({"version": "1.0.0", "action": "continue"})),
            (200, json!([])),
            (201, json!({"version": "1.0.0", "action": "Continue"})),
            (302, json!({"version": "1.0.0", "action": "Continue"})),
            (400, json!({"version": "1.0.0", "action": "Continue"})),
            (400, json!({"version": "1.0.0", "action": "ShowBlockPage"})),
            (500, json!({"version": "1.0.0", "action": "Continue"})),
        ] {
            for step in [First, Second] {
                let heard = heard(step, status, &body);
                assert!(
                    matches!(heard, Heard::Failed(_)),
                    "{status} {body}: {heard:?}"
                );
            }
        }
        let twice = br#"{"version":"1.0.0","action":"ShowBlockPage","action":"Continue"}"#;
        assert!(matches!(
            read(First, StatusCode::OK, twice, &flow()),
            Heard::Failed(_)
        ));
        let long = json!({"version": "1.0.0", "action": "ShowBlockPage", "userMessage": "x".repeat(10_000)});
        assert_eq!(
            heard(First, 200, &long),
            Heard::Block("x".repeat(LONGEST_MESSAGE))
        );
    }
}
