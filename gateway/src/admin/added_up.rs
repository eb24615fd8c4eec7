//! Sums of the events in the store, as the control plane asks for them: from the sums that the store keeps where they tell enough, else from
//! the events themselves.

use crossgate_control::sign_ins::{ActivityQuery, ActivitySum, Added, Crossed};
use crossgate_insight::activity::{self, Direction};
use crossgate_insight::sign_ins::{
    Answer, Asked, Column, Condition, End, Patience, Query, Store, StoreError, Sums, Ways,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::ways::KeptWays;

/// Adds up what is asked for.
pub(super) fn add_up(
    store: &Store,
    ways: &KeptWays,
    own: &str,
    asked: &ActivityQuery<'_>,
    take: &mut dyn FnMut(ActivitySum<'_>),
) -> Result<Added, StoreError> {
    let border = Border {
        asked,
        own: activity::Asked {
            own: own.to_owned(),
            direction: None,
            external: None,
            from: i64::MIN,
            to: i64::MAX,
        },
    };
    // What was asked for and who asked stand in sums of their own: what needs both is in no sum.
    let by_user = asked.users || asked.user.is_some();
    let by_app = asked.apps || asked.app.is_some();
    let by_use = by_app || asked.endings || asked.status.is_some();
    if by_user && by_use || asked.user.is_some() {
        return border.events(store, take);
    }
    for step in asked.steps() {
        let mut take = |sum: ActivitySum<'_>| {
            take(ActivitySum {
                step: step.begin,
                ..sum
            });
        };
        let asked = Asked {
            from: step.from.as_millisecond(),
            to: step.to.as_millisecond(),
            who: by_user,
        };
        if by_user {
            border.who(&store.sums(&asked)?, &mut take);
        } else if by_app {
            border.what(&store.sums(&asked)?, &mut take);
        } else {
            for ways in ways.between(store, asked.from, asked.to, Timestamp::now())? {
                border.ways(&ways, &mut take);
            }
        }
    }
    Ok(Added::All)
}

const NOTHING: ActivitySum<'static> = ActivitySum {
    step: Timestamp::MIN,
    crossed: Crossed::Neither,
    tenant: None,
    app: None,
    app_name: None,
    user: None,
    user_name: None,
    code: None,
    events: 0,
    requests: 0,
};

/// What is asked for, and on which side of the border everybody is.
struct Border<'a> {
    asked: &'a ActivityQuery<'a>,
    own: activity::Asked,
}

impl Border<'_> {
    fn who(&self, sums: &Sums, take: &mut dyn FnMut(ActivitySum<'_>)) {
        for who in sums.who() {
            let [home, resource] = [who.home_tenant_id, who.resource_tenant_id];
            let sum = ActivitySum {
                user: who.user_id,
                user_name: who.user_principal_name,
                events: who.sum.events,
                requests: who.sum.requests,
                ..NOTHING
            };
            self.give([home, resource, who.cross_tenant_access_type], sum, take);
        }
    }

    fn what(&self, sums: &Sums, take: &mut dyn FnMut(ActivitySum<'_>)) {
        for what in sums.what() {
            let [home, resource] = [what.home_tenant_id, what.resource_tenant_id];
            let sum = ActivitySum {
                app: what.resource_id,
                app_name: what.resource_display_name,
                code: what.error_code,
                events: what.sum.events,
                requests: what.sum.requests,
                ..NOTHING
            };
            self.give([home, resource, what.cross_tenant_access_type], sum, take);
        }
    }

    fn ways(&self, ways: &Ways, take: &mut dyn FnMut(ActivitySum<'_>)) {
        for way in ways.rows() {
            let [home, resource] = [way.home_tenant_id, way.resource_tenant_id];
            let sum = ActivitySum {
                code: way.error_code,
                events: way.sum.events,
                requests: way.sum.requests,
                ..NOTHING
            };
            self.give([home, resource, way.cross_tenant_access_type], sum, take);
        }
    }

    /// Gives a sum with which way it went, if it was asked for.
    fn give(
        &self,
        [home, resource, access]: [Option<&str>; 3],
        sum: ActivitySum<'_>,
        take: &mut dyn FnMut(ActivitySum<'_>),
    ) {
        let crossing = self.own.crossing(home, resource, access);
        let crossed = crossing.map_or(Crossed::Neither, |crossing| match crossing.direction {
            Direction::Inbound => Crossed::Inbound,
            Direction::Outbound => Crossed::Outbound,
        });
        let tenant = crossing.map(|crossing| crossing.external);
        let asked = self.asked;
        let same = |wanted: Option<&str>, is: Option<&str>| {
            wanted.is_none_or(|wanted| is.is_some_and(|is| is.eq_ignore_ascii_case(wanted)))
        };
        if asked.direction.is_none_or(|wanted| wanted == crossed)
            && same(asked.tenant, tenant)
            && same(asked.app, sum.app)
            && (same(asked.user, sum.user) || same(asked.user, sum.user_name))
            && asked.status.is_none_or(|status| status.fits(sum.code))
        {
            take(ActivitySum {
                crossed,
                tenant,
                ..sum
            });
        }
    }

    fn events(
        &self,
        store: &Store,
        take: &mut dyn FnMut(ActivitySum<'_>),
    ) -> Result<Added, StoreError> {
        let asked = self.asked;
        let is = |column, value: &str| Condition::Is(column, Some(value.into()));
        let mut conditions = Vec::new();
        if let Some(tenant) = asked.tenant {
            conditions.push(Condition::Any(vec![
                is(Column::HomeTenantId, tenant),
                is(Column::ResourceTenantId, tenant),
            ]));
        }
        conditions.extend(asked.app.map(|app| is(Column::ResourceId, app)));
        // People are known by their names, and lists take those too.
        conditions.extend(asked.user.map(|user| {
            Condition::Any(vec![
                is(Column::UserId, user),
                is(Column::UserPrincipalName, user),
            ])
        }));
        let query = Query {
            from: Some(asked.from.as_millisecond()),
            to: Some(asked.to.as_millisecond().saturating_sub(1)),
            descending: true,
            after: None,
            condition: Condition::All(conditions),
            patience: Some(Patience::OF_A_PAGE),
        };
        let mut looked_at = 0_u32;
        let mut left = None;
        let end = store.walk(&query, &mut |found| {
            looked_at += 1;
            if looked_at > MOST_EVENTS {
                left = Some(found.position);
                return Answer::Enough;
            }
            let event: Value = serde_json::from_str(found.line).unwrap_or_default();
            let text = |name: &str| event.get(name).and_then(Value::as_str);
            let code = event.pointer("/status/errorCode").map(Value::to_string);
            let count = event.pointer("/crossgate/count").and_then(Value::as_u64);
            self.give(
                [
                    text("homeTenantId"),
                    text("resourceTenantId"),
                    text("crossTenantAccessType"),
                ],
                ActivitySum {
                    step: asked.begin_of(found.position.at()),
                    app: text("resourceId"),
                    app_name: text("resourceDisplayName"),
                    user: text("userId"),
                    user_name: text("userPrincipalName"),
                    code: code.as_deref(),
                    events: 1,
                    requests: count.unwrap_or(1),
                    ..NOTHING
                },
                take,
            );
            Answer::Hit
        })?;
        let left = match end {
            End::All => return Ok(Added::All),
            End::Stopped => left,
            End::Tired(position) => Some(position),
        };
        // Others of that millisecond were not looked at.
        let since =
            left.and_then(|left| left.at().checked_add(SignedDuration::from_millis(1)).ok());
        Ok(Added::Since(since.unwrap_or(asked.to)))
    }
}

/// Events that are read for one answer: somebody waits for it.
const MOST_EVENTS: u32 = 20_000;
