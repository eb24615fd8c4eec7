//! OpenTelemetry logs: an event is a log record, acknowledged by the answer to the request that has it.

mod grpc;
mod http;
mod record;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;

pub(crate) use grpc::GrpcSession;
pub(crate) use http::HttpSession;

use super::Answer;

/// What a receiver says of records that it has not taken. It is not to be given them again.
fn answer(response: ExportLogsServiceResponse) -> Answer {
    match response.partial_success {
        Some(partly) if partly.rejected_log_records > 0 => Answer::Partly {
            refused: partly.rejected_log_records.unsigned_abs(),
            reason: partly.error_message,
        },
        // A message alone is a warning.
        Some(_) | None => Answer::Taken,
    }
}
