//! Log records.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::Value;

use crate::form::{Outcome, Rendered};

/// The request that has these events. They are of one gateway.
pub(super) fn request(events: &[Rendered]) -> ExportLogsServiceRequest {
    let gateway = events.first().map_or("", |event| &*event.origin.gateway);
    let resource = Resource {
        attributes: vec![
            text("service.name", "crossgate"),
            text("service.version", VERSION),
            text("service.instance.id", gateway),
        ],
        ..Resource::default()
    };
    let logs = ScopeLogs {
        scope: Some(InstrumentationScope {
            name: "crossgate.sign_ins".to_owned(),
            version: VERSION.to_owned(),
            ..InstrumentationScope::default()
        }),
        log_records: events.iter().map(record).collect(),
        ..ScopeLogs::default()
    };
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(resource),
            scope_logs: vec![logs],
            ..ResourceLogs::default()
        }],
    }
}

fn record(event: &Rendered) -> LogRecord {
    let (severity, words) = match event.outcome {
        Outcome::Success | Outcome::Neither => (SeverityNumber::Info, "INFO"),
        Outcome::Failure => (SeverityNumber::Warn, "WARN"),
    };
    let nanoseconds = u64::try_from(event.at).unwrap_or_default() * 1_000_000;
    // What was made as JSON reads as JSON.
    let body = serde_json::from_str(&event.text).unwrap_or_default();
    LogRecord {
        time_unix_nano: nanoseconds,
        observed_time_unix_nano: nanoseconds,
        severity_number: severity.into(),
        severity_text: words.to_owned(),
        event_name: "crossgate.sign_in".to_owned(),
        body: Some(any(body)),
        attributes: vec![
            text("log.record.uid", &event.id),
            text("crossgate.stream", &event.origin.stream),
            KeyValue {
                key: "crossgate.sequence".to_owned(),
                value: Some(AnyValue {
                    value: Some(Any::IntValue(event.origin.sequence.cast_signed())),
                }),
                ..KeyValue::default()
            },
        ],
        ..LogRecord::default()
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue {
            value: Some(Any::StringValue(value.to_owned())),
        }),
        ..KeyValue::default()
    }
}

fn any(value: Value) -> AnyValue {
    let value = match value {
        Value::Null => None,
        Value::Bool(truth) => Some(Any::BoolValue(truth)),
        Value::Number(number) => Some(match number.as_i64() {
            Some(whole) => Any::IntValue(whole),
            None => Any::DoubleValue(number.as_f64().unwrap_or_default()),
        }),
        Value::String(text) => Some(Any::StringValue(text)),
        Value::Array(items) => Some(Any::ArrayValue(ArrayValue {
            values: items.into_iter().map(any).collect(),
        })),
        Value::Object(members) => {
            let values = members.into_iter().map(|(key, value)| KeyValue {
                key,
                value: Some(any(value)),
                ..KeyValue::default()
            });
            Some(Any::KvlistValue(KeyValueList {
                values: values.collect(),
            }))
        }
    };
    AnyValue { value }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
