//! `crossgate/activity`: who crossed the organisation's border, added up by what a workbook shows.

use std::collections::{BTreeMap, BTreeSet};

use crossgate_config::Settings;
use crossgate_policy::ids::TenantId;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::Api;
use super::asked::Asked;
use super::call::Reply;
use super::error::ApiError;
use super::parameters::Parameters;
use crate::sign_ins::{ActivityQuery, ActivitySum, Crossed, SignIns, Status};

/// The sums, the largest first; of times in their order.
pub(super) fn get(api: &Api, asked: &Asked<'_>) -> Result<Reply, ApiError> {
    let settings = api.settings();
    let wanted = Wanted::read(asked.call.query.as_deref(), &settings)?;
    let enforcer = api.ledger.enforcer();
    let log = enforcer.sign_ins().ok_or_else(|| {
        ApiError::not_found(
            "sign-ins are not kept: `store` under `[sign_ins]` of the configuration is off",
        )
    })?;
    let (rows, complete) = match wanted.by {
        By::Day => over_time(log, &wanted, DAY)?,
        By::Hour => over_time(log, &wanted, HOUR)?,
        By::Tenant | By::App | By::User | By::Status => grouped(log, &wanted, &settings)?,
    };
    let left_off = rows.len().saturating_sub(wanted.top);
    let shown: Vec<Value> = match wanted.by {
        By::Day | By::Hour => rows,
        By::Tenant | By::App | By::User | By::Status => rows.into_iter().take(wanted.top).collect(),
    };
    Ok(Reply::ok(json!({
        "since": wanted.from.to_string(),
        "until": wanted.to.to_string(),
        "by": wanted.by.name(),
        "complete": complete,
        "leftOff": match wanted.by {
            By::Day | By::Hour => 0,
            By::Tenant | By::App | By::User | By::Status => left_off,
        },
        "value": shown,
    })))
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum By {
    Tenant,
    App,
    User,
    Status,
    Day,
    Hour,
}

impl By {
    const ALL: [Self; 6] = [
        Self::Tenant,
        Self::App,
        Self::User,
        Self::Status,
        Self::Day,
        Self::Hour,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::App => "app",
            Self::User => "user",
            Self::Status => "status",
            Self::Day => "day",
            Self::Hour => "hour",
        }
    }
}

/// What is asked for.
struct Wanted {
    from: Timestamp,
    to: Timestamp,
    by: By,
    direction: Way,
    tenant: Option<String>,
    app: Option<String>,
    user: Option<String>,
    status: Option<Ended>,
    top: usize,
    counts_users: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    /// Only those that crossed.
    Crossing,
    One(Crossed),
    Any,
}

enum Ended {
    Success,
    Failure,
    Code(String),
}

const NAMES: &[&str] = &[
    "since",
    "until",
    "by",
    "direction",
    "tenant",
    "app",
    "user",
    "status",
    "top",
    "count",
];

impl Wanted {
    fn read(query: Option<&str>, settings: &Settings) -> Result<Self, ApiError> {
        let mut given = Parameters::read(query, NAMES)?;
        let now = Timestamp::now();
        let to = given.time("until")?.unwrap_or(now);
        let from = given.time("since")?;
        let from = from.unwrap_or_else(|| to.saturating_sub(USUAL).unwrap_or(Timestamp::MIN));
        if from >= to {
            return Err(ApiError::bad_address("`since`: is not before `until`"));
        }
        let by = match given.take("by") {
            None => By::Tenant,
            Some(name) => one_of("by", &name, By::ALL.into_iter().map(|by| (by.name(), by)))?,
        };
        let direction = match given.take("direction") {
            None => Way::Crossing,
            Some(name) => one_of(
                "direction",
                &name,
                [
                    ("inbound", Way::One(Crossed::Inbound)),
                    ("outbound", Way::One(Crossed::Outbound)),
                    ("none", Way::One(Crossed::Neither)),
                    ("any", Way::Any),
                ],
            )?,
        };
        let tenant = given.take("tenant").map(|id| {
            let tenant = TenantId::parse(&id).ok_or_else(|| {
                ApiError::bad_address(format!(
                    "`tenant`: `{id}` is not the id of an organization; expected a GUID"
                ))
            })?;
            if tenant == settings.tenant.id {
                return Err(ApiError::bad_address(
                    "`tenant`: is the own organization; expected another one's id",
                ));
            }
            Ok(tenant.to_string())
        });
        let status = given.take("status").map(|status| match status.as_str() {
            "success" => Ok(Ended::Success),
            "failure" => Ok(Ended::Failure),
            code if !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Ended::Code(code.to_owned()))
            }
            other => Err(ApiError::bad_address(format!(
                "`status`: `{other}` is none; expected `success`, `failure` or a code such as `500213`"
            ))),
        });
        let top = given.take("top").map(|top| {
            let top = top.parse::<usize>().ok();
            top.filter(|top| (1..=MOST).contains(top)).ok_or_else(|| {
                ApiError::bad_address(format!("`top`: expected a number from 1 to {MOST}"))
            })
        });
        let counts_users = match given.take("count") {
            None => false,
            Some(name) => one_of("count", &name, [("users", true)])?,
        };
        Ok(Self {
            from,
            to,
            by,
            counts_users,
            direction,
            tenant: tenant.transpose()?,
            app: given.take("app"),
            user: given.take("user"),
            status: status.transpose()?,
            top: top.transpose()?.unwrap_or(USUAL_TOP),
        })
    }

    fn query(&self) -> ActivityQuery<'_> {
        ActivityQuery {
            from: self.from,
            to: self.to,
            users: self.by == By::User,
            // Of one tenant's users it is told how each of them fared.
            uses: self.by != By::User || self.tenant.is_some(),
            direction: match self.direction {
                Way::One(way) => Some(way),
                Way::Crossing | Way::Any => None,
            },
            tenant: self.tenant.as_deref(),
            app: self.app.as_deref(),
            user: self.user.as_deref(),
            status: self.status.as_ref().map(|status| match status {
                Ended::Success => Status::Success,
                Ended::Failure => Status::Failure,
                Ended::Code(code) => Status::Code(code),
            }),
        }
    }

    fn counts(&self, sum: &ActivitySum<'_>) -> bool {
        self.direction != Way::Crossing || sum.crossed != Crossed::Neither
    }
}

fn one_of<T>(
    name: &str,
    given: &str,
    known: impl IntoIterator<Item = (&'static str, T)>,
) -> Result<T, ApiError> {
    let mut expected = Vec::new();
    for (word, value) in known {
        if word == given {
            return Ok(value);
        }
        expected.push(word);
    }
    let expected = expected.join("`, `");
    Err(ApiError::bad_address(format!(
        "`{name}`: `{given}` is none; expected `{expected}`"
    )))
}

/// What is counted of each row.
#[derive(Default)]
struct Tally {
    name: Option<String>,
    events: u64,
    success: u64,
    requests: u64,
    /// Whether it is known how all of them ended.
    without_status: bool,
    users: BTreeSet<String>,
}

impl Tally {
    fn add(&mut self, sum: &ActivitySum<'_>) {
        self.events += sum.events;
        self.requests += sum.requests;
        match sum.code {
            Some("0") => self.success += sum.events,
            Some(_) => {}
            None => self.without_status = true,
        }
    }

    fn put(&self, row: &mut Map<String, Value>) {
        let known = !self.without_status;
        let success = known.then_some(self.success);
        let failed = known.then_some(self.events - self.success);
        row.insert("signIns".to_owned(), json!(self.events));
        row.insert("successSignIns".to_owned(), json!(success));
        row.insert("failedSignIns".to_owned(), json!(failed));
        row.insert("requests".to_owned(), json!(self.requests));
    }
}

type Rows = (Vec<Value>, bool);

/// Of what events agree in.
type Key = (Option<String>, Option<String>, Crossed);

fn grouped(log: &dyn SignIns, wanted: &Wanted, settings: &Settings) -> Result<Rows, ApiError> {
    let mut tallies: BTreeMap<Key, Tally> = BTreeMap::new();
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let key = |sum: &ActivitySum<'_>| match wanted.by {
        By::Tenant => (sum.tenant.map(str::to_ascii_lowercase), None, sum.crossed),
        By::App => (owned(sum.app), None, Crossed::Neither),
        By::User => (
            owned(sum.user),
            sum.tenant.map(str::to_ascii_lowercase),
            sum.crossed,
        ),
        By::Status | By::Day | By::Hour => (owned(sum.code), None, Crossed::Neither),
    };
    let mut complete = log
        .add_up(&wanted.query(), &mut |sum| {
            if wanted.counts(&sum) {
                let tally = tallies.entry(key(&sum)).or_default();
                tally.add(&sum);
                let name = match wanted.by {
                    By::App => sum.app_name,
                    By::User => sum.user_name,
                    By::Tenant | By::Status | By::Day | By::Hour => None,
                };
                if tally.name.is_none() {
                    tally.name = owned(name);
                }
            }
        })
        .map_err(ApiError::unavailable)?;
    if wanted.by == By::Tenant && wanted.counts_users {
        let query = ActivityQuery {
            users: true,
            uses: false,
            ..wanted.query()
        };
        complete &= log
            .add_up(&query, &mut |sum| {
                let user = sum.user.filter(|user| !user.is_empty());
                if let (Some(tally), Some(user)) = (tallies.get_mut(&key(&sum)), user) {
                    tally.users.insert(user.to_owned());
                }
            })
            .map_err(ApiError::unavailable)?;
    }
    let mut all: Vec<(Key, Tally)> = tallies.into_iter().collect();
    all.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.events));
    let rows = all.into_iter().map(|((first, second, crossed), tally)| {
        let mut row = Map::new();
        match wanted.by {
            By::Tenant => {
                row.insert("displayName".to_owned(), json!(name_of(settings, &first)));
                row.insert("tenantId".to_owned(), json!(first));
                row.insert("direction".to_owned(), json!(crossed.name()));
                let users = wanted.counts_users.then_some(tally.users.len());
                row.insert("users".to_owned(), json!(users));
            }
            By::App => {
                row.insert("appId".to_owned(), json!(first));
                row.insert("displayName".to_owned(), json!(tally.name));
            }
            By::User => {
                row.insert("userId".to_owned(), json!(first));
                row.insert("displayName".to_owned(), json!(tally.name));
                row.insert("tenantId".to_owned(), json!(second));
                row.insert("direction".to_owned(), json!(crossed.name()));
            }
            By::Status | By::Day | By::Hour => {
                row.insert("errorCode".to_owned(), json!(first));
            }
        }
        tally.put(&mut row);
        Value::Object(row)
    });
    Ok((rows.collect(), complete))
}

fn name_of<'s>(settings: &'s Settings, tenant: &Option<String>) -> Option<&'s str> {
    let id = TenantId::parse(tenant.as_deref()?)?;
    let mut partners = settings.partners.iter();
    let partner = partners.find(|partner| partner.tenant == id)?;
    Some(&partner.name)
}

/// The same step by step, each of which has a row whether there was anything or not.
fn over_time(log: &dyn SignIns, wanted: &Wanted, step: i64) -> Result<Rows, ApiError> {
    let (first, last) = (wanted.from.as_second(), wanted.to.as_second());
    let begin = first.div_euclid(step) * step;
    if (last - begin) / step >= MOST_STEPS {
        return Err(ApiError::bad_address(format!(
            "`by`: there would be more than {MOST_STEPS} rows; ask for a shorter time, or by `day`"
        )));
    }
    let (mut rows, mut complete) = (Vec::new(), true);
    let mut at = begin;
    while at < last || rows.is_empty() {
        let bound = |second: i64| Timestamp::from_second(second).unwrap_or(wanted.to);
        let query = ActivityQuery {
            from: bound(at).max(wanted.from),
            to: bound(at + step).min(wanted.to),
            ..wanted.query()
        };
        let mut of_way: BTreeMap<Crossed, u64> = BTreeMap::new();
        let mut tally = Tally::default();
        complete &= log
            .add_up(&query, &mut |sum| {
                if wanted.counts(&sum) {
                    *of_way.entry(sum.crossed).or_default() += sum.events;
                    tally.add(&sum);
                }
            })
            .map_err(ApiError::unavailable)?;
        let of = |way| of_way.get(&way).copied().unwrap_or_default();
        let mut row = Map::new();
        row.insert("from".to_owned(), json!(bound(at).to_string()));
        row.insert("inbound".to_owned(), json!(of(Crossed::Inbound)));
        row.insert("outbound".to_owned(), json!(of(Crossed::Outbound)));
        row.insert("none".to_owned(), json!(of(Crossed::Neither)));
        tally.put(&mut row);
        rows.push(Value::Object(row));
        at += step;
    }
    Ok((rows, complete))
}

/// Where nothing else is asked for.
const USUAL: SignedDuration = SignedDuration::from_hours(24);
const USUAL_TOP: usize = 100;
const MOST: usize = 1000;

/// Bars that one can still tell apart.
const MOST_STEPS: i64 = 100;

/// Seconds.
const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;
