//! What good configurations come to.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use crossgate_config::{
    Algorithm, Assertion, BodyLimit, ClaimTest, ClientSecret, ClientTlsFiles, Clients, Consent,
    Egress, Endpoint, Enforcement, EntraTenants, Form, GuestDirectory, Health, HttpAuthorization,
    IssuerKind, Jwks, JwksSource, NatsCredentials, OnFull, OtlpProtocol, PolicySource, Probe,
    Purpose, Receiver, ResourceTenant, Rotation, Runtime, Scheme, SecretSource, Settings,
    SignInMode, SigningKey, Sink, StreamSettings, TlsFiles, TokenCache, Upstream, Workers,
};
use crossgate_policy::ids::{Cloud, Id, TenantId};

#[test]
fn a_transmitter_speaks_for_the_one_tenant_of_its_issuer() {
    let text = r#"tenant.id = "11111111-1111-4111-8111-111111111111"
policy.source = "sqlite:policy.db"
listen.trusted_proxies = ["192.0.2.1"]
signals.host = "Signals.Contoso.com"
[[issuer]]
name = "fabrikam"
kind = "oidc"
issuer = "https://id.fabrikam.example"
tenant = "22222222-2222-4222-8222-222222222222"
[[issuer]]
name = "own"
kind = "entra"
tenants = ["11111111-1111-4111-8111-111111111111"]
[[app]]
id = "payroll"
hosts = ["payroll.contoso.com"]
audiences = ["api://payroll"]
upstreams = ["http://127.0.0.1:9001"]
[[transmitter]]
name = "fabrikam"
issuer = "fabrikam"
audience = "https://signals.contoso.com"
[[transmitter]]
name = "own"
issuer = "own"
audience = "x"
authorization = "Bearer x"
token_file = "token"
configuration_endpoint = "https://id.contoso.com/stream"
"#;
    let signals = good(text, Purpose::Serve).signals;
    assert_eq!(signals.host.as_deref(), Some("signals.contoso.com"));
    let [fabrikam, own] = signals.transmitters.as_slice() else {
        panic!("two transmitters are written, not {signals:?}");
    };
    assert_eq!((fabrikam.tenant, own.tenant), (FABRIKAM, OWN));
    assert_eq!((&fabrikam.authorization, &fabrikam.stream), (&None, &None));
    let Some(SecretSource::Given(authorization)) = &own.authorization else {
        panic!("{:?}", own.authorization);
    };
    assert_eq!(authorization.expose(), "Bearer x");
    assert_eq!(format!("{authorization:?}"), "Secret(8 bytes)");
    assert_eq!(
        own.stream,
        Some(StreamSettings {
            configuration_endpoint: Some("https://id.contoso.com/stream".to_owned()),
            token: SecretSource::File(in_folder("token")),
        })
    );
}

#[test]
fn receivers_are_what_is_written_of_them_and_their_spools_stand_beside_the_store() {
    let text = r#"tenant.id = "11111111-1111-4111-8111-111111111111"
policy.source = "sqlite:state/policy.db"
[sign_ins]
sinks = []
gateway = "gw-1"
[[sign_ins.sink]]
name = "stream"
kind = "nats"
address = "tls://NATS.contoso.com"
credentials_file = "nats.creds"
ca_file = "ca.pem"
[[sign_ins.sink]]
name = "otel"
kind = "otlp-grpc"
address = "https://otel.contoso.com:4317"
headers = ["X-Scope: contoso"]
token_file = "token"
form = "asim"
[[sign_ins.sink]]
name = "siem"
kind = "syslog"
address = "tls://siem.contoso.com:6514"
cert_file = "cert.pem"
key_file = "key.pem"
form = "ocsf"
spool = "elsewhere"
spool_size = "2GiB"
on_full = "drop"
receipts = true
timeout = "3s"
batch = 50
[[sign_ins.sink]]
name = "azure"
kind = "http"
address = "https://x.ingest.monitor.azure.com/dataCollectionRules/y/streams/z?api-version=2023-01-01"
token_url = "https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token"
client_id = "crossgate"
client_secret = "secret"
form = "entra"
[[issuer]]
name = "entra"
kind = "entra"
[[app]]
id = "payroll"
hosts = ["payroll.contoso.com"]
audiences = ["api://payroll"]
upstreams = ["http://127.0.0.1:9001"]
"#;
    let sign_ins = good(text, Purpose::Serve).sign_ins;
    assert_eq!(sign_ins.gateway.as_deref(), Some("gw-1"));
    assert!(sign_ins.sinks.is_empty());
    let [stream, otel, siem, azure] = sign_ins.spooled.as_slice() else {
        panic!("four receivers are written, not {:?}", sign_ins.spooled);
    };
    let endpoint = |host: &str, port| Endpoint {
        host: host.to_owned(),
        port,
        tls: true,
    };
    assert_eq!(
        stream.receiver,
        Receiver::Nats {
            server: endpoint("nats.contoso.com", 4222),
            subject: "crossgate.sign-ins".to_owned(),
            credentials: NatsCredentials::File(in_folder("nats.creds")),
            tls: ClientTlsFiles {
                authorities: Some(in_folder("ca.pem")),
                client: None,
            },
        }
    );
    assert_eq!((stream.form, stream.batch), (Form::Graph, 500));
    assert!(!stream.receipts && siem.receipts);
    assert_eq!(stream.timeout, Duration::from_secs(10));
    assert_eq!(stream.spool, in_folder("state/spool/stream"));
    assert_eq!(sign_ins.spools, Some(in_folder("state/spool")));
    assert_eq!(stream.spool_size, 1 << 30);
    assert_eq!(
        (stream.on_full, siem.on_full),
        (OnFull::Refuse, OnFull::Drop)
    );
    let Receiver::Otlp {
        protocol: OtlpProtocol::Grpc,
        headers,
        token,
        ..
    } = &otel.receiver
    else {
        panic!("{otel:?}");
    };
    assert_eq!(
        (otel.form, token),
        (Form::Asim, &ClientSecret::File(in_folder("token")))
    );
    assert_eq!(
        (headers[0].name.as_str(), headers[0].value.expose()),
        ("x-scope", "contoso")
    );
    assert!(!format!("{headers:?}").contains("contoso"));
    assert_eq!(
        siem.receiver,
        Receiver::Syslog {
            collector: endpoint("siem.contoso.com", 6514),
            tls: ClientTlsFiles {
                authorities: None,
                client: Some((in_folder("cert.pem"), in_folder("key.pem"))),
            },
        }
    );
    assert_eq!((siem.form, siem.batch), (Form::Ocsf, 50));
    assert_eq!(
        (siem.spool.clone(), siem.spool_size),
        (in_folder("elsewhere"), 2 << 30)
    );
    assert_eq!(siem.timeout, Duration::from_secs(3));
    let Receiver::Http { authorization, .. } = &azure.receiver else {
        panic!("{azure:?}");
    };
    let HttpAuthorization::ClientCredentials { scope, .. } = authorization else {
        panic!("{authorization:?}");
    };
    assert_eq!(scope, "https://monitor.azure.com/.default");
    assert_eq!(azure.form, Form::Entra);
}

#[test]
fn the_documented_example_serves() {
    let settings = good(include_str!("documented.toml"), Purpose::Serve);

    assert_eq!(settings.tenant.id, OWN);
    assert_eq!(settings.tenant.name, "Contoso");
    assert_eq!(settings.tenant.domains, ["contoso.com"]);
    assert_eq!(settings.policy, policy_folder());
    assert_eq!(settings.guests, GuestDirectory::Optional);

    let [entra, fabrikam] = settings.issuers.as_slice() else {
        panic!("two issuers are written, not {:?}", settings.issuers);
    };
    let tenants = EntraTenants::Any;
    assert_eq!(entra.kind, IssuerKind::Entra { tenants });
    assert_eq!(entra.claims.user, "/oid");
    assert_eq!(fabrikam.kind, IssuerKind::Oidc { tenant: FABRIKAM });
    assert_eq!(fabrikam.jwks, JwksSource::Discovery);
    assert_eq!(fabrikam.algorithms, [Algorithm::Rs256, Algorithm::Es256]);
    assert_eq!(fabrikam.claims.mfa, claim("/amr", &["mfa", "ngcmfa"]));
    assert_eq!(fabrikam.claims.resource_mfa, None);

    let [partner] = settings.partners.as_slice() else {
        panic!("one partner is written, not {:?}", settings.partners);
    };
    assert_eq!(partner.tenant, FABRIKAM);
    assert_eq!(partner.cloud, Some(Cloud::Global));
    assert_eq!(partner.consent, Consent::TokenIssuance);

    let [payroll] = settings.apps.as_slice() else {
        panic!("one app is written, not {:?}", settings.apps);
    };
    assert_eq!(payroll.id, Id::new("aaaaaaaa-0000-4000-8000-000000000001"));
    assert_eq!(payroll.resource_tenant, ResourceTenant::Own);
    assert_eq!(
        payroll.upstreams,
        [upstream(Scheme::Http, "127.0.0.1", 9001)]
    );
    assert_eq!(payroll.clients, Clients::Any);
    assert_eq!(
        settings.sign_ins.sinks,
        [Sink::File(in_folder("sign-ins.jsonl"))]
    );
}

#[test]
fn the_documented_example_shows_the_defaults() {
    // What it writes in `[listen]`, `[policy]`, `[guests]` and `[sign_ins]` is what an absent section means.
    let documented = good(include_str!("documented.toml"), Purpose::Serve);
    let silent = good(LEAST, Purpose::Decide);
    assert_eq!(silent.listen, documented.listen);
    assert_eq!(silent.policy, documented.policy);
    assert_eq!(silent.enforcement, documented.enforcement);
    assert_eq!(silent.guests, documented.guests);
    assert_eq!(silent.sign_ins, documented.sign_ins);

    let least = format!(
        "{LEAST}{}",
        "[[issuer]]\nname = \"fabrikam\"\nkind = \"oidc\"\nissuer = \"https://id.fabrikam.example\"\n\
         tenant = \"22222222-2222-4222-8222-222222222222\"\n\
         [[app]]\nid = \"aaaaaaaa-0000-4000-8000-000000000001\"\nname = \"Payroll\"\n\
         hosts = [\"payroll.contoso.com\"]\naudiences = [\"api://payroll\"]\n\
         upstreams = [\"http://127.0.0.1:9001\"]\n",
    );
    let least = good(&least, Purpose::Serve);
    assert_eq!(least.issuers.first(), documented.issuers.get(1));
    assert_eq!(least.apps, documented.apps);
}

#[test]
fn an_own_tenant_is_enough_to_decide_offline() {
    let settings = good(LEAST, Purpose::Decide);
    assert_eq!(settings.tenant.name, OWN.to_string());
    assert_eq!(settings.tenant.cloud, Cloud::Global);
    assert!(settings.issuers.is_empty() && settings.partners.is_empty());
    assert_eq!(settings.enforcement, Enforcement::Enforce);
    assert_eq!(settings.limits.max_request_body, BodyLimit::Unlimited);
    assert_eq!(settings.shutdown.drain, Duration::from_secs(30));
    assert_eq!(settings.health.probe, Probe::Connect);
    assert_eq!(settings.runtime.workers, Workers::PerCore);
    assert_eq!(settings.runtime.token_cache, TokenCache::Bytes(64 << 20));
    assert_eq!(settings.assertion.key, SigningKey::MadeAtStart);
}

#[test]
fn paths_are_taken_from_the_folder_of_the_file() {
    let settings = good(
        "tenant.id = \"11111111-1111-4111-8111-111111111111\"\n\
         policy.source = \"dir:rules\"\n\
         listen.tls = { cert = \"tls/cert.pem\", key = \"/run/secrets/key.pem\" }\n\
         sign_ins.sinks = [\"stdout\", \"file:log/sign-ins.jsonl\"]\n\
         assertion.key_file = \"assertion.pem\"\n\
         [[issuer]]\nname = \"entra\"\nkind = \"entra\"\njwks = \"file:keys.json\"\n",
        Purpose::Serve,
    );
    assert_eq!(settings.policy, PolicySource::Directory(in_folder("rules")));
    let tls = TlsFiles {
        cert: in_folder("tls/cert.pem"),
        key: PathBuf::from("/run/secrets/key.pem"),
    };
    assert_eq!(settings.listen.tls, Some(tls));
    let file = Sink::File(in_folder("log/sign-ins.jsonl"));
    assert_eq!(settings.sign_ins.sinks, [Sink::Stdout, file]);
    let key = SigningKey::File(in_folder("assertion.pem"));
    assert_eq!(settings.assertion, Assertion { key });
    let jwks = settings.issuers.into_iter().map(|issuer| issuer.jwks);
    let keys = JwksSource::File(in_folder("keys.json"));
    assert_eq!(jwks.collect::<Vec<_>>(), [keys]);
}

#[test]
fn environment_variables_stand_for_themselves_anywhere_in_a_string() {
    let settings = good(
        "tenant.id = \"${TENANT}\"\ntenant.name = \"a ${WORD} b ${WORD}${WORD}\"\n",
        Purpose::Decide,
    );
    assert_eq!(settings.tenant.id, OWN);
    // What a variable holds is not looked through again.
    assert_eq!(settings.tenant.name, "a ${x} b ${x}${x}");
}

#[test]
fn an_entra_issuer_has_every_form_of_its_cloud() {
    let fabrikam = || EntraTenants::Only(vec![FABRIKAM]);
    let guid = "22222222-2222-4222-8222-222222222222";
    for (cloud, host, path, tenants) in [
        (
            "global",
            "login.microsoftonline.com",
            "{tenantid}/v2.0",
            EntraTenants::Any,
        ),
        (
            "global",
            "sts.windows.net",
            "{tenantid}/",
            EntraTenants::Any,
        ),
        (
            "usgov",
            "login.microsoftonline.us",
            "{tenantid}/v2.0",
            EntraTenants::Any,
        ),
        ("usgov", "sts.windows.net", "{tenantid}/", EntraTenants::Any),
        (
            "china",
            "login.partner.microsoftonline.cn",
            "{tenantid}/v2.0",
            EntraTenants::Any,
        ),
        (
            "china",
            "sts.chinacloudapi.cn",
            "{tenantid}/",
            EntraTenants::Any,
        ),
        (
            "global",
            "login.microsoftonline.com",
            &format!("{guid}/v2.0"),
            fabrikam(),
        ),
        ("usgov", "sts.windows.net", &format!("{guid}/"), fabrikam()),
    ] {
        let text = format!(
            "{LEAST}[[issuer]]\nname = \"a\"\nkind = \"entra\"\ncloud = \"{cloud}\"\nissuer = \"https://{host}/{path}\"\n"
        );
        let issuers = good(&text, Purpose::Serve).issuers.into_iter();
        let kinds: Vec<_> = issuers.map(|issuer| issuer.kind).collect();
        assert_eq!(kinds, [IssuerKind::Entra { tenants }], "{text}");
    }
}

#[test]
fn a_narrow_entra_issuer_may_stand_beside_one_for_every_tenant() {
    let settings = good(
        &format!(
            "{LEAST}[[issuer]]\nname = \"any\"\nkind = \"entra\"\n\
             [[issuer]]\nname = \"own\"\nkind = \"entra\"\ntenants = [\"11111111-1111-4111-8111-111111111111\"]\n\
             claims.resource_mfa = {{ pointer = \"/amr\", contains = [\"mfa\"] }}\n"
        ),
        Purpose::Serve,
    );
    let resource_mfa = settings
        .issuers
        .into_iter()
        .map(|issuer| issuer.claims.resource_mfa);
    let shown = Some(claim("/amr", &["mfa"]));
    assert_eq!(resource_mfa.collect::<Vec<_>>(), [None, shown]);
}

#[test]
fn plain_http_is_for_this_machine() {
    for host in ["localhost:8080", "127.0.0.1", "127.1.2.3:1", "[::1]:8080"] {
        let text = format!(
            "{LEAST}[[issuer]]\nname = \"a\"\nkind = \"oidc\"\ntenant = \"22222222-2222-4222-8222-222222222222\"\n\
             issuer = \"http://{host}\"\njwks = \"http://{host}/keys?v=1\"\n"
        );
        let issuers = good(&text, Purpose::Serve).issuers.into_iter();
        let jwks: Vec<_> = issuers.map(|issuer| issuer.jwks).collect();
        assert_eq!(jwks, [JwksSource::Url(format!("http://{host}/keys?v=1"))]);
    }
}

#[test]
fn an_app_of_another_tenant_is_an_egress_route() {
    let app = |keys: &str| {
        let text = format!("{LEAST}[[app]]\nid = \"a\"\n{keys}");
        let apps = good(&text, Purpose::Decide).apps.into_iter();
        apps.map(|app| app.resource_tenant).collect::<Vec<_>>()
    };
    let route = Egress {
        tenant: FABRIKAM,
        cloud: Cloud::Global,
        managed: true,
        inject: false,
    };
    let fabrikam = "resource_tenant = \"22222222-2222-4222-8222-222222222222\"\n";
    assert_eq!(app(fabrikam), [ResourceTenant::External(route)]);
    let keys = format!("{fabrikam}resource_cloud = \"usgov\"\nmanaged = false\ninject = true\n");
    let other = Egress {
        tenant: FABRIKAM,
        cloud: Cloud::UsGov,
        managed: false,
        inject: true,
    };
    assert_eq!(app(&keys), [ResourceTenant::External(other)]);
    let own = "resource_tenant = \"11111111-1111-4111-8111-111111111111\"\n";
    assert_eq!(app(own), [ResourceTenant::Own], "the own id written out");
}

#[test]
fn an_app_follows_the_tenant_s_enforcement_unless_it_has_its_own() {
    let settings = good(
        &format!(
            "{LEAST}policy.enforcement = \"report-only\"\n\
             [[app]]\nid = \"a\"\n[[app]]\nid = \"b\"\nenforcement = \"enforce\"\n"
        ),
        Purpose::Decide,
    );
    let enforcement = settings.apps.iter().map(|app| app.enforcement);
    let expected = [Enforcement::ReportOnly, Enforcement::Enforce];
    assert_eq!(enforcement.collect::<Vec<_>>(), expected);
}

#[test]
fn hosts_domains_and_upstreams_are_kept_in_one_form() {
    let settings = good(
        &format!(
            "{LEAST}tenant.domains = [\"Contoso.COM\"]\n\
             [[app]]\nid = \"a\"\nhosts = [\"PAY.contoso.com\", \"10.0.0.1\", \"[0::1]\", \"my_app\"]\n\
             paths = [\"/\", \"/a%20b/\", \"/%C3%BC\"]\nauth_contexts = [\"c1\", \"c99\"]\n\
             upstreams = [\"https://API.contoso.com\", \"http://[::1]:9001/\", \"http://a\"]\n\
             clients = [\"AAAAAAAA-0000-4000-8000-000000000001\"]\n"
        ),
        Purpose::Decide,
    );
    assert_eq!(settings.tenant.domains, ["contoso.com"]);
    let [app] = settings.apps.as_slice() else {
        panic!("one app is written, not {:?}", settings.apps);
    };
    assert_eq!(
        app.hosts,
        ["pay.contoso.com", "10.0.0.1", "[::1]", "my_app"]
    );
    assert_eq!(app.paths, ["/", "/a%20b/", "/%C3%BC"]);
    let upstreams = [
        upstream(Scheme::Https, "api.contoso.com", 443),
        upstream(Scheme::Http, "[::1]", 9001),
        upstream(Scheme::Http, "a", 80),
    ];
    assert_eq!(app.upstreams, upstreams);
    let shown = app.upstreams.iter().map(ToString::to_string);
    let shown: Vec<_> = shown.collect();
    assert_eq!(
        shown,
        [
            "https://api.contoso.com:443",
            "http://[::1]:9001",
            "http://a:80"
        ]
    );
    let client = Id::new("aaaaaaaa-0000-4000-8000-000000000001");
    assert_eq!(app.clients, Clients::Only(vec![client]));
}

#[test]
fn every_operating_value_can_be_set() {
    let settings = good(
        &format!(
            "{LEAST}limits = {{ max_request_head = \"16KiB\", max_request_body = \"1MiB\", max_connections = 7 }}\n\
             shutdown.drain = \"0s\"\n\
             jwks = {{ refresh = \"5m\", max_age = \"1d\", min_refresh_interval = \"500ms\" }}\n\
             health = {{ interval = \"1s\", path = \"/healthz\" }}\nruntime = {{ workers = 2, token_cache = \"1MiB\" }}\n\
             listen.trusted_proxies = [\"10.0.0.0/8\", \"192.0.2.7\", \"fd00::/8\"]\n\
             [sign_ins]\nmode = \"every-request\"\non_full = \"drop\"\nqueue = 9\nflush_every = \"2s\"\n\
             fsync = true\nrotate_size = \"1KiB\"\nrotate_keep = 0\ncount_window = \"1m\"\nreceipts = false\n\
             store = \"kept\"\nstore_days = 90\nstore_size = \"1GiB\"\n"
        ),
        Purpose::Decide,
    );
    assert_eq!(settings.limits.max_request_head, 16_384);
    assert_eq!(settings.limits.max_request_body, BodyLimit::Bytes(1 << 20));
    assert_eq!(settings.limits.max_connections, 7);
    let store = settings.sign_ins.store.unwrap();
    assert!(store.path.ends_with("kept"));
    assert_eq!((store.days, store.size), (90, 1 << 30));
    assert_eq!(settings.shutdown.drain, Duration::ZERO);
    let jwks = Jwks {
        refresh: Duration::from_secs(300),
        max_age: Duration::from_secs(86_400),
        min_refresh_interval: Duration::from_millis(500),
    };
    assert_eq!(settings.jwks, jwks);
    let health = Health {
        interval: Duration::from_secs(1),
        probe: Probe::Get("/healthz".to_owned()),
    };
    assert_eq!(settings.health, health);
    let Runtime {
        workers,
        token_cache,
    } = settings.runtime;
    assert!(matches!(workers, Workers::Exactly(two) if two.get() == 2));
    assert_eq!(token_cache, TokenCache::Bytes(1 << 20));
    let off = good(
        &format!("{LEAST}runtime.token_cache = \"off\"\n"),
        Purpose::Decide,
    );
    assert_eq!(off.runtime.token_cache, TokenCache::Off);
    let ranges = settings
        .listen
        .trusted_proxies
        .iter()
        .map(ToString::to_string);
    let expected = ["10.0.0.0/8", "192.0.2.7/32", "fd00::/8"];
    assert_eq!(ranges.collect::<Vec<_>>(), expected);
    assert_eq!(settings.sign_ins.mode, SignInMode::EveryRequest);
    assert_eq!(settings.sign_ins.on_full, OnFull::Drop);
    assert!(settings.sign_ins.fsync && !settings.sign_ins.receipts);
    let rotation = Rotation {
        size: 1024,
        keep: 0,
    };
    assert_eq!(settings.sign_ins.rotation, rotation);
}

#[test]
fn a_fault_can_bear_another_file_s_name() {
    let faults = Settings::parse("", Path::new("/"), Purpose::Decide, &|_| None);
    let Err(faults) = faults else {
        panic!("an empty text has no tenant");
    };
    let shown = faults
        .first()
        .map(|fault| fault.in_file("other.toml").to_string());
    assert!(shown.is_some_and(|shown| shown.starts_with("other.toml:1:1: tenant.id: missing")));
}

fn good(text: &str, purpose: Purpose) -> Settings {
    let environment = |name: &str| match name {
        "TENANT" => Some(OWN.to_string()),
        "WORD" => Some("${x}".to_owned()),
        _ => None,
    };
    match Settings::parse(text, Path::new(FOLDER), purpose, &environment) {
        Ok(settings) => settings,
        Err(faults) => panic!("{faults:#?}\nin\n{text}"),
    }
}

fn in_folder(path: &str) -> PathBuf {
    Path::new(FOLDER).join(path)
}

fn policy_folder() -> PolicySource {
    PolicySource::Directory(in_folder("policy"))
}

fn claim(pointer: &str, contains: &[&str]) -> ClaimTest {
    ClaimTest {
        pointer: pointer.to_owned(),
        contains: contains.iter().map(ToString::to_string).collect(),
    }
}

fn upstream(scheme: Scheme, host: &str, port: u16) -> Upstream {
    Upstream {
        scheme,
        host: host.to_owned(),
        port,
    }
}

const FOLDER: &str = "/etc/crossgate";
const LEAST: &str = "tenant.id = \"11111111-1111-4111-8111-111111111111\"\n";
const OWN: TenantId = TenantId(crossgate_policy::ids::Guid::from_u128(
    0x1111_1111_1111_4111_8111_1111_1111_1111,
));
const FABRIKAM: TenantId = TenantId(crossgate_policy::ids::Guid::from_u128(
    0x2222_2222_2222_4222_8222_2222_2222_2222,
));

#[test]
fn sign_ins_are_kept_beside_a_policy_store_unless_that_is_off() {
    let store = |more: &str| {
        let settings = good(&format!("{LEAST}{more}"), Purpose::Decide);
        settings.sign_ins.store.map(|store| store.path)
    };
    assert_eq!(store(""), None);
    let beside = store("policy.source = \"sqlite:kept/policy.db\"\n").unwrap();
    assert!(beside.ends_with("kept/sign-ins"), "{beside:?}");
    let off = "policy.source = \"sqlite:kept/policy.db\"\nsign_ins.store = \"off\"\n";
    assert_eq!(store(off), None);
    assert!(store("sign_ins.store = \"events\"\n").is_some());
}

#[test]
fn traces_are_off_without_a_collector_and_a_share_is_kept_to_the_millionth() {
    assert_eq!(good(LEAST, Purpose::Decide).traces, None);
    let with = |more: &str| {
        let text = format!("{LEAST}[traces]\ncollector = \"http://otel:4318\"\n{more}");
        good(&text, Purpose::Decide).traces.unwrap()
    };
    let traces = with("");
    assert_eq!(traces.collector, upstream(Scheme::Http, "otel", 4318));
    assert_eq!(traces.sample.millionths(), 10_000);
    assert_eq!((traces.queue, &*traces.service), (4096, "crossgate"));
    for (written, millionths) in [
        ("0", 0),
        ("1", 1_000_000),
        ("0.000001", 1),
        ("1e-7", 0),
        ("0.5", 500_000),
    ] {
        let traces = with(&format!(
            "sample = {written}\nqueue = 2\nservice = \"door\""
        ));
        assert_eq!(traces.sample.millionths(), millionths, "{written}");
        assert_eq!((traces.queue, &*traces.service), (2, "door"));
    }
}
