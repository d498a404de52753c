//! Receipts and logs with what their octets mean, as JSON and as text.

use nub_abi::{Log, Receipt, Status};
use nub_state::TypeDef;
use nub_state::type_def::{EndpointType, EventType, Field};
use serde_json::{Map, Value, json};

use crate::{EncodeError, ParseError, Type, hex};

/// What is known of contracts' types.
#[derive(Clone, Debug, Default)]
pub struct Book {
    types: Vec<TypeDef>,
}

/// Why arguments cannot be made octets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentsError {
    /// A type is not known.
    #[error(transparent)]
    Type(#[from] ParseError),
    /// A value is none of its type.
    #[error("argument `{name}`: {source}")]
    Value {
        /// The argument.
        name: String,
        /// What is wrong.
        source: EncodeError,
    },
    /// There are too many or too few.
    #[error("{found} arguments where {wanted} are wanted: {names}")]
    Count {
        /// How many are wanted.
        wanted: usize,
        /// Their names and types.
        names: String,
        /// How many there are.
        found: usize,
    },
}

impl Book {
    /// What a TypeDef says, in addition.
    pub fn add(&mut self, types: TypeDef) {
        self.types.push(types);
    }

    /// With what a TypeDef says.
    #[must_use]
    pub fn with(mut self, types: TypeDef) -> Self {
        self.add(types);
        self
    }

    /// The endpoint of that number or name, if exactly one contract has one.
    pub fn endpoint(&self, name: &str) -> Option<&EndpointType> {
        let all = self.types.iter().flat_map(|types| &types.endpoints);
        let mut found = all.filter(|endpoint| endpoint.name == name || endpoint.number.to_string() == name);
        found.next().filter(|_| found.next().is_none())
    }

    fn event(&self, topic: &[u8; 32]) -> Option<&EventType> {
        self.types.iter().flat_map(|types| &types.events).find(|event| event.topic == *topic)
    }

    /// A receipt as JSON. With the endpoint it is of, its output has a meaning too.
    pub fn receipt(&self, receipt: &Receipt, endpoint: Option<&EndpointType>) -> Value {
        let mut described = json!({
            "status": format!("{:?}", receipt.status),
            "gas_used": receipt.gas_used,
            "output": hex::to_text(&receipt.output),
            "logs": receipt.logs.iter().map(|log| self.log(log)).collect::<Vec<_>>(),
            "growth": {
                "keys": receipt.growth.keys, "bytes": receipt.growth.bytes, "pages": receipt.growth.pages
            },
        });
        if receipt.status == Status::Reverted {
            described["message"] = String::from_utf8_lossy(&receipt.output).into();
        } else if let Some(value) = endpoint.and_then(|endpoint| output(endpoint, &receipt.output)) {
            described["value"] = value;
        }
        described
    }

    /// A log as JSON: contract, topic, data, and if its event is known, name and fields.
    pub fn log(&self, log: &Log) -> Value {
        let mut described = json!({
            "contract": hex::to_text(&log.instance.0),
            "topic": hex::to_text(&log.topic),
            "data": hex::to_text(&log.data),
        });
        let event = self.event(&log.topic);
        if let Some((event, fields)) =
            event.and_then(|event| Some((event, fields(&event.fields, &log.data)?)))
        {
            described["event"] = event.name.as_str().into();
            described["fields"] = Value::Object(fields);
        }
        described
    }
}

/// A receipt as lines of text.
pub fn text(described: &Value) -> String {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut lines = format!("{}, {} gas\n", plain(&described["status"]), described["gas_used"]);
    for (name, key) in [("message", "message"), ("value", "value"), ("output", "output")] {
        match described.get(key) {
            Some(value) if plain(value) != "0x" && !value.is_null() => {
                lines += &format!("{name:<8} {}\n", plain(value));
                break;
            }
            _ => {}
        }
    }
    for log in described["logs"].as_array().into_iter().flatten() {
        let what = match (log.get("event"), log.get("fields")) {
            (Some(event), Some(fields)) => format!("{} {fields}", plain(event)),
            _ => format!("topic {} data {}", plain(&log["topic"]), plain(&log["data"])),
        };
        lines += &format!("event    {what}\n         of {}\n", plain(&log["contract"]));
    }
    let growth = &described["growth"];
    lines
        + &format!("growth   {} keys, {} bytes, {} pages\n", growth["keys"], growth["bytes"], growth["pages"])
}

/// An endpoint's output, if its octets are of its type.
pub fn output(endpoint: &EndpointType, octets: &[u8]) -> Option<Value> {
    let name = if endpoint.output.is_empty() { "()" } else { &endpoint.output };
    name.parse::<Type>().ok()?.decode(octets).ok()
}

/// Fields by name, if the octets are theirs.
fn fields(fields: &[Field], mut octets: &[u8]) -> Option<Map<String, Value>> {
    let mut values = Map::new();
    for field in fields {
        let of: Type = field.type_name.parse().ok()?;
        values.insert(field.name.clone(), of.take(&mut octets).ok()?);
    }
    octets.is_empty().then_some(values)
}

/// An endpoint's arguments by name, if the octets are theirs.
pub fn arguments_of(endpoint: &EndpointType, octets: &[u8]) -> Option<Map<String, Value>> {
    fields(&endpoint.args, octets)
}

/// The octets of an endpoint's arguments.
///
/// # Errors
/// [`ArgumentsError`].
pub fn arguments(endpoint: &EndpointType, values: &[Value]) -> Result<Vec<u8>, ArgumentsError> {
    if values.len() != endpoint.args.len() {
        let names = endpoint.args.iter().map(|field| format!("{}: {}", field.name, field.type_name));
        let names = names.collect::<Vec<_>>().join(", ");
        return Err(ArgumentsError::Count { wanted: endpoint.args.len(), names, found: values.len() });
    }
    let mut octets = Vec::new();
    for (field, value) in endpoint.args.iter().zip(values) {
        let of: Type = field.type_name.parse()?;
        let encoded =
            of.encode(value).map_err(|source| ArgumentsError::Value { name: field.name.clone(), source })?;
        octets.extend(encoded);
    }
    Ok(octets)
}

/// A word of the command line as a value: JSON if it is, else text.
pub fn value_of(word: &str) -> Value {
    serde_json::from_str(word).unwrap_or_else(|_| Value::from(word))
}
