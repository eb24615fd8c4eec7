//! OTLP/gRPC.

use crossgate_config::{ClientTlsFiles, Header};
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use tonic::metadata::{Ascii, MetadataKey, MetadataMap, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status};

use super::super::authorization::Bearer;
use super::super::{Answer, Failure, in_few_words, tls};
use super::{answer, record};
use crate::form::Rendered;

pub(crate) struct GrpcSession {
    client: LogsServiceClient<Channel>,
    metadata: MetadataMap,
}

impl GrpcSession {
    pub(in crate::send) async fn open(
        address: &str,
        headers: &[Header],
        authorization: Bearer,
        files: &ClientTlsFiles,
    ) -> Result<Self, Failure> {
        let unusable = |error| Failure::of("the OTLP receiver's address", &error);
        let mut endpoint = Endpoint::from_shared(address.to_owned()).map_err(unusable)?;
        if address.starts_with("https://") {
            endpoint = endpoint.tls_config(tls_config(files)?).map_err(unusable)?;
        }
        let channel = endpoint
            .connect()
            .await
            .map_err(|error| Failure::of("the OTLP receiver cannot be reached", &error))?;
        let mut metadata = MetadataMap::new();
        for Header { name, value } in headers {
            insert(&mut metadata, name, value.expose())?;
        }
        if let Some(value) = authorization.header()? {
            insert(&mut metadata, "authorization", &value)?;
        }
        Ok(Self {
            client: LogsServiceClient::new(channel),
            metadata,
        })
    }

    pub(in crate::send) async fn send(&mut self, events: &[Rendered]) -> Result<Answer, Failure> {
        let mut request = Request::new(record::request(events));
        *request.metadata_mut() = self.metadata.clone();
        match self.client.export(request).await {
            Ok(response) => Ok(answer(response.into_inner(), events.len())),
            Err(status) if is_for_good(&status) => Ok(Answer::Refused(told(&status))),
            Err(status) => Err(Failure::new(told(&status))),
        }
    }
}

fn insert(metadata: &mut MetadataMap, name: &str, value: &str) -> Result<(), Failure> {
    let name = MetadataKey::<Ascii>::from_bytes(name.as_bytes());
    let value = MetadataValue::try_from(value);
    let (Ok(name), Ok(mut value)) = (name, value) else {
        return Err(Failure::new("a header or token cannot be sent with gRPC"));
    };
    value.set_sensitive(true);
    metadata.insert(name, value);
    Ok(())
}

/// What the records themselves are refused for. All else may be put right by somebody: a wrong token, a receiver that is not ready.
fn is_for_good(status: &Status) -> bool {
    // Also what is larger than the receiver takes, which servers tell by this code and these words.
    let is_too_large =
        status.code() == Code::ResourceExhausted && status.message().contains("larger than max");
    status.code() == Code::InvalidArgument || is_too_large
}

fn told(status: &Status) -> String {
    let cause = std::error::Error::source(status).map(ToString::to_string);
    let message = match cause {
        Some(cause) if status.message().is_empty() => cause,
        Some(_) | None => status.message().to_owned(),
    };
    let message = in_few_words(&message);
    format!("the OTLP receiver answers {:?}: {message}", status.code())
}

fn tls_config(files: &ClientTlsFiles) -> Result<ClientTlsConfig, Failure> {
    let mut config = match &files.authorities {
        Some(file) => {
            ClientTlsConfig::new().ca_certificate(Certificate::from_pem(tls::bytes(file)?))
        }
        None => ClientTlsConfig::new().with_native_roots(),
    };
    if let Some((certificate, key)) = &files.client {
        config = config.identity(Identity::from_pem(
            tls::bytes(certificate)?,
            tls::bytes(key)?,
        ));
    }
    Ok(config)
}
