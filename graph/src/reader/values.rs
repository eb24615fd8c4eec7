//! Values that documents are made of.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use crossgate_policy::ids::{Guid, Id, TenantId};
use crossgate_policy::snapshot::Expiry;
use jiff::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::read::is_annotation;

/// A JSON object. Derived readers alone would also take a list of the members' values.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Object<T>(pub(crate) T);

impl<T> Deref for Object<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// A value of Graph's that is taken as it is and not looked into, but for members that stand twice.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Kept {
    /// Whether it says anything: false for null, false, `""`, and lists and objects of nothing else.
    pub(crate) says_something: bool,
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Anything;

        impl<'de> Visitor<'de> for Anything {
            type Value = bool;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E: Error>(self) -> Result<bool, E> {
                Ok(false)
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
                Ok(value)
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<bool, E> {
                Ok(true)
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<bool, E> {
                Ok(true)
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<bool, E> {
                Ok(true)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
                Ok(!text.is_empty())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
                let mut says_something = false;
                while let Some(value) = list.next_element::<Kept>()? {
                    says_something |= value.says_something;
                }
                Ok(says_something)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
                let mut names = HashSet::new();
                let mut says_something = false;
                while let Some(name) = map.next_key::<String>()? {
                    let annotation = is_annotation(&name);
                    if let Some(name) = names.replace(name) {
                        return Err(Error::custom(format_args!("duplicate field `{name}`")));
                    }
                    let value = map.next_value::<Kept>()?;
                    says_something |= value.says_something && !annotation;
                }
                Ok(says_something)
            }
        }

        let says_something = deserializer.deserialize_any(Anything)?;
        Ok(Self { says_something })
    }
}

/// A value that is there and says something.
pub(crate) fn set(value: Option<Kept>) -> bool {
    value.is_some_and(|kept| kept.says_something)
}

/// Text that means nothing to Crossgate; read over, its type is checked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Label;

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, "a string", |_| Ok(Self))
    }
}

/// A point in time, RFC 3339.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DateTime(pub(crate) Timestamp);

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(
            deserializer,
            "a time such as `2026-01-01T00:00:00Z`",
            |text| {
                text.parse().map(Self).map_err(|_| {
                    format!("`{text}` is not a time; expected one such as `2026-01-01T00:00:00Z`")
                })
            },
        )
    }
}

/// When a guest's access ends, RFC 3339; whatever of a second it names is left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExpiryTime(pub(crate) Expiry);

impl<'de> Deserialize<'de> for ExpiryTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let DateTime(time) = DateTime::deserialize(deserializer)?;
        // Not rounded, but down: stricter by less than a second.
        let second = time.as_millisecond().div_euclid(1000);
        Expiry::new(second).map(Self).ok_or_else(|| {
            D::Error::custom(format_args!(
                "`{time}` lies too far ahead; expected a time before 2106, or null where the guest stays"
            ))
        })
    }
}

/// Text that is not empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Text(pub(crate) Box<str>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, "a string", |text| {
            if text.trim().is_empty() {
                return Err("an empty string names nothing; remove it".to_owned());
            }
            Ok(Self(text.into()))
        })
    }
}

/// An identifier of any form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct AnyId(pub(crate) Id);

impl<'de> Deserialize<'de> for AnyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, "a string", |text| {
            if text.trim().is_empty() {
                return Err("an empty id names nothing; expected an id".to_owned());
            }
            Ok(Self(Id::new(text)))
        })
    }
}

/// A GUID.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AGuid(pub(crate) Guid);

impl<'de> Deserialize<'de> for AGuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, "a GUID", |text| {
            Guid::parse(text).map(Self).ok_or_else(|| {
                format!("`{text}` is not a GUID; expected one such as `{SAMPLE_GUID}`")
            })
        })
    }
}

/// A tenant's id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tenant(pub(crate) TenantId);

impl<'de> Deserialize<'de> for Tenant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, "a tenant id", |text| {
            TenantId::parse(text).map(Self).ok_or_else(|| {
                format!("`{text}` is not a tenant id; expected a GUID such as `{SAMPLE_GUID}`")
            })
        })
    }
}

const SAMPLE_GUID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

/// Reads a string and makes something of it.
pub(crate) fn read_text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expected: &'static str,
    make: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    struct Reader<F>(&'static str, F);

    impl<T, F: FnOnce(&str) -> Result<T, String>> Visitor<'_> for Reader<F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            (self.1)(text).map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Reader(expected, make))
}

/// Whether a JSON object has a member `value`: then it is a list as Graph sends it.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Probe {
    pub(crate) value: Option<IgnoredAny>,
}

/// An enumeration of Graph's, by its names in JSON.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal, $expected:literal { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(crate) enum $name {
            $(
                #[doc = concat!("`", $word, "`.")]
                $variant,
            )+
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::reader::values::read_text(deserializer, $expected, |text| match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!(concat!("`{}` is not ", $what, "; expected ", $expected), text)),
                })
            }
        }
    };
}
pub(crate) use words;
