//! OTLP/HTTP with Protocol Buffers.

use crossgate_config::{ClientTlsFiles, Header};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use prost::Message as _;

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
                let response = ExportLogsServiceResponse::decode(body);
                Ok(response.map_or(Answer::Taken, answer))
            }
        }
    }
}
