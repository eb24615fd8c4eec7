//! `crossgate/activity`: who crossed the organisation's border, added up by what a workbook shows.

mod groups;

use std::collections::BTreeMap;

use crossgate_config::Settings;
use crossgate_policy::ids::TenantId;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use self::groups::{Groups, Of, Tally};
use super::Api;
use super::asked::Asked;
use super::call::Reply;
use super::error::ApiError;
use super::parameters::Parameters;
use crate::sign_ins::{ActivityQuery, ActivitySum, Added, Crossed, SignIns, Status};

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
    let (rows, left_off, complete) = match wanted.by {
        By::Day => over_time(log, &wanted, DAY)?,
        By::Hour => over_time(log, &wanted, HOUR)?,
        By::Tenant | By::App | By::User | By::Status => grouped(log, &wanted, &settings)?,
    };
    Ok(Reply::ok(json!({
        "since": wanted.from.to_string(),
        "until": wanted.to.min(Timestamp::now()).to_string(),
        "by": wanted.by.name(),
        "complete": complete,
        "leftOff": left_off,
        "value": rows,
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

    /// What a row is of.
    const fn of<'s>(self, sum: &ActivitySum<'s>) -> Of<'s> {
        let (what, tenant, crossed) = match self {
            Self::Tenant => (None, sum.tenant, sum.crossed),
            Self::App => (sum.app, None, Crossed::Neither),
            Self::User => (sum.user, sum.tenant, sum.crossed),
            Self::Status | Self::Day | Self::Hour => (sum.code, None, Crossed::Neither),
        };
        Of {
            what,
            tenant,
            crossed,
        }
    }

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
        let until = given.time("until")?;
        let from = given.time("since")?;
        let from = from.unwrap_or_else(|| {
            let to = until.unwrap_or(now);
            to.saturating_sub(USUAL).unwrap_or(Timestamp::MIN)
        });
        // Until now is until the hour's end: what it came to is added up already, a part of it is not.
        let to = until.unwrap_or_else(|| hour_after(now));
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
            apps: self.by == By::App,
            // Of one tenant's users it is told how each of them fared.
            endings: self.by == By::User && self.tenant.is_some(),
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
            step: None,
        }
    }

    fn counts(&self, sum: &ActivitySum<'_>) -> bool {
        self.direction != Way::Crossing || sum.crossed != Crossed::Neither
    }
}

fn hour_after(time: Timestamp) -> Timestamp {
    let hours = time.as_second().div_euclid(HOUR.as_secs()) + 1;
    Timestamp::from_second(hours * HOUR.as_secs()).unwrap_or(time)
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

/// What is told, how many more rows there are, and whether all was added up.
type Rows = (Vec<Value>, usize, bool);

fn grouped(log: &dyn SignIns, wanted: &Wanted, settings: &Settings) -> Result<Rows, ApiError> {
    let mut groups = Groups::default();
    let by = wanted.by;
    let added = log
        .add_up(&wanted.query(), &mut |sum| {
            if !wanted.counts(&sum) {
                return;
            }
            let name = match by {
                By::App => sum.app_name,
                By::User => sum.user_name,
                By::Tenant | By::Status | By::Day | By::Hour => None,
            };
            if let Some(tally) = groups.row(by.of(&sum)) {
                tally.add(&sum);
                if tally.name.is_none() {
                    tally.name = name.map(str::to_owned);
                }
            }
        })
        .map_err(ApiError::unavailable)?;
    let mut complete = added == Added::All;
    if by == By::Tenant && wanted.counts_users {
        let query = ActivityQuery {
            users: true,
            endings: false,
            ..wanted.query()
        };
        let of_users = log
            .add_up(&query, &mut |sum| {
                let user = sum.user.filter(|user| !user.is_empty());
                if let (Some(tally), Some(user)) = (groups.known(by.of(&sum)), user) {
                    tally.add_user(user);
                }
            })
            .map_err(ApiError::unavailable)?;
        complete &= of_users == Added::All;
    }
    let (largest, left_off) = groups.largest(wanted.top);
    let rows = largest.into_iter().map(|tally| {
        let mut row = Map::new();
        let mut told = |name: &str, value: Value| row.insert(name.to_owned(), value);
        match by {
            By::Tenant => {
                told("displayName", json!(name_of(settings, &tally.tenant)));
                told("tenantId", json!(tally.tenant));
                told("direction", json!(tally.crossed.name()));
                told("users", json!(wanted.counts_users.then(|| tally.users())));
            }
            By::App => {
                told("appId", json!(tally.what));
                told("displayName", json!(tally.name));
            }
            By::User => {
                told("userId", json!(tally.what));
                told("displayName", json!(tally.name));
                told("tenantId", json!(tally.tenant));
                told("direction", json!(tally.crossed.name()));
            }
            By::Status | By::Day | By::Hour => {
                told("errorCode", json!(tally.what));
            }
        }
        put(&tally, &mut row);
        Value::Object(row)
    });
    Ok((rows.collect(), left_off, complete))
}

fn put(tally: &Tally, row: &mut Map<String, Value>) {
    let (success, failed) = tally.endings().unzip();
    row.insert("signIns".to_owned(), json!(tally.events));
    row.insert("successSignIns".to_owned(), json!(success));
    row.insert("failedSignIns".to_owned(), json!(failed));
    row.insert("requests".to_owned(), json!(tally.requests));
}

fn name_of<'s>(settings: &'s Settings, tenant: &Option<String>) -> Option<&'s str> {
    let id = TenantId::parse(tenant.as_deref()?)?;
    let mut partners = settings.partners.iter();
    let partner = partners.find(|partner| partner.tenant == id)?;
    Some(&partner.name)
}

/// The same step by step, each of which has a row whether there was anything or not.
fn over_time(log: &dyn SignIns, wanted: &Wanted, step: SignedDuration) -> Result<Rows, ApiError> {
    let query = ActivityQuery {
        step: Some(step),
        ..wanted.query()
    };
    let mut rows: BTreeMap<Timestamp, (BTreeMap<Crossed, u64>, Tally)> = BTreeMap::new();
    for step in query.steps() {
        if rows.len() >= MOST_STEPS {
            return Err(ApiError::bad_address(format!(
                "`by`: there would be more than {MOST_STEPS} rows; ask for a shorter time, or by `day`"
            )));
        }
        rows.insert(step.begin, (BTreeMap::new(), Tally::new()));
    }
    let added = log
        .add_up(&query, &mut |sum| {
            if wanted.counts(&sum)
                && let Some((of_way, tally)) = rows.get_mut(&sum.step)
            {
                *of_way.entry(sum.crossed).or_default() += sum.events;
                tally.add(&sum);
            }
        })
        .map_err(ApiError::unavailable)?;
    let row = |(begin, (of_way, tally)): (Timestamp, (BTreeMap<Crossed, u64>, Tally))| {
        let of = |way| of_way.get(&way).copied().unwrap_or_default();
        let mut row = Map::new();
        row.insert("from".to_owned(), json!(begin.to_string()));
        row.insert("inbound".to_owned(), json!(of(Crossed::Inbound)));
        row.insert("outbound".to_owned(), json!(of(Crossed::Outbound)));
        row.insert("none".to_owned(), json!(of(Crossed::Neither)));
        put(&tally, &mut row);
        Value::Object(row)
    };
    if let Added::Since(since) = added {
        // A row that is too small would look like a sum.
        rows.retain(|begin, _| *begin >= since);
    }
    let rows = rows.into_iter().map(row).collect();
    Ok((rows, 0, added == Added::All))
}

/// Where nothing else is asked for.
const USUAL: SignedDuration = SignedDuration::from_hours(24);
const USUAL_TOP: usize = 100;
const MOST: usize = 1000;

/// Bars that one can still tell apart.
const MOST_STEPS: usize = 100;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
