//! Times of the request path's hooks: what the gateway adds to the framework for one request.

#[path = "stage/mod.rs"]
mod stage;
#[path = "../../token/benches/turns/mod.rs"]
mod turns;

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use crossgate::request::admit::unix_time;
use crossgate::request::token::KnownToken;
use crossgate_policy::context::Context;
use crossgate_policy::{Caller, decide};
use crossgate_token::verify;

use stage::Stage;
use stage::phases::{Unwatched, response, serve};

/// The one that the program serves with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn request(criterion: &mut Criterion) {
    let stage = Stage::new(1);
    let gateway = &stage.gateway;
    let known = stage.mint.guest(0);
    let forged = stage::tokens::forge(&known);
    let mut group = criterion.benchmark_group("request");
    let mut bench = |name: &str, token: &mut dyn FnMut() -> String, forwarded: bool| {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || (stage.session(&token()), response()),
                |(mut session, response)| {
                    let head = serve(gateway, &mut session, response, &mut Unwatched);
                    assert_eq!(head.is_some(), forwarded);
                    // Dropping them is the framework's.
                    (session, head)
                },
                BatchSize::SmallInput,
            );
        });
    };
    bench("known token", &mut || known.clone(), true);
    bench("refused", &mut || forged.clone(), false);
    let mut number = 0_usize;
    bench(
        "first sight",
        &mut || {
            number += 1;
            stage.mint.another(0, number)
        },
        true,
    );
    group.finish();
}

/// The bare signature check, and all that a token costs before the request goes on when nobody has seen it.
fn first_sight(_: &mut Criterion) {
    let stage = Stage::new(1);
    let (token, key) = (stage.mint.guest(0), stage.mint.public_key());
    let (message, signature) = stage::tokens::signed(&token);
    let (in_force, app) = (stage.gateway.live.in_force(), stage.app());
    let keys = |issuer: &str| in_force.keys.get(issuer);
    let context = Context {
        client_ip: Some([192, 0, 2, 7].into()),
        ..Context::at(unix_time(jiff::Timestamp::now()))
    };
    let verified = || verify(black_box(&token), &in_force.issuers, keys);
    let known = || verified().map(|verified| KnownToken::new(verified, &in_force.issuers));
    turns::print(
        "first sight",
        &[
            ("bare signature check", &|| {
                key.verify_sig(black_box(message.as_bytes()), black_box(&signature))
                    .is_ok()
            }),
            ("signature and claims", &|| verified().is_ok()),
            ("signature, claims, subject", &|| known().is_ok()),
            ("signature, claims, subject, decision", &|| {
                known().is_ok_and(|known| {
                    let caller = Caller::Verified(&known.subject);
                    let decision = decide(&in_force.snapshot, caller, &app.called.target, &context);
                    decision.permit().is_some()
                })
            }),
        ],
    );
}

criterion_group!(benches, request, first_sight);
criterion_main!(benches);
