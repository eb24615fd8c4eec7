//! OTLP/HTTP with Protocol Buffers.

use crossgate_config::{ClientTlsFiles, Header};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceResponse,
};
use prost::Message as _;
use serde::Deserialize;

use super::super::authorization::Bearer;
use super::super::http::{Client, Response};
use super::super::{Answer, Failure};
use super::{answer, record};
use crate::form::Rendered;

pub(crate) struct HttpSession {
    client: Client,
    authorization: Bearer,
}

impl HttpSession {
    pub(in crate::send) fn open(
        address: &str,
        headers: &[Header],
        authorization: Bearer,
        files: &ClientTlsFiles,
    ) -> Result<Self, Failure> {
        Ok(Self {
            client: Client::new(address, headers, "application/x-protobuf", files)?,
            authorization,
        })
    }

    pub(in crate::send) async fn send(&self, events: &[Rendered]) -> Result<Answer, Failure> {
        let body = record::request(events).encode_to_vec();
        let authorization = self.authorization.header()?;
        match self.client.post(body, authorization).await? {
            Response::Refused(reason) => Ok(Answer::Refused(reason)),
            Response::Taken(body) => {
                // Some receivers answer with nothing, which is a response without members.
                let response = read(&body).map_err(|error| {
                    Failure::of("the answer is none of an OTLP receiver", &*error)
                })?;
                Ok(answer(response, events.len()))
            }
        }
    }
}

/// Some receivers answer in JSON whatever they are sent.
fn read(body: &[u8]) -> Result<ExportLogsServiceResponse, Box<dyn std::error::Error>> {
    if body.first() != Some(&b'{') {
        return Ok(ExportLogsServiceResponse::decode(body)?);
    }
    let Json { partial_success } = serde_json::from_slice(body)?;
    let partial_success = match partial_success {
        None => None,
        Some(JsonPartly {
            rejected_log_records,
            error_message,
        }) => Some(ExportLogsPartialSuccess {
            rejected_log_records: match rejected_log_records {
                None => 0,
                Some(Count::Number(count)) => count,
                Some(Count::Text(count)) => count.parse()?,
            },
            error_message,
        }),
    };
    Ok(ExportLogsServiceResponse { partial_success })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Json {
    partial_success: Option<JsonPartly>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonPartly {
    rejected_log_records: Option<Count>,
    #[serde(default)]
    error_message: String,
}

/// Numbers of 64 bits are texts in Protocol Buffers' JSON; not everybody keeps to it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Count {
    Number(i64),
    Text(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_that_is_no_answer_of_opentelemetry_acknowledges_nothing() {
        for body in ["<html>Log in", "OK", "{", "{\"partialSuccess\":7}"] {
            assert!(read(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn answers_are_read_in_both_encodings() {
        let partly = ExportLogsServiceResponse {
            partial_success: Some(ExportLogsPartialSuccess {
                rejected_log_records: 3,
                error_message: "few".to_owned(),
            }),
        };
        assert_eq!(read(&partly.encode_to_vec()).unwrap(), partly);
        for count in ["3", "\"3\""] {
            let json = format!(
                "{{\"partialSuccess\":{{\"rejectedLogRecords\":{count},\"errorMessage\":\"few\"}}}}"
            );
            assert_eq!(read(json.as_bytes()).unwrap(), partly);
        }
        for nothing in ["", "{}"] {
            let response = read(nothing.as_bytes()).unwrap();
            assert_eq!(response.partial_success, None);
        }
    }
}
