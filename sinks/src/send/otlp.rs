//! OpenTelemetry logs: an event is a log record, acknowledged by the answer to the request that has it.

mod grpc;
mod http;
mod record;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;

pub(crate) use grpc::GrpcSession;
pub(crate) use http::HttpSession;

use super::{Answer, in_few_words};

/// What a receiver says of records that it has not taken. It is not to be given them again, unless it has taken none of all that were `sent`.
fn answer(response: ExportLogsServiceResponse, sent: usize) -> Answer {
    match response.partial_success {
        Some(partly)
            if usize::try_from(partly.rejected_log_records)
                .is_ok_and(|refused| refused >= sent) =>
        {
            Answer::Refused(in_few_words(&partly.error_message))
        }
        Some(partly) if partly.rejected_log_records > 0 => Answer::Partly {
            refused: partly.rejected_log_records.unsigned_abs(),
            reason: in_few_words(&partly.error_message),
        },
        // A message alone is a warning.
        Some(_) | None => Answer::Taken,
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsPartialSuccess;

    use super::*;

    #[test]
    fn a_partial_success_of_nothing_is_a_refusal_of_everything() {
        let refused = |rejected_log_records| ExportLogsServiceResponse {
            partial_success: Some(ExportLogsPartialSuccess {
                rejected_log_records,
                error_message: "no".to_owned(),
            }),
        };
        assert!(matches!(answer(refused(5), 5), Answer::Refused(_)));
        assert!(matches!(
            answer(refused(4), 5),
            Answer::Partly { refused: 4, .. }
        ));
        assert!(matches!(answer(refused(0), 5), Answer::Taken));
    }
}
