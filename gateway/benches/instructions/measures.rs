//! What is counted.

use std::hint::black_box;

use crossgate::request::admit::unix_time;
use crossgate::request::credential::Credential;
use crossgate::request::token::KnownToken;
use crossgate_policy::context::Context;
use crossgate_policy::{Caller, decide};
use crossgate_token::{accept_unsigned, verify};
use serde_json::json;

use crate::stage::phases::{Unwatched, Watch, response, serve};
use crate::stage::{Stage, contoso, people, tokens, wire};

/// One thing that is counted.
pub struct Measure {
    pub name: &'static str,
    /// How often it is done while instructions are counted.
    pub rounds: u64,
    run: fn(u64),
}

/// All of them.
pub const MEASURES: [Measure; 6] = [
    Measure {
        name: "decide, 1 partner",
        rounds: 4096,
        run: |rounds| decisions(1, rounds),
    },
    Measure {
        name: "decide, 100000 partners",
        rounds: 4096,
        run: |rounds| decisions(100_000, rounds),
    },
    Measure {
        name: "look-up of a known token",
        rounds: 1024,
        run: look_up,
    },
    Measure {
        name: "first sight of a token",
        rounds: 32,
        run: first_sight,
    },
    Measure {
        name: "request with a known token",
        rounds: 256,
        run: |rounds| {
            let stage = Stage::new(1).without_writer();
            let token = stage.mint.guest(0);
            requests(&stage, &contoso::request(&token), rounds);
        },
    },
    Measure {
        name: "request with a session",
        rounds: 256,
        run: |rounds| {
            let (stage, cookies) = people::signed_in(1, 1);
            requests(&stage.with_people(), &people::request(&cookies[0]), rounds);
        },
    },
];

/// Does what this measure counts.
pub fn run(name: &str) {
    let measure = MEASURES.iter().find(|measure| measure.name == name);
    let measure = measure.expect("a measure of this name");
    (measure.run)(measure.rounds);
}

/// What runs inside of this function is counted, on this thread, and nothing else is.
#[inline(never)]
fn counted_by_callgrind<T>(run: impl FnOnce() -> T) -> T {
    black_box(run())
}

/// The pattern by which callgrind knows it.
pub const COUNTED: &str = "*counted_by_callgrind*";

/// Guests of partners all over the policy, twelve groups each, who are admitted.
fn decisions(partners: usize, rounds: u64) {
    let directory = contoso::write(partners);
    let loaded = contoso::load(directory.path());
    let callers = partners.min(1024);
    let subjects: Vec<_> = (0..callers)
        .map(|caller| {
            let number = caller * (partners / callers);
            let mut claims = tokens::guest(number);
            // Of this form of `idp` no configuration has to say in which cloud the partner is.
            let partner = contoso::partner(number);
            claims["idp"] = json!(format!("https://login.microsoftonline.com/{partner}/v2.0"));
            let verified = accept_unsigned(&claims, &loaded.issuers, "entra").unwrap();
            KnownToken::new(verified, &loaded.issuers)
        })
        .collect();
    let stage = Stage::new(1).without_writer();
    let app = stage.app();
    let context = Context {
        client_ip: Some([192, 0, 2, 7].into()),
        ..Context::at(unix_time(jiff::Timestamp::now()))
    };
    let one = |known: &KnownToken| {
        let caller = Caller::Verified(&known.subject);
        decide(&loaded.snapshot, caller, &app.called.target, &context)
    };
    for known in &subjects {
        assert!(one(known).permit().is_some(), "refused: {:?}", one(known));
    }
    let rounds = usize::try_from(rounds).unwrap();
    counted_by_callgrind(|| {
        for known in subjects.iter().cycle().take(rounds) {
            black_box(one(black_box(known)));
        }
    });
}

/// From the header of a request to the token that was verified before.
fn look_up(rounds: u64) {
    let stage = Stage::new(1).without_writer();
    let gateway = &stage.gateway;
    let token = stage.mint.guest(0);
    let mut session = stage.session(&token);
    serve(gateway, &mut session, response(), &mut Unwatched).expect("forwarded");
    let headers = &session.req_header().headers;
    let in_force = gateway.live.in_force();
    let one = || {
        let Credential::Bearer(token) = Credential::read(black_box(headers)) else {
            panic!("no bearer token");
        };
        let digest = gateway.tokens.digest(token);
        let (basis, issuers) = (in_force.basis(), &in_force.issuers);
        gateway.tokens.find(digest, basis, issuers)
    };
    assert!(one().is_some(), "not known");
    counted_by_callgrind(|| {
        for _ in 0..rounds {
            black_box(one());
        }
    });
}

/// Signature, claims and subject.
fn first_sight(rounds: u64) {
    let stage = Stage::new(1).without_writer();
    let token = stage.mint.guest(0);
    let in_force = stage.gateway.live.in_force();
    let one = || {
        let keys = |issuer: &str| in_force.keys.get(issuer);
        let verified = verify(black_box(&token), &in_force.issuers, keys).unwrap();
        KnownToken::new(verified, &in_force.issuers)
    };
    // What is made once is there.
    drop(one());
    counted_by_callgrind(|| {
        for _ in 0..rounds {
            black_box(one());
        }
    });
}

/// Every hook of this request, which is forwarded, from the context's making to its end.
fn requests(stage: &Stage, request: &[u8], rounds: u64) {
    struct Counted;
    impl Watch for Counted {
        fn phase<T>(&mut self, _: &'static str, run: impl FnOnce() -> T) -> T {
            counted_by_callgrind(run)
        }
    }
    for _ in 0..64 {
        let mut session = wire::session(request);
        serve(&stage.gateway, &mut session, response(), &mut Unwatched).expect("forwarded");
    }
    for _ in 0..rounds {
        let mut session = wire::session(request);
        serve(&stage.gateway, &mut session, response(), &mut Counted).expect("forwarded");
    }
}
